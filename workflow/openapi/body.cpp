#include "workflow/openapi/body.hpp"

#include "base/bytes.hpp"
#include "workflow/near_miss.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl::openapi {

namespace {

constexpr std::string_view url_encoded = "application/x-www-form-urlencoded";
constexpr std::string_view multipart_form = "multipart/form-data";

/// The lower, the better.
int rank(const std::string& type) {
  if (type == "application/json")
    return 0;
  if (is_json(type))
    return 1;
  if (type == "*/*" || type == "application/*")
    return 2;
  if (type == url_encoded)
    return 3;
  if (type == multipart_form)
    return 4;
  return type.starts_with("text/") ? 5 : 6;
}

/// A text is sent as it is wherever text is taken.
std::string choose_type(const body_rule& rule, const json::value& value) {
  std::string best;
  int best_rank = 0;
  for (const auto& written : rule.media_types) {
    const auto type = bare_type(written);
    const auto r
      = value.is_string() && !is_json(type) && rank(type) > 4 ? -1 : rank(type);
    if (best.empty() || r < best_rank) {
      best = written;
      best_rank = r;
    }
  }
  if (best.empty() || best_rank == 2)
    return "application/json";
  return best;
}

/// What stands in quotes in a part's header.
std::string quotable(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '"')
      out += "%22";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out += c;
  }
  return out;
}

struct part {
  std::string name;
  std::string media_type;
  std::string bytes;
  bool file = false;
};

/// The boundary follows from what it parts, so that the same call is always
/// the same bytes.
written_body write_parts(const std::vector<part>& parts) {
  std::string all;
  for (const auto& p : parts)
    all.append(p.name).append(1, '\0').append(p.bytes).append(1, '\0');
  const auto boundary = "pawl-" + to_hex(sha256(all)).substr(0, 32);
  written_body out{std::string{multipart_form} + "; boundary=" + boundary, {}};
  for (const auto& p : parts) {
    out.bytes += "--" + boundary + "\r\nContent-Disposition: form-data; name=\""
                 + quotable(p.name) + '"';
    if (p.file)
      out.bytes += "; filename=\"" + quotable(p.name) + '"';
    if (!p.media_type.empty())
      out.bytes += "\r\nContent-Type: " + p.media_type;
    out.bytes += "\r\n\r\n" + p.bytes + "\r\n";
  }
  out.bytes += "--" + boundary + "--\r\n";
  return out;
}

void append_parts(const form_field& field, std::vector<part>& out) {
  const auto& name = field.rule.name;
  const auto add = [&](const json::value& value) {
    auto type = field.media_type;
    if (type.empty() && field.rule.file)
      type = "application/octet-stream";
    if (type.empty() && value.is_structured())
      type = "application/json";
    out.push_back({name, std::move(type), plain_text(value), field.rule.file});
  };
  const auto* list = field.value->if_array();
  if (list == nullptr)
    return add(*field.value);
  for (const auto& item : *list)
    add(item);
}

/// How OpenAPI 3 writes a member of a form: `encoding`, or its defaults.
result<form_field> field_of(const json::object* encoding,
                            const json::string& name,
                            const json::value& value) {
  const auto* rule = encoding == nullptr ? nullptr : object_in(*encoding, name);
  json::object as{{"name", name}, {"in", "query"}};
  form_field out;
  if (rule != nullptr) {
    for (const auto* word : {"style", "explode", "allowReserved"})
      if (const auto* member = rule->if_contains(word))
        as[word] = *member;
    out.media_type = text_in(*rule, "contentType");
    // A list of types leaves the choice to us.
    if (out.media_type.find_first_of(",*") != std::string::npos)
      out.media_type.clear();
  }
  auto read = read_parameter(as, false);
  if (!read)
    return read.error();
  out.rule = std::move(*read);
  out.value = &value;
  // Without a style, a structure within a form is written as JSON.
  const bool styled = as.contains("style") || as.contains("explode");
  const auto holds_structure = [](const json::value& v) {
    const auto* list = v.if_array();
    return v.is_object()
           || (list != nullptr
               && std::ranges::any_of(*list, [](const json::value& item) {
                    return item.is_structured();
                  }));
  };
  if (!styled && holds_structure(value))
    out.rule.media_type = "application/json";
  return out;
}

result<written_body> write_members(const contract& in, const body_rule& rule,
                                   const std::string& type,
                                   const json::value& value, bool multipart) {
  const auto* members = value.if_object();
  if (members == nullptr)
    return error{errc::invalid_input,
                 "the body must be an object, since it is sent as " + type};
  const json::object* encoding = nullptr;
  if (rule.content != nullptr) {
    auto content = in.follow(rule.content->at(type));
    if (!content)
      return content.error();
    encoding = object_in(**content, "encoding");
  }
  std::vector<form_field> fields;
  for (const auto& [name, member] : *members) {
    if (member.is_null())
      continue;
    auto field = field_of(encoding, json::string{name}, member);
    if (!field)
      return field.error();
    fields.push_back(std::move(*field));
  }
  return write_form(fields, multipart);
}

} // namespace

result<written_body> write_form(const std::vector<form_field>& fields,
                                bool multipart) {
  if (multipart) {
    std::vector<part> parts;
    for (const auto& field : fields)
      append_parts(field, parts);
    return write_parts(parts);
  }
  pairs all;
  for (const auto& field : fields)
    if (auto done = append_pairs(field.rule, *field.value, all); !done)
      return done.error();
  return written_body{std::string{url_encoded}, joined(all)};
}

result<written_body> write_body(const contract& in, const body_rule& rule,
                                const json::value& value) {
  const auto type = choose_type(rule, value);
  const auto bare = bare_type(type);
  if (is_json(bare))
    return written_body{type, to_text(value)};
  if (bare == url_encoded || bare == multipart_form)
    return write_members(in, rule, type, value, bare == multipart_form);
  if (value.is_structured())
    return error{errc::invalid_input,
                 "the body cannot be written as " + quoted(type)
                   + ", which is what the operation takes; give it as text"};
  return written_body{type, plain_text(value)};
}

} // namespace pawl::openapi
