// What tasks use, budgets, flags and traces.
#define BOOST_TEST_MODULE workflow.machine_usage
#include "tests/support/flow.hpp"
#include "workflow/progress.hpp"
#include "workflow/trace.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

constexpr std::string_view twice = R"(
document:
  dsl: '1.0.3'
  namespace: tests
  name: usage
  version: '1.0.0'
  metadata: {budget: {tokens: 100}}
do:
- first: &ask
    call: http
    with: {method: get, endpoint: 'http://x.test/'}
    metadata: {usage: '${ .usage }'}
    output: {as: '${ .text }'}
- second: {call: http, with: {method: get, endpoint: 'http://x.test/'}, metadata: {usage: '${ .usage }'}}
)";

trial::server using_up(int tokens) {
  return [tokens](const test::http_order&) {
    return test::ok(R"({"text":"x","usage":{"tokens":)" + std::to_string(tokens)
                    + R"(,"cost":0.5}})");
  };
}

} // namespace

BOOST_AUTO_TEST_CASE(usage_is_summed_by_instance_and_task) {
  trial f{twice};
  f.serve(using_up(30));
  BOOST_TEST(f.status() == "completed");
  const auto used = f.shown().at("usage");
  BOOST_TEST(to_text(used.at("total")) == R"({"tokens":60,"cost":1.0})");
  BOOST_TEST(used.at("tasks").at("/do/0/first").at("tokens").as_int64() == 30);
  BOOST_TEST(used.at("budget").at("tokens").to_number<double>() == 100);
  BOOST_TEST(f.count("task.metered") == 2U);
}

BOOST_AUTO_TEST_CASE(a_budget_suspends_once_and_a_resume_accepts_it) {
  trial f{twice};
  f.reply(using_up(150)({}));
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(std::string{f.shown().at("reason").as_string()}
             == "its budget of 'tokens' is used up: 150 of 100");
  f.crash();
  f.grant(requests::resume{});
  f.serve(using_up(150));
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.count("instance.overBudget") == 1U);
}

BOOST_AUTO_TEST_CASE(usage_that_is_none_is_the_tasks_fault) {
  trial f{twice};
  f.reply(test::ok(R"({"usage":{"tokens":"many"}})"));
  BOOST_TEST(f.fault() == "expression 400 /do/0/first");
}

BOOST_AUTO_TEST_CASE(a_worker_tells_what_it_used_also_when_it_fails) {
  trial f{"do:\n- work: {call: worker, with: {queue: q}}\n"};
  f.reply(worker_outcome{
    .output = 1, .error = {{"status", 500}}, .usage = {{"tokens", 7}}});
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(f.shown().at("usage").at("total").at("tokens").as_int64() == 7);
}

BOOST_AUTO_TEST_CASE(flags_are_read_and_kept_where_they_were_used) {
  trial f{"do:\n- nap: {wait: PT1S}\n- say: {set: '${ "
          "$runtime.metadata.flags.color // \"none\" }'}\n"};
  f.now += duration{1'000};
  const turn_context in{.now = f.now,
                        .seed = 1,
                        .held_tasks = nullptr,
                        .flags = make_datum({{"color", "red"}})};
  const auto made = f.run.decide(reports::time_passed{}, in);
  BOOST_REQUIRE(made);
  BOOST_TEST(f.output() == R"("red")");
  BOOST_TEST(
    std::ranges::count_if(
      made->events, [](const event& e) { return type_of(e) == "flags.seen"; })
    == 1);
  trial without{"do:\n- say: {set: '${ $runtime.metadata.flags.color // "
                "\"none\" }'}\n"};
  BOOST_TEST(without.output() == R"("none")");
  BOOST_TEST(without.count("flags.seen") == 0U);
}

BOOST_AUTO_TEST_CASE(a_trace_goes_through_to_the_calls) {
  constexpr std::string_view given
    = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  BOOST_TEST(is_traceparent(given));
  BOOST_TEST(!is_traceparent("00-0-0-01"));
  BOOST_TEST(
    !is_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  trial f{"do:\n- ask: {call: http, with: {method: get, endpoint: "
          "'http://x.test/'}}\n",
          json::object{},
          {},
          [&](requests::create& wish, timestamp) { wish.traceparent = given; }};
  const auto sent = f.order().traceparent;
  BOOST_TEST(is_traceparent(sent));
  BOOST_TEST(sent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
  BOOST_TEST(sent.ends_with("-01"));
  BOOST_TEST(sent != given);
  f.crash();
  BOOST_TEST(f.order().traceparent == sent);
  trial own{"do:\n- ask: {call: http, with: {method: get, endpoint: "
            "'http://x.test/'}}\n"};
  BOOST_TEST(is_traceparent(own.order().traceparent));
  BOOST_TEST(own.order().traceparent.ends_with("-00"));
}

BOOST_AUTO_TEST_CASE(limits_and_caches_stand_in_the_arguments) {
  trial f{"do:\n- ask: {call: http, with: {method: get, endpoint: "
          "'http://x.test/'}, metadata: {limit: {name: svc, key: '${ .who }', "
          "onLimit: fault}, cache: {key: '${ .who }', ttl: PT1M}}}\n",
          {{"who", "ann"}}};
  const auto& arguments = f.order().arguments->as_object();
  BOOST_TEST(to_text(arguments.at("limit"))
             == R"({"name":"svc","faults":true,"key":"ann"})");
  BOOST_TEST(to_text(arguments.at("cache")) == R"({"key":"ann","ttl":60000})");
}
BOOST_AUTO_TEST_CASE(progress_counts_tasks_by_what_they_usually_take) {
  trial f{"do:\n- first: {set: {n: 1}}\n- loop: {for: {in: '${ [1,2,3,4] }'}, "
          "do: [{nap: {wait: PT1S}}]}\n- last: {wait: PT1H}\n"};
  const auto none = [](const std::string&) { return std::nullopt; };
  const auto at = [&](const experience& usual) {
    return progress_of(f.state(), f.run.flow(), f.now, usual);
  };
  BOOST_TEST(at(none).percent == 33.3, boost::test_tools::tolerance(0.01));
  BOOST_TEST(!at(none).ends.has_value());
  f.pass(duration{1'000});
  f.pass(duration{1'000});
  BOOST_TEST(at(none).percent == 50.0, boost::test_tools::tolerance(0.01));
  const auto known = [](const std::string& task) -> std::optional<duration> {
    return task.ends_with("first")  ? duration{0}
           : task.ends_with("loop") ? duration{4'000}
                                    : duration{36'000};
  };
  const auto told = at(known); // Two of four items, and an hour before it.
  BOOST_TEST(told.percent < 10.0);
  BOOST_REQUIRE(told.ends.has_value());
  BOOST_TEST((*told.ends - f.now).count() == 38'000);
  f.grant(requests::pause{});
  BOOST_TEST(!at(known).ends.has_value());
  f.grant(requests::cancel{});
  BOOST_TEST(f.status() == "cancelled");
  trial g{"do: [{first: {set: {n: 1}}}]"};
  BOOST_TEST(progress_of(g.state(), g.run.flow(), g.now, none).percent == 100);
}
