// Events are never lost and never counted twice: early, in a burst, in a pause,
// and while the daemon is killed.
#define BOOST_TEST_MODULE system.events
#include "tests/system/daemon_fixture.hpp"

#include <algorithm>
#include <set>

using namespace pawl;

namespace {

constexpr int batch_max = 500;

struct events_fixture : test::daemon_fixture {
  /// Publishes ticks `first` to `last` as one batch; false if no answer came.
  bool tick(int first, int last, const std::string& type = "tick") {
    json::array batch;
    for (int n = first; n <= last; ++n)
      batch.emplace_back(json::object{{"specversion", "1.0"},
                                      {"id", type + std::to_string(n)},
                                      {"source", "/test"},
                                      {"type", type},
                                      {"data", n}});
    try {
      test::http_client client{daemon.port()};
      const auto said
        = client.ask("POST", "/v1/events", to_text(json::value(batch)),
                     "Content-Type: application/cloudevents-batch+json\r\n");
      BOOST_REQUIRE_MESSAGE(said.status == 202 || said.status >= 500
                              || said.status == 429,
                            said.body);
      return said.status == 202;
    } catch (const std::exception&) {
      return false;
    }
  }
  /// As a client does that was promised nothing yet: until it is answered.
  void surely(int first, int last, const std::string& type = "tick") {
    while (!tick(first, last, type))
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  void restart() {
    daemon.kill();
    daemon.start();
    BOOST_REQUIRE(daemon.wait_ready());
  }
  json::array output(const std::string& id) {
    return instance(id).at("output").as_array();
  }
};

json::array upto(int count) {
  json::array all;
  for (int n = 0; n < count; ++n)
    all.emplace_back(n);
  return all;
}

constexpr const char* gather
  = "do: [{all: {listen: {to: {any: [{with: {type: tick}}], until: {one: "
    "{with: {type: stop}}}}}}}]";

// One listen after the other, each for one event.
constexpr const char* loop = R"(
do:
- each:
    for: {in: '${ $workflow.input }'}
    do:
    - one:
        listen: {to: {one: {with: {type: tick}}}}
        export: {as: '${ {list: (($context.list // []) + $output)} }'}
- show: {set: '${ $context.list }'}
)";

} // namespace

BOOST_FIXTURE_TEST_CASE(a_burst_is_counted_once_through_kills, events_fixture) {
  define("gather", gather);
  BOOST_REQUIRE(start("gather", "g").status == 201);
  constexpr int each = 40;
  constexpr int batches = 40;
  for (int i = 0; i < batches; ++i) {
    surely(i * each, (i + 1) * each - 1);
    if (i % 8 == 4)
      restart();
  }
  surely(0, 0, "stop");
  BOOST_REQUIRE(becomes("g", "completed"));
  BOOST_TEST(output("g") == upto(each * batches));
}

BOOST_FIXTURE_TEST_CASE(a_loop_takes_what_came_before_it_once, events_fixture) {
  // More than are remembered one by one, and all of it early.
  constexpr int count = 1500;
  define("loop", loop);
  for (int first = 0; first < count; first += batch_max)
    surely(first, std::min(first + batch_max, count) - 1);
  const auto made
    = post("/v1/instances", R"({"workflow":{"namespace":"test","name":"loop"},)"
                            R"("id":"l","input":)"
                              + to_text(json::value(upto(count))) + "}");
  BOOST_REQUIRE_MESSAGE(made.status == 201, made.body);
  restart();
  restart();
  BOOST_REQUIRE(becomes("l", "completed"));
  // In what order the daemon shows them again after a kill is not promised.
  auto taken = output("l");
  std::ranges::sort(taken, {},
                    [](const json::value& n) { return n.as_int64(); });
  BOOST_TEST(taken == upto(count), to_text(taken));
}

BOOST_FIXTURE_TEST_CASE(a_pause_keeps_what_comes, events_fixture) {
  define("gather", gather);
  BOOST_REQUIRE(start("gather", "g").status == 201);
  surely(0, 9);
  BOOST_REQUIRE(post("/v1/instances/g/pause").status < 300);
  surely(10, 19);
  restart();
  surely(20, 29);
  surely(0, 0, "stop");
  BOOST_TEST(status("g") == "suspended");
  BOOST_REQUIRE(post("/v1/instances/g/resume").status < 300);
  BOOST_REQUIRE(becomes("g", "completed"));
  BOOST_TEST(output("g") == upto(30));
}

BOOST_FIXTURE_TEST_CASE(a_schedule_takes_each_event_once_through_kills,
                        events_fixture) {
  define("react", "schedule: {on: {one: {with: {type: tick}}}}\n"
                  "do: [{a: {set: '${ $workflow.input }'}}]");
  constexpr int each = 25;
  constexpr int batches = 20;
  for (int i = 0; i < batches; ++i) {
    surely(i * each, (i + 1) * each - 1);
    if (i % 4 == 2)
      restart();
  }
  std::set<std::int64_t> seen;
  std::size_t items = 0;
  const auto deadline
    = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (items < each * batches && std::chrono::steady_clock::now() < deadline)
    items = parse_json(get("/v1/instances?limit=1000").body)
              ->at("items")
              .as_array()
              .size();
  BOOST_REQUIRE_EQUAL(items, std::size_t{each * batches});
  const auto page = parse_json(get("/v1/instances?limit=1000").body).value();
  for (const auto& one : page.at("items").as_array()) {
    const auto shown = instance(std::string{one.at("id").as_string()});
    BOOST_REQUIRE(seen.insert(shown.at("input").at(0).as_int64()).second);
  }
  BOOST_TEST(seen.size() == std::size_t{each * batches});
}

BOOST_FIXTURE_TEST_CASE(the_lifecycle_is_streamed, events_fixture) {
  define("quick", "do: [{a: {set: {x: 1}}}]");
  test::http_client client{daemon.port()};
  client.send("GET /v1/events?workflow=quick&type=io.serverlessworkflow."
              "workflow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  BOOST_TEST(client.read_until("\r\n\r\n").find("200") != std::string::npos);
  BOOST_REQUIRE(start("quick", "q").status == 201);
  const auto told = client.read_until("workflow.completed.v1\"");
  BOOST_TEST(told.find("event: io.serverlessworkflow.workflow.started.v1")
             != std::string::npos);
  BOOST_TEST(told.find("task.") == std::string::npos);
}
