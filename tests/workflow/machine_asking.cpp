// Approvals: what time, pauses and operators do to them, and how they are
// shown.
#define BOOST_TEST_MODULE workflow.machine_asking
#include "tests/workflow/asking.hpp"
#include "workflow/past_approval.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace std::chrono_literals;
using test::asked;
using test::asking;
using test::by;
using test::cast;
using test::outcome_of;
using test::trial;
using test::vote_of;

BOOST_AUTO_TEST_CASE(what_is_due_faults_approves_or_rejects) {
  for (const auto& [rule, outcome] : {std::pair{"", "faulted"},
                                      {", onDue: fault", "faulted"},
                                      {", onDue: approve", "approved"},
                                      {", onDue: reject", "rejected"}}) {
    trial f{asking("due: PT1H, approvers: {users: [ann, bob], mode: all}"
                   + std::string{rule})};
    BOOST_TEST(cast(f, "+ann") == "");
    f.crash();
    f.pass(59min);
    BOOST_TEST(outcome_of(f) == "waiting");
    f.pass(1min);
    BOOST_TEST(outcome_of(f) == outcome);
    if (outcome == std::string_view{"faulted"})
      BOOST_TEST(f.fault() == "timeout 408 /do/0/ask");
    else
      BOOST_TEST(f.state().output->at("by") == "due");
  }
}

BOOST_AUTO_TEST_CASE(a_try_catches_that_nobody_decided) {
  trial f{
    "do:\n- guard:\n    try:\n    - ask: {call: approval, with: {title: T, "
    "due: PT1H}}\n    catch: {errors: {with: {status: 408}}, do: [{say: "
    "{set: {late: true}}}]}\n"};
  f.to_next_timer();
  BOOST_TEST(f.output() == R"({"late":true})");
}

BOOST_AUTO_TEST_CASE(those_it_is_escalated_to_may_decide_too) {
  const auto text
    = asking("due: PT1H, onDue: escalate, approvers: {users: [ann, bob], "
             "mode: all}, escalateTo: {groups: [chief]}");
  trial f{text};
  BOOST_TEST(cast(f, "+ann") == "");
  BOOST_TEST(cast(f, "+eve@chief") == "eve:forbidden");
  f.pass(1h);
  f.crash();
  BOOST_TEST(outcome_of(f) == "waiting"); // The vote of ann decides nothing.
  BOOST_TEST(f.count("approval.escalated") == 1u);
  BOOST_TEST(to_text(f.shown()["current"].at(0).at("waitingFor").at("groups"))
             == R"(["chief"])");
  BOOST_TEST(cast(f, "+eve@chief") == "");
  BOOST_TEST(outcome_of(f) == "approved");
  trial first{text}; // Those who were asked first still can.
  first.pass(1h);
  BOOST_TEST(cast(first, "+ann") == "");
  BOOST_TEST(cast(first, "+bob") == "");
  BOOST_TEST(outcome_of(first) == "approved");
  trial nobody{text};
  nobody.pass(1h);
  nobody.pass(59min);
  BOOST_TEST(outcome_of(nobody) == "waiting");
  nobody.pass(1min);
  BOOST_TEST(nobody.fault() == "timeout 408 /do/0/ask");
}

BOOST_AUTO_TEST_CASE(a_reminder_comes_before_it_is_due) {
  trial f{asking("due: PT2H, remind: PT30M")};
  f.pass(89min);
  BOOST_TEST(f.count("timer.fired") == 0u);
  f.pass(1min);
  BOOST_TEST(f.count("timer.fired") == 1u);
  BOOST_TEST(outcome_of(f) == "waiting");
  BOOST_TEST(cast(f, "+ann") == "");
  BOOST_TEST(!f.run.next_timer());
}

BOOST_AUTO_TEST_CASE(a_vote_in_a_pause_counts_and_the_flow_goes_on_later) {
  trial f{asking("due: PT1H, onDue: reject, approvers: {users: [ann, bob], "
                 "mode: all}")};
  f.grant(requests::pause{});
  f.pass(2h); // Nothing is due in a pause.
  BOOST_TEST(cast(f, "+ann") == "");
  f.crash();
  BOOST_TEST(cast(f, "+bob") == "");
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.count("task.started") == 1u);
  f.grant(requests::resume{});
  BOOST_TEST(outcome_of(f) == "approved");
}

BOOST_AUTO_TEST_CASE(an_instance_that_is_over_takes_no_vote) {
  trial f{asking("due: PT1H")};
  const auto wish = vote_of(f, "ann", "approved");
  auto elsewhere = wish;
  elsewhere.frame = 99;
  BOOST_CHECK(f.refusal(elsewhere).what.code == errc::not_found);
  elsewhere.frame = 0;
  BOOST_CHECK(f.refusal(elsewhere).what.code == errc::not_found);
  f.pass(1h);
  BOOST_TEST(f.status() == "faulted");
  BOOST_CHECK(f.refusal(wish).what.code == errc::not_found);
  f.grant(requests::retry{}); // Asked anew, it is another approval.
  BOOST_CHECK(f.refusal(wish).what.code == errc::not_found);
  BOOST_TEST(to_text(approval_name{"one", asked(f).id, asked(f).dispatch})
             == "one~1.2");
  f.grant(requests::cancel{});
  BOOST_CHECK(f.refusal(wish).what.code == errc::not_found);
}

BOOST_AUTO_TEST_CASE(a_lane_that_waits_takes_no_vote_once_another_has_faulted) {
  trial f{
    "do:\n- both:\n    fork:\n      branches:\n      - ask: {call: approval, "
    "with: {title: T}}\n      - late: {do: [{nap: {wait: PT1H}}, {fail: "
    "{raise: {error: {type: 'https://x.test/e', status: 500}}}}]}\n"};
  const auto wish = vote_of(f, "ann", "approved");
  f.pass(1h);
  BOOST_TEST(f.status() == "faulted");
  BOOST_CHECK(f.refusal(wish).what.code == errc::invalid_state);
  BOOST_TEST(to_text(f.shown()["allowedActions"]).find("approve")
             == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_operator_settles_it_as_every_task_that_waits) {
  trial skipped{asking("data: 1")};
  skipped.grant(requests::settle{
    .output = make_datum({{"outcome", "none"}, {"by", "me"}})});
  BOOST_TEST(outcome_of(skipped) == "none");
  trial failed{asking("data: 1")};
  failed.grant(requests::settle{.how = requests::settle::way::fail});
  BOOST_TEST(failed.fault() == "runtime 500 /do/0/ask");
}

BOOST_AUTO_TEST_CASE(it_is_shown_with_its_actions) {
  trial f{asking("data: {n: 1}, approvers: {groups: [peer], quorum: 2}, due: "
                 "PT1H"),
          json::object{},
          {},
          by("ann")};
  BOOST_TEST(cast(f, "+bob@peer") == "");
  const auto shown = f.shown();
  const auto& wait = shown.at("current").at(0).at("waitingFor").as_object();
  BOOST_TEST(wait.at("kind") == "approval");
  BOOST_TEST(wait.at("id") == "one~1");
  BOOST_TEST(wait.at("title") == "Release?");
  BOOST_TEST(wait.at("mode") == "quorum");
  BOOST_TEST(wait.at("votes").at(0).at("group") == "peer");
  const auto& actions = shown.at("allowedActions").as_array();
  BOOST_TEST(to_text(actions.back())
             == R"({"name":"reject","method":"POST","href":"/v1/approvals/)"
                R"(one~1","title":"Release?","body":{"outcome":"rejected"}})");
  const auto why = explain(f.state(), f.run.flow());
  BOOST_TEST(why.at("blockedBy").at(0).at("kind") == "approval");
  BOOST_TEST(why.at("blockedBy").at(0).at("movedBy").at(0).at("href")
             == "/v1/approvals/one~1");
  const auto item = show_approval(f.state(), f.run.flow(), asked(f));
  BOOST_TEST(to_text(item.at("data")) == R"({"n":1})");
  BOOST_TEST(item.at("startedBy") == "ann");
  BOOST_TEST(item.at("fourEyes").as_bool());
}

BOOST_AUTO_TEST_CASE(the_history_tells_of_it_when_it_is_over) {
  trial f{asking("approvers: {users: [ann, bob], mode: all}")};
  const approval_name name{"one", asked(f).id, 1};
  BOOST_TEST(cast(f, "+ann") == "");
  BOOST_TEST(cast(f, "-bob") == "");
  const auto told = [&](const approval_name& which) {
    past_approval past{f.run.flow(), which};
    for (const auto& one : f.history)
      past.see(one.what, one.at);
    return past;
  };
  BOOST_TEST(told(name).status() == "rejected");
  BOOST_TEST(told(name).shown().at("votes").as_array().size() == 2u);
  BOOST_TEST(!told({"one", 99, 1}).is_known());
  BOOST_TEST(!told({"one", name.frame, 2}).is_known());
}

BOOST_AUTO_TEST_CASE(ids_are_read_as_they_are_written) {
  for (const auto* text : {"one~1", "01JABC~12.3", "a.b-c_d~4294967295"})
    BOOST_TEST(to_text(*parse_approval_name(text)) == text);
  for (const auto* text :
       {"", "one", "one~", "one~x", "one~1.", "one~1.1", "one~01", "one~1~2",
        "~1", "one~1.2.3", "one~4294967296", "o ne~1", "one~1 "})
    BOOST_TEST(!parse_approval_name(text), text);
}
