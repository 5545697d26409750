#define BOOST_TEST_MODULE cli.progress

#include "cli/progress.hpp"

#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

using namespace pawl;
using namespace pawl::cli;

namespace {

/// Feeds facts a second apart, numbered as they come.
struct fixture {
  progress state;
  int number = 0;

  void fact(const std::string& type, const std::string& task,
            const std::string& data) {
    ++number;
    state.apply(
      parse_json(fmt::format(R"({{"sequence":{},"type":"{}","time":)"
                             R"("2026-01-01T00:00:{:02}.000Z","task":"{}",)"
                             R"("data":{}}})",
                             number, type, number, task, data))
        .value());
  }
  void begin() {
    fact(
      "instance.created", "",
      R"({"id":"i1","workflow":{"namespace":"d","name":"w","version":"1"}})");
    fact("instance.started", "", "{}");
    fact("task.started", "/do/0/try1", R"({"frame":1,"parent":0})");
    fact("task.started", "/do/0/try1/try/0/ask",
         R"({"frame":2,"parent":1,"visit":2,"attempt":1})");
  }
  [[nodiscard]] std::string last() {
    auto lines = state.take_lines();
    return lines.empty() ? "" : lines.back().text;
  }
  [[nodiscard]] std::vector<std::string> live() const {
    return state.live(parse_timestamp("2026-01-01T00:00:10Z").value(),
                      painter{false});
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(progress_of_an_instance, fixture)

BOOST_AUTO_TEST_CASE(draws_active_tasks_as_a_tree) {
  begin();
  std::vector<std::string> expected{"d/w@1 i1  running  8.0s  0 done",
                                    "  ● try1  7.0s",
                                    "    ● ask (visit 2)  6.0s"};
  BOOST_TEST(live() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(forgets_what_has_ended_with_its_children) {
  begin();
  fact("task.completed", "/do/0/try1", R"({"frame":1})");
  BOOST_TEST(live().size() == 1U);
}

BOOST_AUTO_TEST_CASE(shows_a_retry_with_its_reason_and_its_end) {
  begin();
  fact(
    "task.faulted", "/do/0/try1/try/0/ask",
    R"({"frame":2,"error":{"type":"https://x/communication","status":503}})");
  BOOST_TEST(last() == "try1/ask faulted: communication (503)");
  fact("task.retried", "/do/0/try1",
       R"({"frame":1,"attempt":2,"until":"2026-01-01T00:00:12Z"})");
  BOOST_TEST(last() == "try1 tries again (attempt 2) in 6.0s");
  BOOST_TEST(live()[1] == "  ◌ try1 (attempt 2)  retries in 2.0s");
  fact("task.started", "/do/0/try1/try/0/ask",
       R"({"frame":3,"parent":1,"attempt":2})");
  BOOST_TEST(live()[1] == "  ● try1 (attempt 2)  7.0s");
}

BOOST_AUTO_TEST_CASE(counts_down_a_wait) {
  begin();
  fact(
    "timer.armed", "",
    R"({"timer":1,"frame":2,"purpose":"wait","due":"2026-01-01T00:00:13Z"})");
  BOOST_TEST(live()[2] == "    ◌ ask (visit 2)  waits 3.0s");
  fact("timer.fired", "", R"({"timer":1})");
  BOOST_TEST(live()[2] == "    ● ask (visit 2)  6.0s");
}

BOOST_AUTO_TEST_CASE(spends_one_line_on_what_ends_at_once) {
  begin();
  fact("task.completed", "/do/0/try1/try/0/ask", R"({"frame":2})");
  auto lines = state.take_lines();
  BOOST_TEST(lines.size() == 3U);
  BOOST_TEST(lines.back().text == "try1/ask completed (visit 2)  1.0s");
}

BOOST_AUTO_TEST_CASE(does_not_show_time_limits_as_waiting) {
  begin();
  fact(
    "timer.armed", "",
    R"({"timer":1,"frame":2,"purpose":"timeout","due":"2026-01-01T00:00:13Z"})");
  BOOST_TEST(live()[2] == "    ● ask (visit 2)  6.0s");
}

BOOST_AUTO_TEST_CASE(takes_nothing_twice) {
  begin();
  (void)state.take_lines();
  number = 2;
  fact("task.started", "/do/0/try1", R"({"frame":1,"parent":0})");
  BOOST_TEST(state.take_lines().empty());
  BOOST_TEST(state.sequence() == 4U);
}

BOOST_AUTO_TEST_CASE(knows_the_end_and_its_undoing) {
  begin();
  fact("instance.suspended", "", R"({"reason":"look"})");
  BOOST_TEST(last() == "suspended: look");
  BOOST_TEST(state.status() == "suspended");
  fact("instance.resumed", "", R"({"reason":""})");
  BOOST_TEST(state.status() == "running");
  fact("instance.faulted", "", R"({"error":{"type":"x/timeout"}})");
  BOOST_TEST(last() == "faulted: timeout");
  BOOST_TEST(state.ended());
  fact("task.retried", "/do/0/try1", R"({"frame":1,"byOperator":true})");
  BOOST_TEST(!state.ended());
}

BOOST_AUTO_TEST_CASE(survives_facts_it_does_not_know) {
  fact("future.thing", "", "{}");
  fact("task.started", "", "null");
  fact("timer.armed", "", "[]");
  state.apply(json::value{});
  state.apply(json::value{"text"});
  BOOST_TEST(state.sequence() == 3U);
  BOOST_TEST(live().size() >= 1U);
}

BOOST_AUTO_TEST_SUITE_END()
