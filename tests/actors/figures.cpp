// What is counted of turns: percentiles, times from turn to turn, what is
// waited for, and what is said of it.
#define BOOST_TEST_MODULE actors.figures
#include "actors/figures/figure_book.hpp"
#include "actors/figures/series.hpp"
#include "actors/figures/spread.hpp"
#include "actors/figures/waits.hpp"
#include "tests/support/flow.hpp"

#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;

namespace {

const timestamp start = from_unix_ms(1'750'000'000'000);

/// An instance whose turns are watched.
struct watched {
  explicit watched(std::string_view text) : run{test::flow_of(text)} {
    give(requests::create{.ns = "default", .id = "i", .labels = {}});
  }
  const turn_figures& give(input what) {
    auto made = run.decide(std::move(what), {.now = now, .seed = 1});
    BOOST_REQUIRE(made);
    last = seen.after(made->events, now, run);
    return last;
  }
  const turn_figures& pass(duration time) {
    now += time;
    return give(reports::time_passed{});
  }
  const turn_figures& answer(http_outcome what) {
    const auto all = run.outstanding();
    BOOST_REQUIRE(all.size() == 1U);
    const auto order = std::get<commands::perform>(all.front());
    return give(
      reports::effect_done{order.frame, order.dispatch, std::move(what)});
  }
  const turn_figures& deliver(const std::string& type) {
    return give(
      requests::deliver{.event = make_datum(json::object{{"specversion", "1.0"},
                                                         {"id", "1"},
                                                         {"source", "/s"},
                                                         {"type", type}})});
  }
  /// "task completed 2000", ...
  [[nodiscard]] std::vector<std::string> tasks() const {
    std::vector<std::string> out;
    for (const auto& one : last.tasks) {
      auto line
        = one.pointer + ' ' + std::string{one.kind} + ' '
          + (one.end
               ? std::string{task_end_names[static_cast<std::size_t>(*one.end)]}
               : "entered");
      if (one.dwell)
        line += ' ' + std::to_string(one.dwell->count());
      if (!one.error.empty())
        line += ' ' + std::string{one.error};
      out.push_back(std::move(line));
    }
    return out;
  }
  /// A crash: what follows knows only what is stored.
  void reload(std::optional<timestamp> state_since = {}) {
    seen = turn_watch{};
    seen.begin(run, state_since);
  }

  timestamp now = start;
  machine run;
  turn_watch seen;
  turn_figures last;
};

using lines = std::vector<std::string>;

constexpr std::string_view call
  = "do: [{c: {call: http, with: {method: get, endpoint: 'http://x.test/'}}}]";

storage::head head_of(const machine& of, instance_status status,
                      std::string ns = "n") {
  storage::head h;
  h.workflow = {std::move(ns), "w", "1.0.0"};
  h.status = status;
  h.updated = start;
  h.waits = waits_of(of);
  return h;
}

double number(const json::value& of, std::string_view pointer) {
  return of.at_pointer(pointer).to_number<double>();
}

} // namespace

BOOST_AUTO_TEST_CASE(percentiles_are_at_most_a_fifth_beside_the_truth) {
  spread all;
  BOOST_TEST(!all.quantile(0.5).has_value());
  for (int i = 1; i <= 10'000; ++i)
    all.add(duration{i * 7});
  for (const double share : {0.01, 0.5, 0.9, 0.95, 0.99}) {
    const auto truth = share * 70'000;
    const auto got = static_cast<double>(all.quantile(share)->count());
    BOOST_TEST(std::abs(got - truth) <= truth * 0.2, share << ": " << got);
  }
  BOOST_TEST(all.quantile(1)->count() == 70'000);
  BOOST_TEST(all.quantile(0)->count() >= 7);
  BOOST_TEST(all.longest().count() == 70'000);
  spread other;
  other.add(duration{-5});
  BOOST_TEST(other.longest().count() == 0);
  BOOST_TEST(other.quantile(0.5)->count() == 0);
  other.add(all);
  BOOST_TEST(other.count() == 10'001U);
}

BOOST_AUTO_TEST_CASE(a_task_is_timed_from_its_entry_to_its_end) {
  watched w{call};
  BOOST_TEST(w.last.created);
  BOOST_TEST(w.tasks() == lines{"/do/0/c http entered"},
             boost::test_tools::per_element());
  w.now += 2s;
  w.answer(test::ok());
  BOOST_TEST(w.tasks() == lines{"/do/0/c http completed 2000"},
             boost::test_tools::per_element());
  BOOST_TEST((w.last.ended == instance_status::completed));
  BOOST_TEST(w.last.ran->count() == 2000);
}

BOOST_AUTO_TEST_CASE(a_task_is_timed_through_a_crash) {
  watched w{call};
  w.now += 3s;
  w.reload();
  w.now += 1s;
  w.answer(test::ok());
  BOOST_TEST(w.tasks() == lines{"/do/0/c http completed 4000"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(attempts_are_tasks_and_the_try_has_them_all) {
  watched w{"do: [{t: {try: [{c: {call: http, with: {method: get, endpoint: "
            "'http://x.test/'}}}], catch: {retry: {delay: PT1S, limit: "
            "{attempt: {count: 2}}}}}}]"};
  w.now += 1s;
  w.answer(test::no_answer());
  BOOST_TEST(w.tasks()
               == (lines{"/do/0/t/try/0/c http faulted 1000 communication",
                         "/do/0/t try retried"}),
             boost::test_tools::per_element());
  const auto waits = waits_of(w.run);
  BOOST_REQUIRE(waits.size() == 1U);
  BOOST_TEST((waits.front().kind == storage::wait_kind::retry));
  BOOST_TEST(waits.front().task == "/do/0/t");
  w.pass(1s);
  w.now += 500ms;
  w.answer(test::ok());
  BOOST_TEST(w.tasks()
               == (lines{"/do/0/t/try/0/c http completed 500",
                         "/do/0/t try completed 2500"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(states_are_timed_and_events_counted) {
  watched w{"document: {dsl: '1.0.3', namespace: n, name: s, version: '1.0.0', "
            "metadata: {states: {initial: a, terminal: [b], transitions: {a: "
            "[b]}}}}\n"
            "do:\n- l: {listen: {to: {one: {with: {type: go}}}}, metadata: "
            "{state: {done: b}}}\n"};
  BOOST_REQUIRE(w.last.states.size() == 1U);
  BOOST_TEST(w.last.states.front().entered == "a");
  BOOST_TEST(!w.last.states.front().dwell.has_value());
  BOOST_TEST((waits_of(w.run).front().kind == storage::wait_kind::event));
  w.reload(start);
  w.now += 7s;
  w.deliver("go");
  BOOST_REQUIRE(w.last.states.size() == 1U);
  BOOST_TEST(w.last.states.front().left == "a");
  BOOST_TEST(w.last.states.front().entered == "b");
  BOOST_TEST(w.last.states.front().dwell->count() == 7000);
  BOOST_TEST(w.last.received == 1U);
  BOOST_TEST(w.last.consumed == 1U);
}

BOOST_AUTO_TEST_CASE(waits_of_many_places_are_few_rows) {
  std::string text = "do: [{f: {fork: {branches: [";
  for (int i = 0; i < 20; ++i)
    text += "{b" + std::to_string(i) + ": {wait: {hours: 1}}},";
  text.back() = ']';
  watched w{text + "}}}]"};
  const auto all = waits_of(w.run);
  BOOST_REQUIRE(all.size() == waits_max + 1);
  BOOST_TEST(all.back().task.empty());
  BOOST_TEST(all.back().count == 20 - waits_max);
  w.give(requests::pause{});
  BOOST_TEST(waits_of(w.run).empty());
}

BOOST_AUTO_TEST_CASE(a_census_counts_status_and_waits) {
  watched w{"do: [{w: {wait: {hours: 1}}}]"};
  census all;
  all.add(head_of(w.run, instance_status::waiting), start);
  auto held = head_of(w.run, instance_status::waiting);
  held.waits.clear();
  storage::open_approval asked;
  asked.since = start;
  asked.due = start + 1s;
  held.approvals.push_back(asked);
  all.add(held, start + 2s);
  BOOST_TEST(all.live() == 2U);
  BOOST_TEST(all.waits.at("timer").count == 1U);
  BOOST_TEST(all.waits.at("hold").count == 1U);
  BOOST_TEST(all.approvals_open == 1U);
  BOOST_TEST(all.approvals_overdue == 1U);
  auto over = head_of(w.run, instance_status::completed);
  over.waits.clear();
  all.add(over, start);
  BOOST_TEST(all.live() == 2U);
}

BOOST_AUTO_TEST_CASE(the_view_names_what_takes_the_time) {
  figure_book book{{}};
  watched w{"do:\n- q: {set: {a: 1}}\n"
            "- c: {call: http, with: {method: get, endpoint: "
            "'http://x.test/'}}\n"
            "- w: {wait: {hours: 1}}\n"};
  const auto now = clock::now();
  book.saw(w.last, now);
  w.now += 10s;
  book.saw(w.answer(test::ok()), now);
  auto counted = std::make_shared<census>();
  auto head = head_of(w.run, instance_status::waiting, "default");
  head.workflow = w.run.state().workflow;
  counted->add(head, w.now);
  counted->at = w.now;
  book.counted(counted);
  const json::value all = book.view({}, now);
  BOOST_TEST(all.at("workflows").as_array().size() == 1U);
  BOOST_TEST(number(all, "/workflows/0/started") == 1);
  BOOST_TEST(number(all, "/workflows/0/instances/waiting") == 1);
  BOOST_TEST(all.at_pointer("/workflows/0/completionRate").is_null());
  BOOST_TEST(number(all, "/workflows/0/tasks/1/duration/p50") == 10);
  BOOST_TEST(all.at_pointer("/workflows/0/tasks/2/waiting/0/kind") == "timer");
  BOOST_TEST(all.at("bottlenecks").as_array().size() == 2U);
  for (const auto& one : all.at("bottlenecks").as_array())
    BOOST_TEST((one.at("task") == "/do/1/c" || one.at("task") == "/do/2/w"));
  const json::value none = book.view(
    {.shows = [](const workflow_name&) { return false; }, .shows_all = false},
    now);
  BOOST_TEST(none.at("workflows").as_array().empty());
  BOOST_TEST(none.at("bottlenecks").as_array().empty());
  BOOST_TEST(!none.as_object().contains("complete"));
  BOOST_TEST(!none.at("events").as_object().contains("published"));
}

BOOST_AUTO_TEST_CASE(figures_are_forgotten_after_two_windows) {
  config::options::metrics_options how;
  how.window = 60s;
  figure_book book{how};
  watched w{call};
  const auto now = clock::now();
  book.saw(w.last, now);
  const auto workflows = [&](duration later) {
    return book.view({}, now + later).at("workflows").as_array().size();
  };
  BOOST_TEST(workflows(30s) == 1U);
  BOOST_TEST(workflows(90s) == 1U);
  BOOST_TEST(workflows(150s) == 0U);
}

BOOST_AUTO_TEST_CASE(
  what_former_lives_have_taught_counts_where_nothing_is_new) {
  figure_book book{{}};
  const auto took = [](duration how_long) {
    turn_figures out;
    out.workflow = {"default", "f", "1.0.0"};
    out.tasks = {{.pointer = "/do/0/a",
                  .kind = {},
                  .end = task_end::completed,
                  .dwell = how_long}};
    return out;
  };
  const auto usual = [&] { return book.usual({"default", "f"}, {"/do/0/a"}); };
  BOOST_TEST(usual().empty());
  book.learned(took(10s));
  BOOST_REQUIRE(usual().contains("/do/0/a"));
  BOOST_TEST((usual().at("/do/0/a") >= 8s));
  BOOST_TEST(book.view({}, clock::now()).at("workflows").as_array().empty());
  book.saw(took(1s), clock::now());
  BOOST_TEST((usual().at("/do/0/a") <= 2s));
}

BOOST_AUTO_TEST_CASE(hosts_are_few_and_tell_no_secret) {
  BOOST_TEST(host_of("https://u:p@Svc.Example:8080/a?b@c")
             == "svc.example:8080");
  BOOST_TEST(host_of("http://[::1]:80/") == "[::1]:80");
  BOOST_TEST(host_of("mailto:x") == "");
  config::options::metrics_options how;
  how.hosts_max = 2;
  how.workflows_max = 0;
  series all{how};
  for (const auto* host : {"a", "b", "c", "d", "a"})
    all.called(std::string{"http://"} + host + "/x", 503);
  all.called("http://a/", 200);
  all.called("http://a/", 404);
  all.called("http://a/", 0);
  watched w{call};
  w.answer(test::ok());
  all.saw(w.last);
  const auto text = all.text(nullptr, 0, start);
  const auto says = [&](const std::string& line) {
    BOOST_TEST(text.find('\n' + line + '\n') != std::string::npos, line);
  };
  says(R"(pawl_external_calls_total{host="a",outcome="5xx"} 2)");
  says(R"(pawl_external_calls_total{host="a",outcome="4xx"} 1)");
  says(R"(pawl_external_calls_total{host="a",outcome="ok"} 1)");
  says(R"(pawl_external_calls_total{host="a",outcome="failed"} 1)");
  says(R"(pawl_external_calls_total{host="other",outcome="5xx"} 2)");
  BOOST_TEST(text.find("host=\"c\"") == std::string::npos);
  says(R"(pawl_tasks_total{kind="http",status="completed"} 1)");
  says(R"(pawl_workflow_ended_total{namespace="",status="completed",)"
       R"(workflow="other"} 1)");
}
