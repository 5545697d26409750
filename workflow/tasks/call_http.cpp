#include "base/bytes.hpp"
#include "workflow/expression/unicode.hpp"
#include "workflow/planner.hpp"
#include "workflow/uri_template.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>

namespace pawl {

namespace {

raised expression_fault(std::string detail, const entry& e) {
  return {std::in_place, make_problem(error_kind::expression, std::move(detail),
                                      e.node->pointer)};
}

// A plain text is a URI template; what an expression gives is the URI itself.
or_raised<std::string> endpoint_of(planner& p, const entry& e,
                                   const dynamic_value& rule) {
  if (const auto* fixed = std::get_if<datum>(&rule.form);
      fixed != nullptr && (*fixed)->is_string()) {
    auto uri = expand_uri_template((*fixed)->get_string(), *e.input);
    if (!uri)
      return expression_fault(
        "the endpoint does not expand: " + uri.error().detail, e);
    return std::move(*uri);
  }
  auto value = p.values().evaluate(rule, *e.input, p.seen_from(e));
  if (!value)
    return value.error();
  const auto* uri = (*value)->if_string();
  if (uri == nullptr)
    return expression_fault("the endpoint is not a text", e);
  return std::string{*uri};
}

std::string text_of(const json::value& v) {
  return v.is_string() ? std::string{v.get_string()} : to_text(v);
}

// Header and query values as texts; a list gives its members, null nothing.
or_raised<json::value> texts_of(planner& p, const entry& e,
                                const std::optional<dynamic_value>& rule,
                                std::string_view what) {
  json::object texts;
  if (!rule)
    return json::value(std::move(texts));
  auto value = p.values().evaluate(*rule, *e.input, p.seen_from(e));
  if (!value)
    return value.error();
  const auto* members = (*value)->if_object();
  if (members == nullptr)
    return expression_fault("`" + std::string{what} + "` is not an object", e);
  for (const auto& [key, member] : *members) {
    if (member.is_null())
      continue;
    if (!member.is_array()) {
      texts[key] = text_of(member);
      continue;
    }
    json::array list;
    for (const auto& item : member.get_array())
      list.emplace_back(text_of(item));
    texts[key] = std::move(list);
  }
  return json::value(std::move(texts));
}

// A name or value that would end its line makes a header of its own.
bool fit_for_a_header(std::string_view name, std::string_view value) {
  const auto is_control = [](unsigned char c) { return c < 0x20 && c != '\t'; };
  return !name.empty() && name.find_first_of(" \t:") == name.npos
         && std::ranges::none_of(name, is_control)
         && std::ranges::none_of(value, is_control);
}

or_raised<json::value> headers_of(planner& p, const entry& e,
                                  const std::optional<dynamic_value>& rule) {
  auto texts = texts_of(p, e, rule, "headers");
  if (!texts)
    return texts;
  for (const auto& [name, value] : texts->get_object()) {
    bool fit = true;
    if (const auto* list = value.if_array())
      for (const auto& item : *list)
        fit = fit && fit_for_a_header(name, item.get_string());
    else
      fit = fit_for_a_header(name, value.get_string());
    if (!fit)
      return expression_fault(
        "the header '" + std::string{name} + "' holds what no header can", e);
  }
  return texts;
}

bool is_http(std::string_view uri) {
  return uri.starts_with("http://") || uri.starts_with("https://");
}

or_raised<json::object> arguments_of(planner& p, const entry& e,
                                     const tasks::call_http& what) {
  auto uri = endpoint_of(p, e, what.endpoint);
  if (!uri)
    return uri.error();
  if (!is_http(*uri))
    return expression_fault(
      "the endpoint '" + *uri + "' is not an http or https URI", e);
  auto headers = headers_of(p, e, what.headers);
  if (!headers)
    return headers.error();
  auto query = texts_of(p, e, what.query, "query");
  if (!query)
    return query.error();
  json::object arguments{{"method", what.method},
                         {"uri", std::move(*uri)},
                         {"headers", std::move(*headers)},
                         {"query", std::move(*query)}};
  if (what.body) {
    auto body = p.values().evaluate(*what.body, *e.input, p.seen_from(e));
    if (!body)
      return body.error();
    arguments["body"] = **body;
  }
  return arguments;
}

bool is_json_type(std::string_view type) {
  const auto end = type.find(';');
  auto bare = std::string{type.substr(0, end)};
  std::ranges::transform(bare, bare.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  while (!bare.empty() && bare.back() == ' ')
    bare.pop_back();
  return bare.ends_with("/json") || bare.ends_with("+json");
}

std::string_view header_of(const http_outcome& outcome, std::string_view name) {
  for (const auto& [key, value] : outcome.headers)
    if (key.size() == name.size()
        && std::equal(key.begin(), key.end(), name.begin(),
                      [](unsigned char a, unsigned char b) {
                        return std::tolower(a) == std::tolower(b);
                      }))
      return value;
  return {};
}

// What was answered, parsed by its media type. A body that says it is JSON and
// is not stays text; what is no text is given as `raw` gives it.
json::value content_of(const http_outcome& outcome) {
  if (outcome.body.empty())
    return nullptr;
  const auto type = header_of(outcome, "content-type");
  if (type.empty() || is_json_type(type))
    if (auto parsed = parse_json(outcome.body))
      return std::move(*parsed);
  if (expression::repair_utf8(outcome.body) != outcome.body)
    return json::value(to_base64(outcome.body));
  return json::string{outcome.body};
}

raised communication_fault(const http_outcome& outcome,
                           std::string_view pointer) {
  if (!outcome.failure.empty())
    return {std::in_place,
            make_problem(error_kind::communication, outcome.failure, pointer)};
  auto detail
    = "the call was answered with status " + std::to_string(outcome.status);
  constexpr std::size_t shown_max = 200;
  if (!outcome.body.empty())
    detail += ": " + expression::repair_utf8(outcome.body.substr(0, shown_max));
  auto problem
    = make_problem(error_kind::communication, std::move(detail), pointer);
  problem["status"] = outcome.status;
  // A date instead of seconds is not heeded: it would need the target's clock.
  const auto after = outcome.status == 429 || outcome.status == 503
                       ? header_of(outcome, "retry-after")
                       : std::string_view{};
  std::uint32_t seconds = 0;
  const auto* end = after.data() + after.size();
  if (!after.empty() && std::from_chars(after.data(), end, seconds).ptr == end)
    problem["retryAfter"] = seconds;
  return {std::in_place, std::move(problem)};
}

} // namespace

or_raised<json::value> read_http_outcome(const http_outcome& outcome,
                                         const tasks::call_http& what,
                                         const json::value& arguments,
                                         std::string_view pointer) {
  const std::uint32_t fine_below = what.redirect ? 400 : 300;
  if (!outcome.failure.empty() || outcome.status < 200
      || outcome.status >= fine_below)
    return communication_fault(outcome, pointer);
  using kind = tasks::call_http::output_kind;
  if (what.output == kind::raw)
    return json::value(to_base64(outcome.body));
  if (what.output == kind::content)
    return content_of(outcome);
  json::object headers;
  for (const auto& [key, bytes] : outcome.headers) {
    const auto value = expression::repair_utf8(bytes);
    auto& known = headers[key];
    known = known.is_null()
              ? json::value(value)
              : json::value(std::string{known.as_string()} + ", " + value);
  }
  return json::value{{"request",
                      {{"method", arguments.at("method")},
                       {"uri", arguments.at("uri")},
                       {"headers", arguments.at("headers")}}},
                     {"statusCode", outcome.status},
                     {"headers", std::move(headers)},
                     {"content", content_of(outcome)}};
}

void begin_task(planner& p, const entry& e, const tasks::call_http& what) {
  auto arguments = arguments_of(p, e, what);
  if (!arguments) {
    (void)p.start(e, false);
    return p.fail(e, arguments.error());
  }
  (void)p.start(e, true, make_datum(std::move(*arguments)));
}

} // namespace pawl
