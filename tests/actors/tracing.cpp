// Spans: what is made of turns, how they are written, and when they leave.
#define BOOST_TEST_MODULE actors.tracing
#include "actors/tracing/span_queue.hpp"
#include "actors/tracing/span_watch.hpp"
#include "actors/tracing/tracer.hpp"
#include "tests/support/flow.hpp"
#include "workflow/trace.hpp"

#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;

namespace {

/// An instance whose turns are watched.
struct watched {
  explicit watched(std::string_view text, std::string traceparent = {},
                   json::value with = json::object{})
      : run{test::flow_of(text)} {
    give(requests::create{.ns = "default",
                          .id = "i",
                          .input = make_datum(std::move(with)),
                          .labels = {},
                          .traceparent = std::move(traceparent)});
  }
  void give(input what) {
    now += 1s;
    auto made = run.decide(std::move(what), {.now = now, .seed = 1});
    BOOST_REQUIRE(made);
    for (auto& one : seen.after(made->events, now, run))
      all.push_back(std::move(one));
    if (made->unfinished)
      give(reports::go_on{});
  }
  [[nodiscard]] commands::perform order() const {
    const auto orders = run.outstanding();
    BOOST_REQUIRE(orders.size() == 1U);
    return std::get<commands::perform>(orders.front());
  }
  void answer(http_outcome what) {
    const auto o = order();
    give(reports::effect_done{o.frame, o.dispatch, std::move(what)});
  }
  /// The daemon starts anew, with the instance as it is stored.
  void restart() {
    seen = {};
    seen.begin(run);
  }
  [[nodiscard]] const trace_span& span(std::string_view name,
                                       std::size_t which = 0) const {
    for (const auto& one : all)
      if (one.name == name && which-- == 0)
        return one;
    throw std::runtime_error{"there is no span " + std::string{name}};
  }
  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count_if(
      all, [&](const trace_span& one) { return one.name == name; }));
  }

  machine run;
  span_watch seen;
  std::vector<trace_span> all;
  timestamp now = from_unix_ms(1'750'000'000'000);
};

std::string attribute(const trace_span& of, std::string_view name) {
  for (const auto& [key, value] : of.attributes)
    if (key == name)
      return value.is_string() ? std::string{value.get_string()}
                               : to_text(value);
  return "";
}

/// The span that a `traceparent` names.
std::string named_by(const std::string& traceparent) {
  return traceparent.substr(36, 16);
}

constexpr auto retried = R"(
do:
  - outer:
      try:
        - call: {call: http, with: {method: get, endpoint: http://a.test/}}
      catch:
        retry: {delay: {seconds: 5}, limit: {attempt: {count: 3}}}
)";
const std::string parent = "00-0123456789abcdef0123456789abcdef-"
                           "00f067aa0ba902b7-01";

trace_span made(std::string name) {
  return {.trace = std::string(32, 'a'),
          .id = std::string(16, 'b'),
          .parent = {},
          .name = std::move(name)};
}

std::vector<trace_span> many(std::size_t count) {
  std::vector<trace_span> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(made(std::to_string(i)));
  return out;
}

/// A queue and its time.
struct queue : span_queue {
  queue() : span_queue{{.every = 1s, .max = 1000}} {}
  void put(std::size_t count) { add(many(count), now); }
  std::size_t leave(bool hurry = false) { return next(now, hurry).size(); }
  void fare(std::uint32_t status, std::optional<duration> after = {}) {
    settle({.status = status, .detail = {}, .retry_after = after}, now);
  }
  steady::time_point now = steady::time_point{} + 1h;
};

} // namespace

BOOST_AUTO_TEST_SUITE(watching)

BOOST_AUTO_TEST_CASE(a_task_hangs_below_the_task_that_it_is_in) {
  watched w{retried, parent};
  w.answer(test::ok());
  const auto& root = w.span("flow");
  const auto& outer = w.span("outer");
  const auto& call = w.span("call");
  BOOST_TEST(root.parent == "00f067aa0ba902b7");
  BOOST_TEST((root.kind == span_kind::server));
  BOOST_TEST(outer.parent == root.id);
  BOOST_TEST(call.parent == outer.id);
  BOOST_TEST((call.kind == span_kind::client));
  for (const auto& one : w.all)
    BOOST_TEST(one.trace == "0123456789abcdef0123456789abcdef");
}

BOOST_AUTO_TEST_CASE(each_attempt_is_the_parent_of_what_it_has_sent) {
  watched w{retried};
  const auto first = named_by(w.order().traceparent);
  w.answer(test::status_of(503));
  w.now += 10s;
  w.give(reports::time_passed{});
  const auto second = named_by(w.order().traceparent);
  w.answer(test::ok());
  BOOST_TEST(w.span("call", 0).id == first);
  BOOST_TEST(w.span("call", 0).failed);
  BOOST_TEST(attribute(w.span("call", 0), "pawl.error.status") == "503");
  BOOST_TEST(attribute(w.span("call", 0), "pawl.end") == "faulted");
  BOOST_TEST(w.span("call", 1).id == second);
  BOOST_TEST(!w.span("call", 1).failed);
  BOOST_TEST(attribute(w.span("call", 1), "pawl.attempt") == "2");
  BOOST_TEST(first != second);
  BOOST_TEST(w.span("call", 0).parent == w.span("outer").id);
  BOOST_TEST(w.span("call", 1).parent == w.span("outer").id);
  BOOST_TEST(w.count("outer") == 1U);
}

BOOST_AUTO_TEST_CASE(a_task_may_begin_under_one_daemon_and_end_under_another) {
  watched w{retried};
  const auto first = named_by(w.order().traceparent);
  w.answer(test::status_of(503));
  w.restart(); // The `try` has been retried, and keeps its id.
  w.now += 10s;
  w.give(reports::time_passed{});
  w.restart();
  const auto second = named_by(w.order().traceparent);
  w.answer(test::ok());
  BOOST_TEST(w.span("call", 0).id == first);
  BOOST_TEST(w.span("call", 1).id == second);
  BOOST_TEST(w.span("call", 0).parent == w.span("outer").id);
  BOOST_TEST(w.span("call", 1).parent == w.span("outer").id);
  BOOST_TEST(w.span("outer").parent == w.span("flow").id);
  BOOST_TEST((w.span("outer").begun < w.span("call", 1).begun));
}

BOOST_AUTO_TEST_CASE(lanes_are_no_spans_and_lead_to_their_fork) {
  watched w{R"(
do:
  - both:
      fork:
        branches:
          - one: {set: {a: 1}}
          - two: {do: [{deep: {set: {b: 1}}}]}
)"};
  BOOST_TEST(w.span("one").parent == w.span("both").id);
  BOOST_TEST(w.span("two").parent == w.span("both").id);
  BOOST_TEST(w.span("deep").parent == w.span("two").id);
  std::vector<std::string> ids;
  for (const auto& one : w.all)
    ids.push_back(one.id);
  std::ranges::sort(ids);
  BOOST_TEST((std::ranges::adjacent_find(ids) == ids.end()));
}

BOOST_AUTO_TEST_CASE(an_effect_that_a_pause_stops_is_begun_anew) {
  watched w{"do: [{call: {call: http, with: {method: get, "
            "endpoint: http://a.test/}}}]"};
  const auto first = w.order();
  w.give(requests::pause{.mode = pause_mode::interrupt, .reason = ""});
  w.give(reports::effect_stopped{first.frame, first.dispatch});
  w.now += 1h;
  const auto before = w.now;
  w.give(requests::resume{});
  const auto second = w.order();
  w.answer(test::ok());
  BOOST_TEST(w.count("call") == 2U);
  BOOST_TEST(w.span("call", 0).id == named_by(first.traceparent));
  BOOST_TEST(attribute(w.span("call", 0), "pawl.end") == "interrupted");
  BOOST_TEST(w.span("call", 1).id == named_by(second.traceparent));
  BOOST_TEST((w.span("call", 1).begun >= before));
}

BOOST_AUTO_TEST_CASE(what_is_left_open_ends_with_the_instance) {
  watched w{"do: [{outer: {do: [{sleep: {wait: {hours: 1}}}]}}]"};
  w.give(requests::cancel{});
  BOOST_TEST(attribute(w.span("sleep"), "pawl.end") == "cancelled");
  BOOST_TEST(attribute(w.span("outer"), "pawl.end") == "cancelled");
  BOOST_TEST(attribute(w.span("flow"), "pawl.status") == "cancelled");
  BOOST_TEST(!w.span("flow").failed);
}

BOOST_AUTO_TEST_CASE(a_fault_ends_all_and_a_retry_goes_on) {
  watched w{"do: [{outer: {do: [{call: {call: http, with: {method: get, "
            "endpoint: http://a.test/}}}]}}]"};
  w.answer(test::status_of(500));
  BOOST_TEST(w.span("flow").failed);
  BOOST_TEST(attribute(w.span("outer"), "pawl.end") == "interrupted");
  w.give(requests::retry{});
  const auto again = named_by(w.order().traceparent);
  w.answer(test::ok());
  BOOST_TEST(w.span("call", 1).id == again);
  BOOST_TEST(w.span("call", 1).id != w.span("call", 0).id);
  BOOST_TEST(attribute(w.span("outer", 1), "pawl.end") == "completed");
  BOOST_TEST(attribute(w.span("flow", 1), "pawl.status") == "completed");
}

BOOST_AUTO_TEST_CASE(a_trace_that_is_not_recorded_has_no_spans) {
  auto dropped = parent;
  dropped.back() = '0';
  watched w{retried, dropped};
  w.restart();
  w.answer(test::ok());
  BOOST_TEST(w.all.empty());
}

BOOST_AUTO_TEST_CASE(a_trace_that_begins_here_is_marked_as_recorded) {
  const watched own{retried};
  auto leaves = own.order().traceparent;
  BOOST_TEST(leaves.ends_with("-00"));
  mark_recorded(leaves, own.run.state());
  BOOST_TEST(leaves.ends_with("-01"));
  auto dropped = parent;
  dropped.back() = '0';
  const watched told{retried, dropped};
  leaves = told.order().traceparent;
  mark_recorded(leaves, told.run.state());
  BOOST_TEST(leaves.ends_with("-00"));
}

BOOST_AUTO_TEST_CASE(hidden_values_and_details_are_not_told) {
  watched w{R"(
document:
  dsl: 1.0.3
  namespace: default
  name: flow
  version: 1.0.0
  metadata: {redact: [/input/card]}
do:
  - stop:
      raise:
        error:
          type: https://e.test/x
          status: 400
          title: '${ "bad card " + .card }'
          detail: '${ "all of it: " + .name }'
)",
            {},
            json::object{{"card", "4111-1111"}, {"name", "Ann"}}};
  const auto text = otlp_of(w.all, "h");
  BOOST_TEST(text.find("4111") == text.npos);
  BOOST_TEST(text.find("Ann") == text.npos);
  BOOST_TEST(w.span("flow").fault == "bad card ***");
  BOOST_TEST(attribute(w.span("stop"), "error.type") == "https://e.test/x");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(writing)

BOOST_AUTO_TEST_CASE(spans_are_written_as_otlp_wants_them) {
  auto one = made("call");
  one.parent = std::string(16, 'c');
  one.kind = span_kind::client;
  one.begun = from_unix_ms(1'750'000'000'123);
  one.ended = one.begun + 5ms;
  one.attributes = {{"text", json::value("a")},
                    {"number", json::value(std::int64_t{7})},
                    {"flag", json::value(true)}};
  one.failed = true;
  one.fault = "no";
  const auto whole = *parse_json(otlp_of(std::vector{one}, "here"));
  const auto& resource = whole.at_pointer("/resourceSpans/0");
  BOOST_TEST(to_text(resource.at_pointer("/resource/attributes/0"))
             == R"({"key":"service.name","value":{"stringValue":"pawl"}})");
  BOOST_TEST(resource.at_pointer("/scopeSpans/0/scope/name").as_string()
             == "pawl");
  BOOST_TEST(to_text(resource.at_pointer("/scopeSpans/0/spans/0"))
             == R"({"traceId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",)"
                R"("spanId":"bbbbbbbbbbbbbbbb","name":"call","kind":3,)"
                R"("startTimeUnixNano":"1750000000123000000",)"
                R"("endTimeUnixNano":"1750000000128000000","attributes":[)"
                R"({"key":"text","value":{"stringValue":"a"}},)"
                R"({"key":"number","value":{"intValue":"7"}},)"
                R"({"key":"flag","value":{"boolValue":true}}],)"
                R"("parentSpanId":"cccccccccccccccc",)"
                R"("status":{"code":2,"message":"no"}})");
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_ends_no_span_early) {
  auto one = made("x");
  one.begun = from_unix_ms(2'000);
  one.ended = from_unix_ms(1'000);
  const auto text = otlp_of(std::vector{one}, "h");
  BOOST_TEST(text.find(R"("endTimeUnixNano":"2000000000")") != text.npos);
}

BOOST_AUTO_TEST_CASE(what_a_collector_did_not_keep_is_read) {
  const auto some = partial_success_of(
    R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"full"}})");
  BOOST_TEST(some.rejected == 3U);
  BOOST_TEST(some.why == "full");
  BOOST_TEST(
    partial_success_of(R"({"partialSuccess":{"rejectedSpans":2}})").rejected
    == 2U);
  for (const auto* all : {"", "{}", "\x0a", R"({"partialSuccess":{}})"})
    BOOST_TEST(partial_success_of(all).rejected == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(leaving, queue)

BOOST_AUTO_TEST_CASE(a_batch_leaves_after_a_while_or_when_it_is_full) {
  put(3);
  BOOST_TEST(leave() == 0U);
  now += 1s;
  BOOST_TEST(leave() == 3U);
  BOOST_TEST(leave() == 0U); // One at a time.
  put(600);
  fare(200);
  BOOST_TEST(counted().exported == 3U);
  BOOST_TEST(leave() == 512U);
  fare(204);
  BOOST_TEST(leave() == 0U);
  BOOST_TEST(size() == 88U);
}

BOOST_AUTO_TEST_CASE(what_finds_no_room_is_dropped_and_counted) {
  put(600);
  BOOST_TEST(leave() == 512U);
  put(600);
  BOOST_TEST(size() == 1000U);
  BOOST_TEST(counted().dropped == 200U);
  fare(200);
  put(100);
  BOOST_TEST(counted().dropped == 200U);
}

BOOST_AUTO_TEST_CASE(a_trouble_that_passes_keeps_the_batch) {
  put(10);
  auto pause = 1s;
  for (const auto status : {0U, 429U, 502U, 503U, 504U}) {
    now += 1min;
    BOOST_TEST(leave() == 10U);
    fare(status);
    now += pause - 1ms;
    BOOST_TEST(leave() == 0U);
    pause *= 2;
  }
  now += 1min;
  BOOST_TEST(leave() == 10U);
  fare(200);
  BOOST_TEST(counted().exported == 10U);
  BOOST_TEST(counted().rejected == 0U);
}

BOOST_AUTO_TEST_CASE(retry_after_is_heeded_within_bounds) {
  put(1);
  now += 1s;
  BOOST_TEST(leave() == 1U);
  fare(429, 30s);
  now += 29s;
  BOOST_TEST(leave() == 0U);
  now += 1s;
  BOOST_TEST(leave() == 1U);
  fare(503, 24h);
  now += span_queue::retry_after_max;
  BOOST_TEST(leave() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_refused_for_good_is_not_sent_again) {
  for (const auto status : {400U, 401U, 404U, 413U, 500U}) {
    put(2);
    now += 1s;
    BOOST_TEST(leave() == 2U);
    fare(status);
    BOOST_TEST(size() == 0U);
  }
  BOOST_TEST(counted().rejected == 10U);
  put(5);
  now += 1s;
  BOOST_TEST(leave() == 5U);
  settle({.status = 200, .detail = {}, .rejected = 2}, now);
  BOOST_TEST(counted().rejected == 12U);
  BOOST_TEST(counted().exported == 3U);
}

BOOST_AUTO_TEST_CASE(a_hurry_does_not_wait) {
  put(2);
  BOOST_TEST(leave(true) == 2U);
  fare(503);
  BOOST_TEST(leave(true) == 2U);
  fare(503);
  give_up();
  BOOST_TEST(size() == 0U);
  BOOST_TEST(counted().dropped == 2U);
  BOOST_TEST(!due());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(ending)

BOOST_AUTO_TEST_CASE(what_is_queued_leaves_and_nobody_is_waited_for_long) {
  std::vector<std::function<void(export_outcome)>> asked;
  const auto sent = std::make_shared<tracer>(
    [](const std::string&, const std::function<void(export_outcome)>& done) {
      done({.status = 200, .detail = {}});
    },
    tracer::terms{.bounds = {.every = 1h, .max = 5000}});
  sent->add(many(1500));
  sent->stop(1min);
  const auto all = sent->metrics();
  BOOST_TEST(all.find("{outcome=\"exported\"} 1500\n") != all.npos);

  const auto stuck = std::make_shared<tracer>(
    [&](const std::string&, std::function<void(export_outcome)> done) {
      asked.push_back(std::move(done));
    },
    tracer::terms{.bounds = {.every = 1h, .max = 5000}});
  stuck->add(many(3));
  stuck->stop(20ms);
  BOOST_REQUIRE(asked.size() == 1U);
  asked.front()({.status = 200, .detail = {}}); // Too late.
  const auto none = stuck->metrics();
  BOOST_TEST(none.find("{outcome=\"dropped\"} 3\n") != none.npos);
}

BOOST_AUTO_TEST_SUITE_END()
