// kill -9 at random moments, under load and during recovery, again and again:
// what was acknowledged is there, what was begun is done under the same key,
// and nothing stands twice. Run with `-- --kills N` for another number.
#define BOOST_TEST_MODULE crash.crash_loop
#include "base/json.hpp"
#include "tests/crash/load.hpp"
#include "tests/support/daemon_process.hpp"
#include "tests/support/http_client.hpp"

#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string_view>
#include <thread>

using namespace pawl;

namespace {

constexpr int clients_count = 8;
constexpr std::uint64_t acknowledged_min = 20'000;

int option(std::string_view name, int fallback) {
  const auto& suite = boost::unit_test::framework::master_test_suite();
  for (int i = 1; i + 1 < suite.argc; ++i)
    if (name == suite.argv[i])
      return std::atoi(suite.argv[i + 1]);
  return fallback;
}

json::value get(std::uint16_t port, const std::string& path) {
  test::http_client daemon{port};
  const auto answer = daemon.ask("GET", path);
  BOOST_REQUIRE_MESSAGE(answer.status == 200, path << " gave " << answer.status
                                                   << ": " << answer.body);
  return parse_json(answer.body).value();
}

json::array history_of(std::uint16_t port, const std::string& id) {
  json::array all;
  std::string after = "0";
  for (;;) {
    auto page
      = get(port, "/v1/instances/" + id + "/history?limit=1000&after=" + after);
    auto& items = page.at("items").as_array();
    for (auto& i : items)
      all.push_back(i);
    if (items.size() < 1000)
      return all;
    after = to_text(items.back().at("sequence"));
  }
}

// Waits for an end that must come; asks again what a kill may have swallowed.
json::value ended(std::uint16_t port, const std::string& id) {
  for (int tries = 0; tries < 400; ++tries) {
    auto shown = get(port, "/v1/instances/" + id);
    const auto status = std::string{shown.at("status").as_string()};
    if (status == "completed" || status == "cancelled" || status == "faulted")
      return shown;
    test::http_client daemon{port};
    if (status.starts_with("suspend"))
      (void)daemon.ask("POST", "/v1/instances/" + id + "/resume", "{}",
                       "Content-Type: application/json\r\n");
    else if (status == "waiting")
      (void)daemon.ask(
        "POST", "/v1/instances/" + id + "/events",
        R"({"specversion":"1.0","id":"last-)" + id
          + R"(","source":"https://pawl.test","type":"crash.answer"})",
        "Content-Type: application/json\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds{25});
  }
  BOOST_FAIL(id << " does not end: "
                << to_text(get(port, "/v1/instances/" + id)));
  return {};
}

struct found {
  std::map<std::string, int> received;   ///< Event ids.
  std::map<std::int64_t, int> completed; ///< By frame.
  std::map<std::string, bool> calls;     ///< Pointers of calls: completed?
  std::uint64_t suspensions = 0;
};

found read(const json::array& history, const std::string& id) {
  found f;
  std::int64_t expected = 1;
  for (const auto& item : history) {
    BOOST_REQUIRE_MESSAGE(item.at("sequence").to_number<std::int64_t>()
                            == expected,
                          id << " has a gap at " << expected);
    ++expected;
    const auto type = std::string{item.at("type").as_string()};
    const auto& data = item.at("data").as_object();
    if (type == "event.received")
      ++f.received[std::string{data.at("event").at("id").as_string()}];
    if (type == "task.completed")
      ++f.completed[data.at("frame").to_number<std::int64_t>()];
    if (type.starts_with("instance.suspend"))
      ++f.suspensions;
    if (type == "task.started" || type == "task.completed") {
      const auto task = std::string{item.at("task").as_string()};
      if (task.ends_with("/first") || task.ends_with("/call"))
        f.calls[task] = f.calls[task] || type == "task.completed";
    }
  }
  return f;
}

/// Whether an effect arrived under a key that begins so: what follows tells
/// which visit of the task it was.
bool was_done(const std::map<std::string, int>& effects,
              const std::string& begin) {
  const auto found = effects.lower_bound(begin);
  return found != effects.end() && found->first.starts_with(begin);
}

void check(std::uint16_t port, const std::string& id,
           const crash::promised& promised,
           const std::map<std::string, int>& effects) {
  const auto shown = ended(port, id);
  const auto status = std::string{shown.at("status").as_string()};
  const auto history = history_of(port, id);
  const auto f = read(history, id);
  BOOST_TEST(history.size() >= promised.sequence,
             id << " lost acknowledged facts");
  BOOST_TEST(status == (promised.cancelled ? "cancelled" : "completed"),
             id << " is " << status);
  for (const auto& e : promised.events)
    BOOST_TEST(f.received.contains(e), id << " lost the event " << e);
  for (const auto& [event, times] : f.received)
    BOOST_TEST(times == 1,
               id << " took the event " << event << " " << times << " times");
  for (const auto& [frame, times] : f.completed)
    BOOST_TEST(times == 1, id << " recorded frame " << frame << " twice");
  BOOST_TEST(f.suspensions >= promised.pauses, id << " lost a pause");
  for (const auto& [task, done] : f.calls)
    if (done)
      BOOST_TEST(was_done(effects, "crash/" + id + task + "/"),
                 id << " recorded " << task << " without its effect");
}

} // namespace

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_every_kill) {
  const test::temporary_directory scratch;
  test::daemon_process daemon{scratch.path() / "data"};
  crash::sink sink{daemon.port()};
  crash::tally counts;
  std::mt19937_64 random{20251121};
  daemon.start();
  BOOST_REQUIRE_MESSAGE(daemon.wait_ready(), "see " << daemon.log());
  {
    test::http_client admin{daemon.port()};
    const auto made
      = admin.ask("POST", "/v1/definitions", crash::definition(sink.url()),
                  "Content-Type: application/yaml\r\n");
    BOOST_REQUIRE_MESSAGE(made.status == 201, made.body);
  }
  std::atomic<bool> stop{false};
  std::vector<crash::client> clients;
  clients.reserve(clients_count);
  for (int i = 0; i < clients_count; ++i)
    clients.emplace_back(daemon.port(), i, counts);
  std::vector<std::thread> threads;
  for (auto& c : clients)
    threads.emplace_back([&c, &stop] { c.run(stop); });

  const auto kills = option("--kills", 200);
  const auto enough
    = acknowledged_min * static_cast<std::uint64_t>(kills) / 200;
  for (int i = 0; i < kills || counts.acknowledged < enough; ++i) {
    BOOST_REQUIRE_MESSAGE(i < 10 * kills, "too little was acknowledged");
    // Every fourth life ends while it still recovers.
    const bool early = i % 4 == 3;
    if (!early)
      BOOST_REQUIRE_MESSAGE(daemon.wait_ready(),
                            "life " << i << ", see " << daemon.log());
    std::this_thread::sleep_for(
      std::chrono::milliseconds{early ? random() % 40 : 20 + random() % 250});
    BOOST_REQUIRE_MESSAGE(daemon.exit_code() == -1,
                          "life " << i << " ended by itself with "
                                  << daemon.exit_code());
    daemon.kill();
    daemon.start();
  }
  BOOST_REQUIRE(daemon.wait_ready());
  stop = true;
  for (auto& t : threads)
    t.join();

  const auto effects_before = sink.keys();
  std::size_t instances = 0;
  for (const auto& c : clients)
    for (const auto& [id, promised] : c.promises())
      if (promised.started) {
        (void)ended(daemon.port(), id);
        ++instances;
      }
  const auto effects = sink.keys();
  for (const auto& c : clients)
    for (const auto& [id, promised] : c.promises())
      if (promised.started)
        check(daemon.port(), id, promised, effects);
  for (const auto& key : sink.premature())
    BOOST_ERROR("the effect " << key << " left before its intention");
  BOOST_TEST(!effects.contains("(none)"));
  BOOST_TEST(sink.checked() > 0u);
  BOOST_TEST(counts.acknowledged >= enough);
  BOOST_TEST_MESSAGE(kills << " kills, " << counts.acknowledged
                           << " acknowledged changes, " << counts.unknown
                           << " answers lost, " << instances << " instances, "
                           << effects.size() << " effect keys, "
                           << sink.checked() << " intentions looked up");
  BOOST_TEST(daemon.stop() == 0);
}
