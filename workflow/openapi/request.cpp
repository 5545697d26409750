#include "workflow/document.hpp"
#include "workflow/near_miss.hpp"
#include "workflow/openapi/body.hpp"
#include "workflow/openapi/openapi.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace pawl {

namespace {

using namespace openapi;

constexpr std::size_t json_levels_max = 256;
constexpr std::size_t uri_size_max = std::size_t{64} * 1024;

/// A request while its parameters are written into it.
class draft {
public:
  draft(const contract& in, const operation& what, const json::object& given)
      : in_{in}, what_{what}, given_{given} {}

  result<http_request> write();

private:
  [[nodiscard]] const json::value* take(const std::string& name);
  result<> place(const parameter& rule);
  result<> place_body();
  result<> place_form();
  result<> place_left_over();
  result<std::string> path();
  void add_header(std::string name, std::string value);

  const contract& in_;
  const operation& what_;
  const json::object& given_;
  std::set<std::string, std::less<>> taken_;
  std::vector<std::pair<std::string, std::string>> path_parts_;
  std::vector<form_field> form_;
  pairs query_, cookies_;
  std::optional<written_body> body_;
  http_request out_;
};

/// The value that was given; null is as if it were not given.
const json::value* draft::take(const std::string& name) {
  const auto* value = given_.if_contains(name);
  if (value == nullptr)
    return nullptr;
  taken_.insert(name);
  return value->is_null() ? nullptr : value;
}

void draft::add_header(std::string name, std::string value) {
  out_.headers.emplace_back(std::move(name), std::move(value));
}

result<> draft::place(const parameter& rule) {
  const auto* value = take(rule.name);
  if (value == nullptr)
    return rule.required
             ? result<>{misfit(rule, "is required and was not given")}
             : result<>{};
  switch (rule.in) {
  case location::path: {
    auto text = path_text(rule, *value);
    if (!text)
      return text.error();
    path_parts_.emplace_back(rule.name, std::move(*text));
    return {};
  }
  case location::query:
    return append_pairs(rule, *value, query_);
  case location::cookie:
    return append_pairs(rule, *value, cookies_);
  case location::header: {
    auto text = header_text(rule, *value);
    if (!text)
      return text.error();
    add_header(rule.name, std::move(*text));
    return {};
  }
  default:
    form_.push_back({rule, value, {}});
    return {};
  }
}

/// `body` (in Swagger also the parameter's own name) is the body; without it,
/// what no parameter has taken is an object that is the body.
result<> draft::place_body() {
  const auto& rule = what_.body;
  const json::value* value = take(rule.name);
  if (value == nullptr && rule.name != "body")
    value = take("body");
  json::object rest;
  if (value == nullptr)
    for (const auto& [name, member] : given_)
      if (!taken_.contains(std::string_view{name}))
        rest[name] = member;
  if (value == nullptr && rest.empty())
    return rule.required
             ? result<>{error{errc::invalid_input,
                              "the operation needs a body and none was given"}}
             : result<>{};
  const json::value made(rest);
  if (value == nullptr) {
    for (const auto& [name, member] : rest)
      taken_.emplace(name);
    value = &made;
  }
  auto written = write_body(in_, rule, *value);
  if (!written)
    return written.error();
  body_ = std::move(*written);
  return {};
}

result<> draft::place_form() {
  const auto takes = [&](std::string_view type) {
    return std::ranges::any_of(what_.body.media_types, [&](const auto& t) {
      return bare_type(t) == type;
    });
  };
  const bool has_file = std::ranges::any_of(
    form_, [](const form_field& field) { return field.rule.file; });
  auto written
    = write_form(form_, has_file
                          || (takes("multipart/form-data")
                              && !takes("application/x-www-form-urlencoded")));
  if (!written)
    return written.error();
  body_ = std::move(*written);
  return {};
}

/// What is left has no meaning: it is refused rather than dropped.
result<> draft::place_left_over() {
  for (const auto& [name, value] : given_) {
    if (taken_.contains(std::string_view{name}))
      continue;
    std::vector<std::string_view> known;
    for (const auto& rule : what_.parameters)
      known.emplace_back(rule.name);
    const auto near = did_you_mean(name, known);
    return error{errc::invalid_input,
                 "the operation has no parameter " + quoted(name) + "."
                   + (near.empty() ? " It has " + listed(known) : near)};
  }
  return {};
}

result<std::string> draft::path() {
  std::string out;
  std::string_view text = what_.path;
  while (true) {
    const auto open = text.find('{');
    out += text.substr(0, open);
    const auto close = text.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos)
      return out;
    const auto name = text.substr(open + 1, close - open - 1);
    const auto part = std::ranges::find_if(
      path_parts_, [&](const auto& p) { return p.first == name; });
    if (part == path_parts_.end())
      return broken("the path " + quoted(what_.path) + " has a part "
                    + quoted(name) + " that the operation does not describe");
    out += part->second;
    text.remove_prefix(close + 1);
  }
}

bool has_header(const http_request& request, std::string_view name) {
  return std::ranges::any_of(request.headers, [&](const auto& header) {
    return std::ranges::equal(header.first, name,
                              [](unsigned char a, unsigned char b) {
                                return std::tolower(a) == std::tolower(b);
                              });
  });
}

/// What the operation says it answers; JSON alone if that is among it, since
/// that is what comes to the workflow as a value.
std::string accepted(const std::vector<std::string>& types) {
  const auto json = std::ranges::find_if(
    types, [](const auto& type) { return is_json(bare_type(type)); });
  if (json != types.end())
    return *json;
  std::string out;
  for (const auto& type : types)
    out += (out.empty() ? "" : ", ") + type;
  return out;
}

result<http_request> draft::write() {
  out_.method = what_.method;
  for (const auto& rule : what_.parameters)
    if (auto done = place(rule); !done)
      return done.error();
  const bool has_form
    = std::ranges::any_of(what_.parameters, [](const parameter& p) {
        return p.in == location::form;
      });
  if (what_.has_body)
    if (auto done = place_body(); !done)
      return done.error();
  if (has_form && !what_.has_body)
    if (auto done = place_form(); !done)
      return done.error();
  if (auto done = place_left_over(); !done)
    return done.error();
  auto way = path();
  if (!way)
    return way.error();
  out_.uri = what_.server + *way;
  if (!query_.empty())
    out_.uri
      += (out_.uri.find('?') == std::string::npos ? '?' : '&') + joined(query_);
  if (out_.uri.size() > uri_size_max)
    return error{errc::invalid_input, "the URI is longer than 64 KiB"};
  if (!cookies_.empty())
    add_header("Cookie", joined(cookies_, "; "));
  if (body_) {
    if (!has_header(out_, "content-type"))
      add_header("Content-Type", body_->media_type);
    out_.body = std::move(body_->bytes);
  }
  if (!what_.answers.empty() && !has_header(out_, "accept"))
    add_header("Accept", accepted(what_.answers));
  return std::move(out_);
}

} // namespace

result<json::value> read_openapi(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    auto value = parse_json(text, json_levels_max);
    if (value || text.size() > document_limits::text_bytes)
      return value;
  }
  auto read = read_document(text);
  if (!read) {
    auto why = read.error();
    why.detail = "the OpenAPI document cannot be read: " + why.detail;
    return why;
  }
  return std::move(read->value);
}

result<http_request> openapi_request(const json::value& document,
                                     const openapi_call& what) {
  const auto in = contract::of(document);
  if (!in)
    return in.error();
  const auto found = in->find(what.operation_id, what.document_uri);
  if (!found)
    return found.error();
  return draft{*in, *found, what.parameters}.write();
}

error_kind openapi_error_kind(errc why) {
  return why == errc::invalid_input ? error_kind::validation
                                    : error_kind::configuration;
}

} // namespace pawl
