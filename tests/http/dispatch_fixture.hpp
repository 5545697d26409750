#pragma once

#include "http/dispatch.hpp"
#include "tests/http/fake_daemon.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::test {

// What a request came to: the answer as it would be sent.
struct said {
  unsigned status = 0;
  std::string body;
  std::string code;
  std::string pointers; ///< Of `errors`, each with a space behind.
  std::vector<std::pair<std::string, std::string>> fields;
  duration patience{};

  [[nodiscard]] std::string field(std::string_view name) const {
    for (const auto& [key, value] : fields)
      if (key == name)
        return value;
    return {};
  }
};

// The conventions before a daemon of lambdas, without a socket.
struct fixture {
  test::fake_daemon daemon;
  http::server_options options;
  http::router finder{http::routes()};

  said ask(std::string_view method, std::string_view target,
           std::string_view body = {}, std::vector<http::field> fields = {}) {
    const auto door = daemon.door();
    http::request message{method, target, std::move(fields), body};
    message.fields.push_back({"Host", "localhost"});
    if (!body.empty() && message.count("Content-Type") == 0)
      message.fields.push_back({"Content-Type", "application/json"});
    const auto where = http::parse_target(target).value();
    auto todo = http::dispatch({finder, door, options}, message, where,
                               {true, "127.0.0.1", {}});
    said out;
    auto answer = resolve(todo.what, out.patience, where.path);
    out.status = answer.status;
    out.body = answer.body;
    out.fields = answer.fields;
    note_problem(out);
    return out;
  }

  static http::response resolve(http::outcome& what, duration& patience,
                                std::string_view path) {
    if (auto* now = std::get_if<http::response>(&what))
      return *now;
    auto* wish = std::get_if<http::order>(&what);
    if (wish == nullptr)
      return http::json_response(200, "stream");
    patience = wish->patience;
    std::optional<actors::reply> reply;
    wish->send([&](actors::reply r) { reply = std::move(r); });
    if (const auto* why = std::get_if<actors::refusal>(&*reply))
      return http::json_response(999, std::string{slug(why->what.code)}
                                        + std::string{path});
    const auto& ok = std::get<actors::answer>(*reply);
    return wish->tell ? wish->tell(ok) : http::answer_response(ok);
  }

  static void note_problem(said& out) {
    const auto body = parse_json(out.body);
    if (!body || !body->is_object() || !body->as_object().contains("code"))
      return;
    out.code = body->at("code").as_string();
    if (const auto* errors = body->as_object().if_contains("errors"))
      for (const auto& e : errors->as_array())
        out.pointers += std::string{e.at("pointer").as_string()} + " ";
  }
};

const std::string start
  = R"({"workflow":{"namespace":"default","name":"story"}})";

} // namespace pawl::test
