#include "actors/notify/channels.hpp"

#include "actors/steps/header_text.hpp"
#include "secrets/webhook.hpp"
#include "workflow/http_header.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl::actors {

namespace {

constexpr std::string_view json_type = "application/json";

error wrong(std::string_view member, std::string_view why) {
  return {errc::invalid_input,
          '`' + std::string{member} + "` " + std::string{why}};
}

/// Null if it is absent.
const json::value* member_of(const json::object& with, std::string_view name) {
  const auto* value = with.if_contains(name);
  return value != nullptr && value->is_null() ? nullptr : value;
}

result<std::string> text_of(const json::object& with, std::string_view name,
                            bool needed) {
  const auto* value = member_of(with, name);
  if (value == nullptr)
    return needed ? result<std::string>{wrong(name, "is missing")}
                  : std::string{};
  if (!value->is_string())
    return wrong(name, "must yield text");
  return std::string{value->get_string()};
}

result<json::object> slack_message(const json::object& with) {
  auto text = text_of(with, "text", true);
  if (!text)
    return text.error();
  json::object out{{"text", *text}};
  if (const auto* blocks = member_of(with, "blocks"); blocks != nullptr) {
    if (!blocks->is_array())
      return wrong("blocks", "must yield a list");
    out["blocks"] = *blocks;
  }
  return out;
}

json::object text_block(const std::string& text, bool is_title) {
  json::object out{{"type", "TextBlock"}, {"text", text}, {"wrap", true}};
  if (is_title) {
    out["size"] = "Large";
    out["weight"] = "Bolder";
  }
  return out;
}

result<json::object> teams_message(const json::object& with) {
  const auto text = text_of(with, "text", true);
  if (!text)
    return text.error();
  const auto title = text_of(with, "title", false);
  if (!title)
    return title.error();
  json::array body;
  if (!title->empty())
    body.push_back(text_block(*title, true));
  body.push_back(text_block(*text, false));
  const json::object card{
    {"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
    {"type", "AdaptiveCard"},
    {"version", "1.4"},
    {"body", std::move(body)}};
  return json::object{
    {"type", "message"},
    {"attachments",
     json::array{
       json::object{{"contentType", "application/vnd.microsoft.card.adaptive"},
                    {"contentUrl", nullptr},
                    {"content", card}}}}};
}

result<> add_headers(http_request& to, const json::object& with) {
  const auto* given = member_of(with, "headers");
  if (given == nullptr)
    return {};
  if (!given->is_object())
    return wrong("headers", "must yield an object of texts");
  constexpr std::string_view bad = " \t\r\n:";
  for (const auto& [key, value] : given->get_object()) {
    const std::string_view name{key};
    if (!value.is_string() || name.empty()
        || name.find_first_of(bad) != name.npos)
      return wrong("headers", "must yield an object of texts");
    to.headers.emplace_back(name, value.get_string());
  }
  return {};
}

result<http_request> webhook_request(const json::object& with,
                                     std::string_view key, timestamp now) {
  http_request out;
  const auto secret = text_of(with, "secret", false);
  if (!secret)
    return secret.error();
  if (auto done = add_headers(out, with); !done)
    return done.error();
  const bool has_type = std::ranges::any_of(out.headers, [](const auto& h) {
    return same_name(h.first, "content-type");
  });
  if (const auto* body = member_of(with, "body"); body != nullptr) {
    out.body
      = body->is_string() ? std::string{body->get_string()} : to_text(*body);
    if (!has_type)
      out.headers.emplace_back("Content-Type", body->is_string()
                                                 ? "text/plain; charset=utf-8"
                                                 : std::string{json_type});
  }
  if (!secret->empty())
    for (auto& one :
         secrets::sign_webhook(*secret, header_text(key), now, out.body))
      out.headers.push_back(std::move(one));
  return out;
}

} // namespace

result<http_request> channel_request(std::string_view channel,
                                     const json::object& with,
                                     std::string_view key, timestamp now) {
  const auto url = text_of(with, "url", true);
  if (!url)
    return url.error();
  http_request out;
  if (channel == "webhook") {
    auto made = webhook_request(with, key, now);
    if (!made)
      return made.error();
    out = std::move(*made);
  } else {
    const auto message
      = channel == "slack" ? slack_message(with) : teams_message(with);
    if (!message)
      return message.error();
    out.body = to_text(json::value(*message));
    out.headers.emplace_back("Content-Type", json_type);
  }
  out.method = "POST";
  out.uri = *url;
  return out;
}

} // namespace pawl::actors
