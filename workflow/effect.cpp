#include "workflow/effect.hpp"

#include "workflow/http_header.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cctype>

namespace pawl {

namespace {

bool plain(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const unsigned char c : text) {
    if (plain(c)) {
      out.push_back(static_cast<char>(c));
      continue;
    }
    out.push_back('%');
    out.push_back(digits[c >> 4]);
    out.push_back(digits[c & 15]);
  }
}

// Calls `add` for each text of a header or query value.
template <class F>
void each_text(const json::value& value, F&& add) {
  const auto one = [&](const json::value& v) {
    if (!v.is_null())
      add(v.is_string() ? std::string{v.get_string()} : to_text(v));
  };
  if (const auto* list = value.if_array())
    std::ranges::for_each(*list, one);
  else
    one(value);
}

// The members of an object as `key=value`, joined by '&'.
std::string form_of(const json::object& members) {
  std::string form;
  const auto add = [&](std::string_view key, const json::value& value) {
    if (!form.empty())
      form.push_back('&');
    append_encoded(form, key);
    form.push_back('=');
    append_encoded(form, value.is_string() ? std::string{value.get_string()}
                                           : to_text(value));
  };
  for (const auto& [key, value] : members)
    if (const auto* list = value.if_array())
      for (const auto& item : *list)
        add(key, item);
    else if (!value.is_null())
      add(key, value);
  return form;
}

std::string uri_of(const json::object& arguments) {
  std::string uri{arguments.at("uri").as_string()};
  const auto& query = arguments.at("query").as_object();
  std::string fragment;
  if (const auto at = uri.find('#'); at != std::string::npos) {
    fragment = uri.substr(at);
    uri.resize(at);
  }
  char separator = uri.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [key, value] : query)
    each_text(value,
              [&, name = std::string_view{key}](const std::string& text) {
                uri.push_back(separator);
                append_encoded(uri, name);
                uri.push_back('=');
                append_encoded(uri, text);
                separator = '&';
              });
  return uri + fragment;
}

} // namespace

http_request http_request_of(const json::object& arguments) {
  http_request request{.method
                       = std::string{arguments.at("method").as_string()},
                       .uri = uri_of(arguments),
                       .headers = {},
                       .body = {}};
  std::string type;
  for (const auto& [key, value] : arguments.at("headers").as_object())
    each_text(value,
              [&, name = std::string_view{key}](const std::string& text) {
                if (same_name(name, "content-type"))
                  type = text;
                request.headers.emplace_back(name, text);
              });
  const auto* body = arguments.if_contains("body");
  if (body == nullptr || body->is_null())
    return request;
  // A text goes out as it is; anything else as a form if its header says so,
  // or as JSON.
  constexpr std::string_view form = "application/x-www-form-urlencoded";
  if (body->is_string())
    request.body = body->get_string();
  else if (body->is_object()
           && same_name(std::string_view{type}.substr(0, form.size()), form))
    request.body = form_of(body->get_object());
  else
    request.body = to_text(*body);
  if (type.empty())
    request.headers.emplace_back("Content-Type", body->is_string()
                                                   ? "text/plain; charset=utf-8"
                                                   : "application/json");
  return request;
}

} // namespace pawl
