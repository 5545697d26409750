#define BOOST_TEST_MODULE cli.load_view

#include "cli/load_view.hpp"

#include "base/json.hpp"
#include "tests/cli/fake_server.hpp"
#include "tests/cli/program.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::cli;
using program::run_pawl;

namespace {

json::value instance(const char* name, const char* status,
                     const char* created = "2026-01-01T00:00:00Z") {
  return json::object{
    {"workflow",
     json::object{{"namespace", "d"}, {"name", name}, {"version", "1"}}},
    {"status", status},
    {"createdAt", created}};
}

timestamp at(const char* text) {
  return parse_timestamp(text).value();
}

load_reading reading() {
  load_reading out;
  out.at = at("2026-01-01T00:00:30Z");
  out.instances = {instance("quiet", "waiting"), instance("busy", "running"),
                   instance("busy", "suspended"), instance("busy", "faulted")};
  out.recent = {instance("busy", "completed"),
                instance("old", "completed", "2025-12-31T23:00:00Z")};
  return out;
}

std::string whole(const load_reading& before, const load_reading& now) {
  std::string text;
  for (const auto& line : load_lines(load_of(before, now), painter{false}))
    text += line + "\n";
  return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_view)

BOOST_AUTO_TEST_CASE(reads_samples_and_leaves_out_the_rest) {
  auto m = parse_metrics("# HELP a x\na 1\nb{c=\"d e\"} 2.5e3\nbroken\n"
                         "x nothing\n nameless\n");
  BOOST_TEST(m.size() == 2U);
  BOOST_TEST(m["a"] == 1.0);
  BOOST_TEST(m["b{c=\"d e\"}"] == 2500.0);
}

BOOST_AUTO_TEST_CASE(counts_by_status_and_by_workflow) {
  const auto load = json::value(load_of({}, reading()));
  BOOST_TEST(load.at("instances").at("waiting") == 1);
  BOOST_TEST(load.at("instances").at("faulted") == 1);
  BOOST_TEST(load.at("rates").is_null());
  BOOST_TEST(load.at("memoryBytes").is_null());
  const auto& workflows = load.at("workflows").as_array();
  BOOST_TEST(workflows.size() == 2U);
  BOOST_TEST(workflows[0].at("workflow") == "d/busy@1"); // Two of it live.
  BOOST_TEST(workflows[0].at("startedLastMinute") == 1);
  BOOST_TEST(workflows[1].at("workflow") == "d/quiet@1");
}

BOOST_AUTO_TEST_CASE(tells_rates_also_over_a_restart) {
  const std::string name = R"(pawl_instances_total{status="completed"})";
  auto before = reading();
  auto now = reading();
  now.at = before.at + std::chrono::seconds{2};
  before.metrics = {{name, 10}};
  now.metrics = {{name, 25}, {"process_resident_memory_bytes", 1 << 20}};
  auto load = json::value(load_of(before, now));
  BOOST_TEST(load.at("rates").at("completed") == 7.5);
  BOOST_TEST(load.at("memoryBytes") == 1048576.0);
  now.metrics[name] = 4;
  load = json::value(load_of(before, now));
  BOOST_TEST(load.at("rates").at("completed") == 2.0);
}

BOOST_AUTO_TEST_CASE(shows_columns_that_are_not_empty) {
  auto now = reading();
  now.queues = parse_json(R"({"items":[{"name":"q","ready":3,"leased":1,
    "workers":0,"unserved":true}]})")
                 .value();
  BOOST_TEST(whole({}, now)
             == "instances 1 running  1 waiting  1 suspended  1 faulted\n"
                "\n"
                "WORKFLOW   RUNNING  WAITING  SUSPENDED  FAULTED  STARTED/MIN\n"
                "d/busy@1   1        0        1          1        1\n"
                "d/quiet@1  0        1        0          0        0\n"
                "\n"
                "QUEUE  READY  LEASED  WORKERS\n"
                "q      3      1       0        unserved\n");
  now.complete = false;
  BOOST_TEST(whole({}, now).find("there are more") != std::string::npos);
  BOOST_TEST(whole({}, {}) == "instances none that live\n");
}

BOOST_AUTO_TEST_CASE(looks_once_for_scripts) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    if (r.target == "/metrics")
      return {200, "pawl_journal_events_total 5\n"};
    if (r.target.find("status=waiting") != std::string::npos)
      return {200, R"({"items":[)" + to_text(instance("w", "waiting"))
                     + R"(],"nextCursor":null})"};
    return {200, R"({"items":[],"nextCursor":null})"};
  }};
  auto once
    = run_pawl(s.url(), {"top", "--once", "--interval", "0.1", "-o", "json"});
  BOOST_TEST(once.code == 0);
  auto load = parse_json(once.out).value();
  BOOST_TEST(load.at("instances").at("waiting") == 1);
  BOOST_TEST(load.at("rates").at("facts") == 0.0);
  auto table = run_pawl(s.url(), {"top", "--once", "--interval", "0.1"});
  BOOST_TEST(table.out.starts_with("instances 1 waiting\na second  "),
             table.out);
  BOOST_TEST(run_pawl("http://127.0.0.1:1", {"top", "--once"}).code == 7);
  BOOST_TEST(run_pawl(s.url(), {"top", "--interval", "0"}).code == 2);
}

BOOST_AUTO_TEST_SUITE_END()
