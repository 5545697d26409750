#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

/// Reads the method, which is a token of RFC 9110, in upper case.
std::string read_method(context& c, const cursor& where) {
  constexpr std::string_view token
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "!#$%&'*+-.^_`|~";
  constexpr std::array<std::string_view, 8> usual{
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"};
  auto text = read_text(c, where).value_or("GET");
  if (text.find_first_not_of(token) != std::string::npos || text.size() > 32) {
    c.faults.invalid(where, quoted(text) + " is not a method; usual ones are "
                              + listed(usual));
    return text;
  }
  std::transform(text.begin(), text.end(), text.begin(), [](char ch) {
    return ch >= 'a' && ch <= 'z' ? static_cast<char>(ch - 'a' + 'A') : ch;
  });
  if (std::find(usual.begin(), usual.end(), text) == usual.end())
    c.faults.warn(where, quoted(text) + " is an unusual method."
                           + did_you_mean(text, usual));
  return text;
}

dynamic_value read_endpoint(context& c, const cursor& where) {
  auto uri = where;
  if (where.value != nullptr && !where.value->is_string()) {
    object_reader fields{c.faults, where, "'endpoint'"};
    uri = fields.need("uri");
    fields.refuse("authentication", "'endpoint.authentication'");
    fields.close();
  }
  const auto text = uri.text();
  if (text.data() != nullptr && text.find("://") == std::string_view::npos
      && expression::strip_braces(text).data() == nullptr)
    c.faults.warn(uri, quoted(text)
                         + " is no whole URI (https://...), so the "
                           "call will fail");
  return read_uri(c, uri, site::task_body).value_or(dynamic_value{});
}

/// Headers or query: an object of texts, or one expression in `${ }`.
std::optional<dynamic_value> read_map(context& c, const cursor& where,
                                      std::string_view what) {
  if (where.value == nullptr)
    return std::nullopt;
  const auto* object = where.value->if_object();
  if (object == nullptr
      && expression::strip_braces(where.text()).data() == nullptr) {
    c.faults.invalid(where, std::string{what}
                              + " must be an object, or one expression in "
                                "${ }");
    return std::nullopt;
  }
  for (std::size_t i = 0; object != nullptr && i < object->size(); ++i) {
    const auto member = where.member(i);
    if (!member.value->is_string())
      c.faults.invalid(member, "the values of " + std::string{what}
                                 + " are text; put it in quotes");
    const auto key = (object->begin() + i)->key();
    const std::string_view name{key.data(), key.size()};
    if (what == "'headers'"
        && (name.empty() || name.find_first_of(" \t\r\n:") != name.npos))
      c.faults.invalid_key(member, quoted(name) + " cannot name a header");
  }
  return read_dynamic(c, where, site::task_body);
}

} // namespace

tasks::call_http read_call(context& c, object_reader& fields) {
  tasks::call_http out;
  const auto call = fields.take("call");
  const auto with = fields.take("with");
  const auto name = read_text(c, call);
  if (!name)
    return out;
  constexpr std::array<std::string_view, 5> protocols{"asyncapi", "grpc",
                                                      "openapi", "a2a", "mcp"};
  if (*name != "http") {
    const bool known
      = std::find(protocols.begin(), protocols.end(), *name) != protocols.end();
    constexpr std::array<std::string_view, 1> supported{"http"};
    if (known)
      c.faults.unsupported(call, "'call: " + *name + "'");
    else
      c.faults.unsupported(call, "the function call " + quoted(*name),
                           did_you_mean(*name, supported));
    return out;
  }
  if (with.value == nullptr) {
    c.faults.invalid(fields.where(), "'call: http' needs 'with'");
    return out;
  }
  object_reader arguments{c.faults, with, "'with' of 'call: http'"};
  out.method = read_method(c, arguments.need("method"));
  out.where.uri = read_endpoint(c, arguments.need("endpoint"));
  out.headers = read_map(c, arguments.take("headers"), "'headers'");
  out.query = read_map(c, arguments.take("query"), "'query'");
  if (const auto body = arguments.take("body"); body.value != nullptr)
    out.body = read_dynamic(c, body, site::task_body);
  // In the order of output_kind.
  constexpr std::array<std::string_view, 3> outputs{"raw", "content",
                                                    "response"};
  if (const auto i = read_choice(c, arguments.take("output"), outputs))
    out.output = static_cast<output_kind>(*i);
  out.redirect = read_bool(c, arguments.take("redirect"), false);
  arguments.close();
  return out;
}

} // namespace pawl::parsing
