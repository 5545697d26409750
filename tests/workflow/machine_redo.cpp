// A task or an item that runs once more beside the flow.
#define BOOST_TEST_MODULE workflow.machine_redo
#include "tests/support/flow.hpp"
#include "workflow/past_runs.hpp"
#include "workflow/redo.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

// Two sections are written, then somebody reviews them.
constexpr std::string_view sections = R"(
do:
- write:
    for: {each: section, in: '${ .sections }'}
    metadata: {concurrency: 2, state: {enter: writing, done: written}}
    do:
    - ask:
        call: http
        with: {method: post, endpoint: 'http://x.test/', body: {of: '${ $section }', hint: '${ .hint }'}}
        output: {as: '${ .text }'}
    export: {as: '${ $context + {written: .} }'}
- review: {listen: {to: {one: {with: {type: reviewed}}}}}
- show: {set: '${ $context.written }'}
)";
constexpr std::string_view head = R"(
document:
  dsl: '1.0.3'
  namespace: tests
  name: redo
  version: '1.0.0'
  metadata:
    states: {initial: draft, terminal: [written], transitions: {draft: [writing], writing: [written]}}
)";

test::trial::server writer(std::string text) {
  return [text = std::move(text)](const test::http_order& what) {
    const auto body = *parse_json(what.body);
    const json::value said{
      {"text", text + std::string{body.at("of").as_string()}}};
    return test::ok(to_text(said));
  };
}

// As the daemon does: the history tells what the state does not.
requests::redo wish_of(const trial& f, std::string task,
                       std::uint32_t item = 0) {
  machine again{f.run.shared_flow()};
  redo_finder finder{task, item};
  for (const auto& [what, at] : f.history) {
    finder.before(again.state(), again.flow(), what);
    again.apply(what, at);
    finder.after(again.state(), again.flow(), what);
  }
  requests::redo wish{.task = std::move(task), .item = item};
  finder.tell(wish);
  return wish;
}

std::vector<task_run> runs_of(const trial& f, std::string task) {
  machine again{f.run.shared_flow()};
  run_reader reader{std::move(task), 0};
  sequence number = 0;
  for (const auto& [what, at] : f.history) {
    reader.before(again.state(), what, at);
    again.apply(what, at);
    reader.after(again.state(), what, ++number, at);
  }
  return reader.all();
}

trial written() {
  trial f{std::string{head} + std::string{sections},
          {{"sections", {"a", "b"}}, {"hint", "none"}}};
  f.serve(writer("old "));
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(f.context() == R"({"written":["old a","old b"]})");
  return f;
}

} // namespace

BOOST_AUTO_TEST_CASE(an_item_is_redone_and_exported_anew) {
  auto f = written();
  auto wish = wish_of(f, "/do/0/write", 2);
  BOOST_REQUIRE(wish.given);
  wish.input = make_datum({{"hint", "shorter"}});
  f.grant(wish);
  f.crash();
  BOOST_TEST(f.shown().at("state").as_string() == "written");
  const auto body = *parse_json(f.call().body);
  BOOST_TEST(body.at("of").as_string() == "b");
  BOOST_TEST(body.at("hint").as_string() == "shorter");
  f.serve(writer("new "));
  BOOST_TEST(f.context() == R"({"written":["old a","new b"]})");
  BOOST_TEST(f.status() == "waiting"); // The flow stands where it stood.
  BOOST_TEST(f.shown().at("state").as_string() == "written");
  f.crash();
  BOOST_REQUIRE(f.deliver("reviewed"));
  BOOST_TEST(f.output() == R"(["old a","new b"])");
}

BOOST_AUTO_TEST_CASE(a_second_redo_builds_on_the_first) {
  auto f = written();
  f.grant(wish_of(f, "/do/0/write", 2));
  f.serve(writer("new "));
  f.grant(wish_of(f, "/do/0/write", 1));
  f.serve(writer("newer "));
  BOOST_TEST(f.context() == R"({"written":["newer a","new b"]})");
}

BOOST_AUTO_TEST_CASE(two_redos_side_by_side_lose_nothing) {
  auto f = written();
  f.grant(wish_of(f, "/do/0/write", 1));
  f.grant(wish_of(f, "/do/0/write", 2));
  BOOST_TEST(
    (f.refusal(wish_of(f, "/do/0/write", 2)).what.code == errc::invalid_state));
  f.serve(writer("new "));
  BOOST_TEST(f.context() == R"({"written":["new a","new b"]})");
}

BOOST_AUTO_TEST_CASE(each_attempt_has_an_effect_of_its_own) {
  auto f = written();
  f.grant(wish_of(f, "/do/0/write", 1));
  const auto first = f.order().effect_key;
  f.serve(writer("new "));
  f.grant(wish_of(f, "/do/0/write", 1));
  BOOST_TEST(f.order().effect_key != first);
}

BOOST_AUTO_TEST_CASE(a_redo_that_fails_changes_nothing) {
  auto f = written();
  f.grant(wish_of(f, "/do/0/write", 2));
  f.reply(test::status_of(500));
  BOOST_TEST(f.count("redo.faulted") == 1U);
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(f.context() == R"({"written":["old a","old b"]})");
  BOOST_TEST(f.shown().at("state").as_string() == "written");
}

BOOST_AUTO_TEST_CASE(a_task_of_an_item_sees_its_names) {
  auto f = written();
  auto wish = wish_of(f, "/do/0/write/do/0/ask", 2);
  BOOST_REQUIRE(wish.given);
  f.grant(wish);
  BOOST_TEST(parse_json(f.call().body)->at("of").as_string() == "b");
  f.serve(writer("new "));
  // It is not the item: what the loop has put out stands.
  BOOST_TEST(f.context() == R"({"written":["old a","old b"]})");
}

BOOST_AUTO_TEST_CASE(while_the_loop_goes_on_the_item_counts_there) {
  trial f{std::string{head} + std::string{sections},
          {{"sections", {"a", "b", "c"}}, {"hint", "none"}}};
  // The first is through, the others are out.
  auto out = f.calls();
  const auto first = *std::ranges::find_if(
    out, [](const auto& one) { return parse_json(one.body)->at("of") == "a"; });
  f.grant(reports::effect_done{first.frame, first.dispatch,
                               test::ok(R"({"text":"old a"})")});
  f.grant(wish_of(f, "/do/0/write", 1));
  f.serve(writer("new "));
  BOOST_TEST(f.context() == R"({"written":["new a","new b","new c"]})");
}

BOOST_AUTO_TEST_CASE(the_workflow_waits_for_its_redos) {
  auto f = written();
  f.grant(wish_of(f, "/do/0/write", 1));
  BOOST_REQUIRE(f.deliver("reviewed"));
  BOOST_TEST(f.status() == "running");
  BOOST_TEST(!f.run.has_work());
  f.serve(writer("new "));
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(what_never_ran_is_not_redone) {
  auto f = written();
  const auto no = f.refusal(wish_of(f, "/do/2/show"));
  BOOST_TEST((no.what.code == errc::invalid_request));
  BOOST_TEST((f.refusal(wish_of(f, "/do/0/write", 7)).what.code
              == errc::invalid_request));
  BOOST_TEST((f.refusal(requests::redo{.task = "/do/9/no"}).what.code
              == errc::invalid_request));
  f.grant(requests::pause{});
  BOOST_TEST(
    (f.refusal(wish_of(f, "/do/0/write", 1)).what.code == errc::invalid_state));
}

BOOST_AUTO_TEST_CASE(a_cancel_ends_it_with_the_instance) {
  auto f = written();
  f.grant(wish_of(f, "/do/0/write", 1));
  f.grant(requests::cancel{});
  f.confirm_stop();
  BOOST_TEST(f.status() == "cancelled");
}

BOOST_AUTO_TEST_CASE(an_end_within_it_is_its_own_end) {
  trial f{"do:\n- step: {do: [{last: {set: {n: 1}, then: end}}], export: {as: "
          "'${ $context + {step: .} }'}}\n- nap: {wait: PT1H}\n"};
  BOOST_TEST(f.status() == "completed");
  trial g{"do:\n- one: {if: '${ .go }', set: {n: 1}, then: end}\n"
          "- step: {set: {n: 2}, export: {as: '${ {n: .n} }'}}\n"
          "- nap: {wait: PT1H}\n"};
  g.grant(wish_of(g, "/do/1/step"));
  BOOST_TEST(g.status() == "waiting");
  BOOST_TEST(g.count("redo.completed") == 1U);
}

BOOST_AUTO_TEST_CASE(all_its_runs_can_be_read) {
  auto f = written();
  auto wish = wish_of(f, "/do/0/write", 2);
  wish.input = make_datum({{"hint", "shorter"}});
  f.grant(wish);
  f.serve(writer("new "));
  auto runs = runs_of(f, "/do/0/write/do/0/ask");
  BOOST_TEST(runs.size() == 3U);
  std::erase_if(runs, [](const task_run& run) { return run.item != 2; });
  BOOST_TEST_REQUIRE(runs.size() == 2U);
  BOOST_TEST(runs[0].attempt == 1U);
  BOOST_TEST(to_text(*runs[0].made) == R"("old b")");
  BOOST_TEST(runs[1].attempt == 2U);
  BOOST_TEST(runs[1].redo);
  BOOST_TEST(to_text(*runs[1].made) == R"("new b")");
  BOOST_TEST(runs[1].status == "completed");
}
