#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

constexpr std::size_t resources_max = 64;

bool is_web(std::string_view uri) {
  return uri.starts_with("https://") || uri.starts_with("http://");
}

/// The text of `what`, or null if it must be fetched first.
const std::string* text_of(context& c, const fixed_endpoint& what,
                           const cursor& where) {
  if (const auto found = c.resources.find(what.uri);
      found != c.resources.end()) {
    c.out.resources.insert(*found);
    return &found->second;
  }
  const bool asked
    = std::any_of(c.wanted.begin(), c.wanted.end(),
                  [&what](const auto& each) { return each.uri == what.uri; });
  if (asked)
    return nullptr;
  if (c.wanted.size() + c.out.resources.size() >= resources_max)
    c.faults.invalid(where, "a workflow is made of at most 64 resources");
  else
    c.wanted.push_back(
      {what.uri, what.access,
       c.faults.fault_at(where, "the resource " + what.uri
                                  + " is needed, but is not at hand")});
  return nullptr;
}

/// The parts of a path: "a/b/c" up to `count`, the last holding the rest.
std::vector<std::string_view> split(std::string_view path, std::size_t count) {
  std::vector<std::string_view> out;
  while (out.size() + 1 < count) {
    const auto slash = path.find('/');
    if (slash == std::string_view::npos)
      break;
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  out.push_back(path);
  return out;
}

} // namespace

std::string raw_uri(std::string uri) {
  constexpr std::string_view github = "https://github.com/";
  constexpr std::string_view gitlab = "https://gitlab.com/";
  if (uri.starts_with(github)) {
    // owner / repository / tree|blob / reference / path
    const auto parts = split(std::string_view{uri}.substr(github.size()), 4);
    if (parts.size() < 2 || parts[1].empty())
      return uri;
    std::string out = "https://raw.githubusercontent.com/";
    out.append(parts[0]).append("/").append(parts[1]).append("/");
    if (parts.size() == 2)
      return out + "HEAD";
    if (parts.size() == 4 && (parts[2] == "tree" || parts[2] == "blob"))
      return out.append(parts[3]);
    return uri;
  }
  if (uri.starts_with(gitlab))
    for (const std::string_view page : {"/-/tree/", "/-/blob/"})
      if (const auto at = uri.find(page); at != std::string::npos)
        return uri.replace(at, page.size(), "/-/raw/");
  return uri;
}

endpoint read_endpoint(context& c, const cursor& where) {
  endpoint out;
  auto uri = where;
  if (where.value != nullptr && !where.value->is_string()) {
    object_reader fields{c.faults, where, "'endpoint'"};
    uri = fields.need("uri");
    out.access = read_authentication(c, fields.take("authentication"),
                                     site::authentication);
    fields.close();
  }
  const auto text = uri.text();
  if (!c.loose && is_literal(uri) && !text.empty()
      && text.find("://") == std::string_view::npos)
    c.faults.warn(uri, quoted(text)
                         + " is no whole URI (https://...), so the "
                           "call will fail");
  out.uri = read_uri(c, uri, site::task_arguments).value_or(dynamic_value{});
  return out;
}

endpoint read_resource(context& c, const cursor& where, std::string_view what) {
  object_reader fields{c.faults, where, what};
  read_text(c, fields.take("name"), true);
  auto out = read_endpoint(c, fields.need("endpoint"));
  fields.close();
  return out;
}

std::optional<fixed_endpoint> read_fixed_endpoint(context& c,
                                                  const cursor& where) {
  fixed_endpoint out;
  auto uri = where;
  if (where.value != nullptr && !where.value->is_string()) {
    object_reader fields{c.faults, where, "'endpoint'"};
    uri = fields.need("uri");
    out.access = read_authentication(c, fields.take("authentication"),
                                     site::registration);
    fields.close();
  }
  if (uri.value == nullptr)
    return std::nullopt;
  const auto text = uri.text();
  if (text.data() == nullptr) {
    c.faults.invalid(uri, "a URI is needed");
    return std::nullopt;
  }
  constexpr std::string_view known
    = "a URI is needed that is known when the workflow is registered: no "
      "expression, no template";
  if (!is_literal(uri) || text.find_first_of("{} \t\r\n") != text.npos) {
    c.faults.invalid(uri, std::string{known});
    return std::nullopt;
  }
  if (!is_web(text) && !text.starts_with("file://")) {
    if (text.empty() || text.find("://") == text.npos)
      c.faults.invalid(uri, quoted(text)
                              + " is no whole URI (https://... or file://...)");
    else
      c.faults.unsupported(uri, "a resource by "
                                  + quoted(text.substr(0, text.find("://"))));
    return std::nullopt;
  }
  out.uri = raw_uri(std::string{text});
  return out;
}

const resource_text* open_resource(context& c, const fixed_endpoint& what,
                                   const cursor& where) {
  const auto* text = text_of(c, what, where);
  if (text == nullptr)
    return nullptr;
  auto source = read_document(*text);
  if (!source) {
    const auto why = source.error();
    auto said = "the resource " + what.uri + " cannot be read: " + why.detail;
    if (!why.faults.empty() && why.faults.front().line != 0)
      said += " (line " + std::to_string(why.faults.front().line) + ")";
    c.faults.invalid(where, std::move(said));
    return nullptr;
  }
  const auto* outer = c.faults.part();
  c.parts.push_back({what.uri, std::move(*source),
                     outer != nullptr ? outer->reference : where});
  return &c.parts.back();
}

schema_ptr read_schema_resource(context& c, const cursor& where) {
  object_reader fields{c.faults, where, "'resource'"};
  read_text(c, fields.take("name"), true);
  const auto at = fields.need("endpoint");
  fields.close();
  const auto what = read_fixed_endpoint(c, at);
  if (!what)
    return nullptr;
  if (const auto made = c.schemas_made.find(what->uri);
      made != c.schemas_made.end())
    return made->second;
  const auto* part = open_resource(c, *what, at);
  if (part == nullptr)
    return nullptr;
  const reading_part inside{c.faults, part};
  const auto root = part->root({});
  auto& made = c.schemas_made[what->uri];
  if (auto compiled = compile_schema(part->source.value, c.pattern_budget)) {
    made = std::move(*compiled);
    return made;
  } else {
    const auto why = compiled.error(); // A copy: error() returns by value.
    for (const auto& each : why.faults)
      c.faults.invalid(descend(root, each.pointer), each.detail);
  }
  return nullptr;
}

} // namespace pawl::parsing
