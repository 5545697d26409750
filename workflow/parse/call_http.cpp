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
  return read_dynamic(c, where, site::task_arguments);
}

} // namespace

output_kind read_output_kind(context& c, const cursor& where) {
  // In the order of output_kind.
  constexpr std::array<std::string_view, 3> outputs{"raw", "content",
                                                    "response"};
  const auto i = read_choice(c, where, outputs);
  return i ? static_cast<output_kind>(*i) : output_kind::content;
}

tasks::call_http read_call_http(context& c, const cursor& with) {
  tasks::call_http out;
  object_reader arguments{c.faults, with, "'with' of 'call: http'"};
  out.method = read_method(c, arguments.need("method"));
  out.where = read_endpoint(c, arguments.need("endpoint"));
  out.headers = read_map(c, arguments.take("headers"), "'headers'");
  out.query = read_map(c, arguments.take("query"), "'query'");
  if (const auto body = arguments.take("body"); body.value != nullptr)
    out.body = read_dynamic(c, body, site::task_arguments);
  out.output = read_output_kind(c, arguments.take("output"));
  out.redirect = read_bool(c, arguments.take("redirect"), false);
  arguments.close();
  return out;
}

} // namespace pawl::parsing
