#include "workflow/openapi/contract.hpp"

#include "workflow/near_miss.hpp"
#include "workflow/uri.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace pawl::openapi {

namespace {

constexpr std::size_t references_max = 32;
constexpr std::array<std::string_view, 8> methods
  = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

std::string upper(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return out;
}

/// What a JSON Pointer leads to, null if nowhere.
const json::value* walk(const json::object& root, std::string_view pointer) {
  const json::value* at = nullptr;
  const json::object* members = &root;
  const json::array* items = nullptr;
  while (!pointer.empty()) {
    if (pointer.front() != '/')
      return nullptr;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string token{pointer.substr(0, end)};
    pointer.remove_prefix(end);
    for (auto i = token.find('~'); i != std::string::npos;
         i = token.find('~', i + 1))
      token.replace(i, 2, token.substr(i, 2) == "~1" ? "/" : "~");
    if (members != nullptr) {
      at = members->if_contains(token);
    } else if (items != nullptr) {
      std::size_t index = 0;
      const auto* last = token.data() + token.size();
      const auto read = std::from_chars(token.data(), last, index);
      at = read.ec == std::errc{} && read.ptr == last
             ? items->if_contains(index)
             : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr)
      return nullptr;
    members = at->if_object();
    items = at->if_array();
  }
  return at;
}

} // namespace

error broken(std::string detail) {
  return {errc::invalid_definition, std::move(detail)};
}

const json::object* object_in(const json::object& of, std::string_view name) {
  const auto* member = of.if_contains(name);
  return member == nullptr ? nullptr : member->if_object();
}

const json::array* list_in(const json::object& of, std::string_view name) {
  const auto* member = of.if_contains(name);
  return member == nullptr ? nullptr : member->if_array();
}

std::string_view text_in(const json::object& of, std::string_view name) {
  const auto* member = of.if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string_view{} : view(*text);
}

bool flag_in(const json::object& of, std::string_view name, bool otherwise) {
  const auto* member = of.if_contains(name);
  const auto* flag = member == nullptr ? nullptr : member->if_bool();
  return flag == nullptr ? otherwise : *flag;
}

struct contract::place {
  std::string_view path;
  std::string_view method;
  const json::object* item = nullptr;
  const json::object* operation = nullptr;
};

result<contract> contract::of(const json::value& document) {
  const auto* root = document.if_object();
  if (root == nullptr)
    return broken("the document is no OpenAPI document: it is not an object");
  const auto three = text_in(*root, "openapi");
  if (three.starts_with("3.0") || three.starts_with("3.1"))
    return contract{*root, false};
  // Unquoted in YAML, the version is a number.
  const auto* two = root->if_contains("swagger");
  const auto* number = two == nullptr ? nullptr : two->if_double();
  if (text_in(*root, "swagger") == "2.0"
      || (number != nullptr && *number == 2.0))
    return contract{*root, true};
  if (!three.empty())
    return broken("the document says OpenAPI " + quoted(three)
                  + "; Swagger 2.0, OpenAPI 3.0 and 3.1 are supported");
  return broken("the document is no OpenAPI document: it has neither "
                "`swagger: '2.0'` nor `openapi: 3.x`");
}

result<const json::object*> contract::follow(const json::value& value) const {
  const auto* at = &value;
  for (std::size_t hops = 0; hops <= references_max; ++hops) {
    const auto* members = at->if_object();
    if (members == nullptr)
      return broken("the OpenAPI document has a value where an object belongs");
    const auto to = text_in(*members, "$ref");
    if (to.empty())
      return members;
    if (to.front() != '#')
      return error{errc::unsupported, "the OpenAPI document refers to "
                                        + quoted(to)
                                        + "; only references within the "
                                          "document are supported"};
    at = to == "#" ? nullptr : walk(*root_, percent_decode(to.substr(1)));
    if (at == nullptr)
      return broken("the OpenAPI document refers to " + quoted(to)
                    + ", which is not there");
  }
  return broken("the OpenAPI document's references go in a circle, or more "
                "than 32 in a row");
}

result<contract::place> contract::locate(std::string_view operation_id) const {
  const auto* paths = object_in(*root_, "paths");
  if (paths == nullptr)
    return broken("the OpenAPI document has no `paths`");
  std::vector<std::string_view> known;
  std::optional<place> found;
  for (const auto& [path, entry] : *paths) {
    if (!path.starts_with('/'))
      continue; // An extension.
    auto item = follow(entry);
    if (!item)
      return item.error();
    for (const auto method : methods) {
      const auto* operation = object_in(**item, method);
      const auto id = operation == nullptr ? std::string_view{}
                                           : text_in(*operation, "operationId");
      if (id.empty())
        continue;
      known.push_back(id);
      if (id != operation_id)
        continue;
      if (found)
        return broken("the OpenAPI document has more than one operation "
                      + quoted(operation_id));
      found = place{path, method, *item, operation};
    }
  }
  if (found)
    return *found;
  const auto near = did_you_mean(operation_id, known);
  return broken("the OpenAPI document has no operation " + quoted(operation_id)
                + "." + (near.empty() ? " It has " + listed(known) : near));
}

result<> contract::read_parameters(const json::object& holder,
                                   operation& into) const {
  const auto* list = list_in(holder, "parameters");
  if (list == nullptr)
    return {};
  for (const auto& entry : *list) {
    auto from = follow(entry);
    if (!from)
      return from.error();
    if (swagger_ && text_in(**from, "in") == "body") {
      into.has_body = true;
      into.body.name = text_in(**from, "name");
      into.body.required = flag_in(**from, "required");
      continue;
    }
    auto read = read_parameter(**from, swagger_);
    if (!read)
      return read.error();
    // The operation's own take the place of those of its path.
    std::erase_if(into.parameters, [&](const parameter& p) {
      return p.name == read->name && p.in == read->in;
    });
    into.parameters.push_back(std::move(*read));
  }
  return {};
}

result<> contract::read_body(const json::object& from, operation& into) const {
  if (swagger_) {
    const auto* types = list_in(from, "consumes");
    if (types == nullptr)
      types = list_in(*root_, "consumes");
    if (types != nullptr)
      for (const auto& type : *types)
        if (const auto* text = type.if_string())
          into.body.media_types.emplace_back(view(*text));
    return {};
  }
  const auto* entry = from.if_contains("requestBody");
  if (entry == nullptr)
    return {};
  auto body = follow(*entry);
  if (!body)
    return body.error();
  into.has_body = true;
  into.body.required = flag_in(**body, "required");
  into.body.content = object_in(**body, "content");
  if (into.body.content == nullptr || into.body.content->empty())
    return broken("the request body of the operation has no `content`");
  for (const auto& [type, rule] : *into.body.content)
    into.body.media_types.emplace_back(type);
  return {};
}

/// A key that the operation asks for may be given as a parameter.
result<> contract::read_keys(const json::object& from, operation& into) const {
  const auto* wanted = list_in(from, "security");
  if (wanted == nullptr)
    wanted = list_in(*root_, "security");
  const auto* components = object_in(*root_, "components");
  const auto* schemes = swagger_ ? object_in(*root_, "securityDefinitions")
                        : components == nullptr
                          ? nullptr
                          : object_in(*components, "securitySchemes");
  if (wanted == nullptr || schemes == nullptr)
    return {};
  for (const auto& choice : *wanted) {
    const auto* names = choice.if_object();
    if (names == nullptr)
      continue;
    for (const auto& [name, scopes] : *names) {
      const auto* entry = schemes->if_contains(name);
      if (entry == nullptr)
        continue;
      auto scheme = follow(*entry);
      if (!scheme)
        return scheme.error();
      if (text_in(**scheme, "type") != "apiKey")
        continue;
      auto key = read_parameter(**scheme, false);
      if (!key)
        return key.error();
      key->required = false;
      const bool known
        = std::ranges::any_of(into.parameters, [&](const parameter& p) {
            return p.name == key->name && p.in == key->in;
          });
      if (!known)
        into.parameters.push_back(std::move(*key));
    }
  }
  return {};
}

result<> contract::read_answers(const json::object& from,
                                operation& into) const {
  if (swagger_) {
    const auto* types = list_in(from, "produces");
    if (types == nullptr)
      types = list_in(*root_, "produces");
    if (types != nullptr)
      for (const auto& type : *types)
        if (const auto* text = type.if_string())
          into.answers.emplace_back(view(*text));
    return {};
  }
  const auto* responses = object_in(from, "responses");
  if (responses == nullptr)
    return {};
  for (const auto& [status, entry] : *responses) {
    if (!status.starts_with('2') && status != "default")
      continue;
    auto response = follow(entry);
    if (!response)
      return response.error();
    if (const auto* content = object_in(**response, "content"))
      for (const auto& [type, rule] : *content)
        if (std::ranges::find(into.answers, type) == into.answers.end())
          into.answers.emplace_back(type);
  }
  return {};
}

result<operation> contract::find(std::string_view operation_id,
                                 std::string_view document_uri) const {
  const auto at = locate(operation_id);
  if (!at)
    return at.error();
  const auto& own = *at->operation;
  operation out{.method = upper(at->method),
                .path = std::string{at->path},
                .parameters = {},
                .has_body = false,
                .body = {},
                .server = {},
                .answers = {}};
  for (const auto& done :
       {read_parameters(*at->item, out), read_parameters(own, out),
        read_body(own, out), read_keys(own, out), read_answers(own, out)})
    if (!done)
      return done.error();
  auto server = server_of(*root_, swagger_, {&own, at->item}, document_uri);
  if (!server)
    return server.error();
  out.server = std::move(*server);
  return out;
}

} // namespace pawl::openapi
