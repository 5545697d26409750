#pragma once

#include "actors/steps/authorizer.hpp"
#include "tests/support/http_server.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace pawl::test {

/// What a form holds; of a name that stands twice, the values with a comma.
inline std::map<std::string, std::string> read_form(const std::string& body) {
  const auto decoded = [](const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '%') {
        out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        out += text[i] == '+' ? ' ' : text[i];
      }
    return out;
  };
  std::map<std::string, std::string> out;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('&', at), body.size());
    const auto pair = body.substr(at, end - at);
    const auto equals = pair.find('=');
    auto& slot = out[decoded(pair.substr(0, equals))];
    slot += (slot.empty() ? "" : ",") + decoded(pair.substr(equals + 1));
    at = end + 1;
  }
  return out;
}

/// An authority that hands out the tokens t1, t2, ... and remembers what it was
/// asked; a client and an authorizer whose clock a test moves.
struct token_world {
  std::mutex lock;
  std::vector<http_server::request> asked;
  /// Answers in place of a token if it is set.
  std::function<std::string(const http_server::request&)> instead;
  std::string more; ///< Further members of the answer, with a comma in front.
  std::int64_t lifetime = 3600;
  std::string issuer; ///< Of the configuration; "" for the server's URL.
  std::atomic<std::int64_t> now_s = 1'000'000;
  json::object secrets;

  http_server server{[this](const auto& r) { return answer(r); }};
  actors::http_client http{{}};
  actors::authorizer access{
    http,
    [this](const std::string& name) -> result<json::value> {
      if (const auto* found = secrets.if_contains(name))
        return *found;
      return error{errc::not_found, "There is no secret '" + name + "'."};
    },
    [this] { return timestamp{std::chrono::seconds{now_s.load()}}; }, 4};

  std::string answer(const http_server::request& r) {
    std::unique_lock hold{lock};
    if (r.target.ends_with("/.well-known/openid-configuration"))
      return http_server::answer(
        200, to_text(
               json::value{{"issuer", issuer.empty() ? server.url("") : issuer},
                           {"token_endpoint", server.url("/discovered")}}));
    asked.push_back(r);
    const auto number = asked.size();
    const auto other = instead;
    hold.unlock();
    if (other)
      if (auto out = other(r); out != "token")
        return out;
    return http_server::answer(
      200, R"({"access_token":"token-t)" + std::to_string(number)
             + R"(","token_type":"Bearer","expires_in":)"
             + std::to_string(lifetime) + more + "}");
  }

  /// Authorizes and waits for it.
  actors::authorizer::outcome authorize(const json::object& what,
                                        const std::string& ns = "default") {
    std::promise<actors::authorizer::outcome> promise;
    auto future = promise.get_future();
    access.authorize(what, ns,
                     [&](auto out) { promise.set_value(std::move(out)); });
    BOOST_REQUIRE(future.wait_for(std::chrono::seconds{20})
                  == std::future_status::ready);
    return future.get();
  }
  actors::authorized good(const json::object& what) {
    auto out = authorize(what);
    if (const auto* why = std::get_if<actors::denied>(&out))
      BOOST_FAIL(why->detail);
    return std::get<actors::authorized>(std::move(out));
  }
  actors::denied bad(const json::object& what) {
    auto out = authorize(what);
    BOOST_REQUIRE(std::holds_alternative<actors::denied>(out));
    return std::get<actors::denied>(std::move(out));
  }
  /// The form of the last request for a token.
  std::map<std::string, std::string> form() {
    const std::lock_guard hold{lock};
    BOOST_REQUIRE(!asked.empty());
    return read_form(asked.back().body);
  }
  std::size_t asks() {
    const std::lock_guard hold{lock};
    return asked.size();
  }

  [[nodiscard]] json::object oauth2(std::string_view grant,
                                    const json::object& members = {}) const {
    json::object with{{"authority", server.url("")},
                      {"grant", grant},
                      {"client", {{"id", "me"}, {"secret", "hunter2"}}}};
    for (const auto& m : members)
      with[m.key()] = m.value();
    return {{"scheme", "oauth2"}, {"with", std::move(with)}};
  }
};

} // namespace pawl::test
