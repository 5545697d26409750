#include "tests/crash/load.hpp"

#include "base/json.hpp"
#include "tests/support/http_client.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <thread>

namespace pawl::crash {

namespace {

// Between two tries while the daemon is down; nothing is decided by it.
constexpr std::chrono::milliseconds pause_between_tries{3};

bool ok(int status) {
  return status >= 200 && status < 300;
}

} // namespace

std::string definition(const std::string& sink_url) {
  return R"(
document: {dsl: '1.0.3', namespace: crash, name: load, version: '1.0.0'}
do:
  - prepare: {set: {n: '${ .n }', steps: '${ [.n, .n + 1] | length }'}}
  - first:
      call: http
      with: {method: post, endpoint: ')"
         + sink_url + R"(', body: {n: '${ .n }'}}
      output: {as: '${ {n: $input.n, first: .ok} }'}
  - rest: {wait: {milliseconds: 20}}
  - answer:
      listen: {to: {one: {with: {type: crash.answer}}}}
      output: {as: '${ $input + {answer: .[0]} }'}
  - second:
      try:
        - call:
            call: http
            with: {method: post, endpoint: ')"
         + sink_url + R"(', body: {n: '${ .n }', flaky: true}}
      catch:
        retry: {delay: {milliseconds: 5}, limit: {attempt: {count: 20}}}
  - finish: {set: '${ {done: true} }'}
)";
}

sink::sink(std::uint16_t daemon_port)
    : daemon_port_{daemon_port}, server_{
                                   [this](const test::http_server::request& r) {
                                     return take(r);
                                   }} {}

std::string sink::take(const test::http_server::request& r) {
  const auto key = r.headers.contains("idempotency-key")
                     ? r.headers.at("idempotency-key")
                     : std::string{"(none)"};
  int times = 0;
  {
    const std::lock_guard hold{lock_};
    times = ++keys_[key];
  }
  look_for_intention(key);
  const bool flaky = r.body.find("flaky") != std::string::npos;
  if (flaky && times == 1 && std::hash<std::string>{}(key) % 4 == 0)
    return test::http_server::answer(503, "busy");
  return test::http_server::answer(200, R"({"ok": true})",
                                   "Content-Type: application/json\r\n");
}

// The key is namespace/instance/task pointer/visit.
void sink::look_for_intention(const std::string& key) {
  const auto id_at = key.find('/') + 1;
  const auto pointer_at = key.find('/', id_at);
  const auto visit_at = key.rfind('/');
  if (pointer_at == std::string::npos || visit_at <= pointer_at)
    return;
  const auto id = key.substr(id_at, pointer_at - id_at);
  const auto pointer = key.substr(pointer_at, visit_at - pointer_at);
  try {
    test::http_client daemon{daemon_port_, std::chrono::seconds{2}};
    const auto answer
      = daemon.ask("GET", "/v1/instances/" + id + "/history?limit=1000");
    if (answer.status != 200 || !answer.complete)
      return; // It was killed meanwhile; histories are checked at the end too.
    ++checked_;
    if (answer.body.find("\"" + pointer + "\"") == std::string::npos) {
      const std::lock_guard hold{lock_};
      premature_.push_back(key);
    }
  } catch (const std::exception&) {
    return;
  }
}

std::map<std::string, int> sink::keys() const {
  const std::lock_guard hold{lock_};
  return keys_;
}

std::vector<std::string> sink::premature() const {
  const std::lock_guard hold{lock_};
  return premature_;
}

client::client(std::uint16_t port, int number, tally& counts)
    : port_{port}, number_{number}, counts_{counts},
      random_{static_cast<std::uint64_t>(number)} {}

client::told client::change(const std::string& path, const std::string& body,
                            const std::atomic<bool>& stop) {
  const auto key = std::to_string(number_) + "-" + std::to_string(++next_);
  const auto fields
    = "Content-Type: application/json\r\nIdempotency-Key: " + key + "\r\n";
  while (!stop) {
    bool asked = false;
    try {
      test::http_client daemon{port_, std::chrono::seconds{5}};
      asked = true;
      auto answer = daemon.ask("POST", path, body, fields);
      if (answer.complete && answer.status != 429 && answer.status != 503) {
        if (ok(answer.status))
          ++counts_.acknowledged;
        return {answer.status, std::move(answer.body)};
      }
    } catch (const std::exception&) {
      // It is down; the same change is asked for again when it is up.
    }
    if (asked)
      ++counts_.unknown;
    std::this_thread::sleep_for(pause_between_tries);
  }
  return {};
}

void client::run(const std::atomic<bool>& stop) {
  while (!stop)
    one_instance(stop);
}

void client::one_instance(const std::atomic<bool>& stop) {
  const auto id
    = "c" + std::to_string(number_) + "-" + std::to_string(promises_.size());
  auto& p = promises_[id];
  const auto answer
    = change("/v1/instances",
             to_text(json::object{
               {"workflow", {{"namespace", "crash"}, {"name", "load"}}},
               {"id", id},
               {"input", {{"n", promises_.size()}}}}),
             stop);
  p.started = ok(answer.status);
  if (p.started)
    steer(id, p, stop);
}

void client::steer(const std::string& id, promised& p,
                   const std::atomic<bool>& stop) {
  const auto at = "/v1/instances/" + id;
  // The status that the answer tells; "" if the change was refused.
  const auto note = [&](const told& answer) -> std::string {
    if (!ok(answer.status))
      return {};
    const auto body = parse_json(answer.body);
    if (!body || !body->is_object())
      return "unknown";
    p.sequence
      = std::max(p.sequence, body->at("sequence").to_number<std::uint64_t>());
    return std::string{body->at("status").as_string()};
  };
  const auto luck = random_() % 10;
  if (luck < 4) {
    const auto* mode
      = luck < 2 ? R"({"mode":"drain"})" : R"({"mode":"interrupt"})";
    if (note(change(at + "/pause", mode, stop)).starts_with("suspend"))
      ++p.pauses;
  }
  const auto event = "e-" + id;
  if (!note(change(at + "/events",
                   to_text(json::object{{"specversion", "1.0"},
                                        {"id", event},
                                        {"source", "https://pawl.test/crash"},
                                        {"type", "crash.answer"},
                                        {"data", {{"by", number_}}}}),
                   stop))
         .empty())
    p.events.push_back(event);
  if (luck < 4)
    (void)note(change(at + "/resume", "{}", stop));
  // An instance that has completed meanwhile takes a cancel without effect.
  if (luck == 9)
    p.cancelled = note(change(at + "/cancel", R"({"reason":"test"})", stop))
                    .starts_with("cancel");
}

} // namespace pawl::crash
