#pragma once

#include "base/json.hpp"
#include "tests/support/daemon_process.hpp"
#include "tests/support/http_client.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <thread>

namespace pawl::test {

/// A running daemon on an empty data directory, and a client's small words for
/// it.
struct daemon_fixture {
  daemon_fixture() {
    daemon.start();
    BOOST_REQUIRE_MESSAGE(daemon.wait_ready(),
                          "the daemon does not become ready");
  }

  http_answer post(const std::string& path, const std::string& body = "{}",
                   const std::string& fields = {}) {
    http_client client{daemon.port()};
    return client.ask("POST", path, body,
                      "Content-Type: application/json\r\n" + fields);
  }
  http_answer get(const std::string& path, const std::string& fields = {}) {
    http_client client{daemon.port()};
    return client.ask("GET", path, {}, fields);
  }
  void define(const std::string& name, const std::string& body) {
    const auto text = "document: {dsl: '1.0.3', namespace: test, name: " + name
                      + ", version: '1.0.0'}\n" + body;
    http_client client{daemon.port()};
    const auto made = client.ask("POST", "/v1/definitions", text,
                                 "Content-Type: application/yaml\r\n");
    BOOST_REQUIRE_MESSAGE(made.status == 201, made.body);
  }
  http_answer start(const std::string& name, const std::string& id,
                    const std::string& fields = {}) {
    return post("/v1/instances",
                R"({"workflow":{"namespace":"test","name":")" + name
                  + R"("},"id":")" + id + R"("})",
                fields);
  }
  json::value instance(const std::string& id) {
    const auto shown = get("/v1/instances/" + id);
    BOOST_REQUIRE_MESSAGE(shown.status == 200, shown.body);
    return parse_json(shown.body).value();
  }
  std::string status(const std::string& id) {
    return std::string{instance(id).at("status").as_string()};
  }
  /// Waits for a status that must come.
  bool becomes(const std::string& id, const std::string& wanted) {
    const auto deadline
      = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (std::chrono::steady_clock::now() < deadline) {
      if (status(id) == wanted)
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return false;
  }

  temporary_directory scratch;
  daemon_process daemon{scratch.path() / "data"};
};

} // namespace pawl::test
