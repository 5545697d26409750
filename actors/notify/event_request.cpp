#include "actors/notify/event_request.hpp"

#include "actors/steps/header_text.hpp"
#include "secrets/webhook.hpp"

namespace pawl::actors {

namespace {

using header_list = std::vector<std::pair<std::string, std::string>>;

std::string plain(const json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : to_text(value);
}

/// The body, and the headers that describe it.
std::string body_of(const subscription& who, const json::object& event,
                    header_list& headers) {
  if (who.mode == event_mode::structured) {
    headers.emplace_back("Content-Type", "application/cloudevents+json");
    return to_text(json::value(event));
  }
  std::string body;
  for (const auto& [key, value] : event) {
    if (key == "data")
      body = to_text(value);
    else if (key == "datacontenttype")
      headers.emplace_back("Content-Type", header_text(plain(value)));
    else
      headers.emplace_back("ce-" + std::string{key}, header_text(plain(value)));
  }
  return body;
}

} // namespace

std::string message_id(const json::object& event) {
  return header_text(plain(event.at("source")) + '#' + plain(event.at("id")));
}

result<http_call> request_of(const subscription& who, const json::object& event,
                             const secret_finder& find, timestamp now) {
  http_call call{.method = "POST", .uri = who.url, .headers = {}, .body = {}};
  call.body = body_of(who, event, call.headers);
  for (const auto& [name, written] : who.headers) {
    auto value = with_secrets(written, find);
    if (!value)
      return value.error();
    if (value->find_first_of(std::string_view{"\r\n\0", 3}) != value->npos)
      return error{errc::invalid_input,
                   "The header '" + name + "' would hold a line break."};
    call.headers.emplace_back(name, std::move(*value));
  }
  if (who.secret.empty())
    return call;
  const auto key = find(who.secret);
  if (!key)
    return key.error();
  for (auto& one :
       secrets::sign_webhook(*key, message_id(event), now, call.body))
    call.headers.push_back(std::move(one));
  return call;
}

} // namespace pawl::actors
