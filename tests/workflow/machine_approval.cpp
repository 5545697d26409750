// Approvals: who may vote, what the votes come to, and what time does to them.
#define BOOST_TEST_MODULE workflow.machine_approval
#include "tests/support/flow.hpp"
#include "workflow/approval.hpp"
#include "workflow/past_approval.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace std::chrono_literals;
using test::trial;

namespace {

std::string asking(std::string_view with) {
  return "do:\n- ask:\n    call: approval\n    with: {title: Release?, "
         + std::string{with}
         + "}\n- after: {set: '${ {was: .outcome, by: .by} }'}\n";
}

trial::shaper by(std::string who) {
  return [who](requests::create& wish, timestamp) { wish.by = who; };
}

const frame& asked(const trial& f) {
  for (const auto& [id, one] : f.state().frames)
    if (is_open_approval(one))
      return one;
  throw std::runtime_error{"no approval is open"};
}

requests::vote vote_of(const trial& f, std::string who, std::string outcome,
                       std::vector<std::string> groups = {}) {
  const auto& open = asked(f);
  return {.frame = open.id,
          .round = open.dispatch,
          .by = std::move(who),
          .groups = std::move(groups),
          .operates = true,
          .outcome = outcome,
          .comment = outcome == "rejected" ? "no" : ""};
}

// "+ann" approves, "-ann" rejects, "+ann@peer" does so as one of peer. What
// comes of it: "", or who was refused how: "ann:forbidden", "ann:late".
std::string cast(trial& f, std::string_view text) {
  const auto at = text.find('@');
  const std::string who{text.substr(1, at - 1)};
  std::vector<std::string> groups;
  if (at != std::string_view::npos)
    groups.emplace_back(text.substr(at + 1));
  auto made = f.decide(
    vote_of(f, who, text[0] == '+' ? "approved" : "rejected", groups));
  if (made)
    return "";
  return who + (made.error().forbidden ? ":forbidden" : ":late");
}

std::string outcome_of(const trial& f) {
  if (f.status() != "completed")
    return std::string{f.status()};
  return std::string{f.state().output->at("was").as_string()};
}

struct row {
  std::string_view approvers;
  std::vector<std::string_view> votes; ///< The last one decides, if any does.
  std::string_view outcome;
};

std::ostream& operator<<(std::ostream& out, const row& r) {
  out << r.approvers;
  for (const auto& one : r.votes)
    out << " " << one;
  return out;
}

const row rows[] = {
  // The first decides.
  {"{users: [ann, bob]}", {"+ann"}, "approved"},
  {"{users: [ann, bob], mode: any}", {"-bob"}, "rejected"},
  {"{groups: [peer]}", {"+ann@peer"}, "approved"},
  {"{groups: peer}", {"-ann@peer"}, "rejected"},
  {"null", {"+whoever"}, "approved"},
  // All must.
  {"{users: [ann, bob], mode: all}", {"+ann"}, "waiting"},
  {"{users: [ann, bob], mode: all}", {"+ann", "+bob"}, "approved"},
  {"{users: [ann, bob], mode: all}", {"+ann", "-bob"}, "rejected"},
  {"{groups: [peer, elder], mode: all}",
   {"+ann@peer", "+bob@elder"},
   "approved"},
  {"{groups: [peer], users: [bob], mode: all}", {"+ann@peer"}, "waiting"},
  {"{groups: [peer], users: [bob], mode: all}", {"+bob@peer"}, "waiting"},
  {"{groups: [peer], users: [bob], mode: all}",
   {"+bob@peer", "+ann@peer"},
   "approved"},
  // A number of them.
  {"{users: [ann, bob, eve], quorum: 2}", {"+ann"}, "waiting"},
  {"{users: [ann, bob, eve], quorum: 2}", {"+ann", "+eve"}, "approved"},
  {"{users: [ann, bob, eve], quorum: 2}", {"-ann", "+bob"}, "waiting"},
  {"{users: [ann, bob, eve], quorum: 2}", {"-ann", "-eve"}, "rejected"},
  {"{users: [ann, bob, eve], quorum: 3}", {"-ann"}, "rejected"},
  {"{groups: [peer], mode: quorum, quorum: 2}", {"-ann@peer"}, "waiting"},
  {"{groups: [peer], mode: quorum, quorum: 2}",
   {"-ann@peer", "+eve@peer", "-bob@peer"},
   "rejected"},
  {"{groups: [peer], mode: quorum, quorum: 2}",
   {"-ann@peer", "+eve@peer", "+bob@peer"},
   "approved"},
  {"{quorum: 2}", {"+ann", "+bob"}, "approved"},
  // One after the other.
  {"{users: [ann, bob], mode: sequence}", {"+ann"}, "waiting"},
  {"{users: [ann, bob], mode: sequence}", {"+ann", "+bob"}, "approved"},
  {"{users: [ann, bob], mode: sequence}", {"-ann"}, "rejected"},
  {"{users: [ann, bob], mode: sequence}", {"+ann", "-bob"}, "rejected"},
  {"{groups: [peer, elder], mode: sequence}",
   {"+ann@peer", "+bob@elder"},
   "approved"},
  {"{users: [ann], groups: [elder], mode: sequence}",
   {"+ann", "+bob@elder"},
   "approved"},
};

} // namespace

BOOST_DATA_TEST_CASE(votes_decide_by_the_mode,
                     boost::unit_test::data::make(rows), r) {
  trial f{asking("approvers: " + std::string{r.approvers})};
  for (const auto& one : r.votes) {
    BOOST_TEST(outcome_of(f) == "waiting");
    BOOST_TEST(cast(f, one) == "");
    f.crash(); // Votes are facts.
  }
  BOOST_TEST(outcome_of(f) == r.outcome);
}

BOOST_AUTO_TEST_CASE(only_those_who_are_asked_may_vote) {
  trial f{asking("approvers: {users: [ann], groups: [peer]}")};
  BOOST_TEST(cast(f, "+eve") == "eve:forbidden");
  BOOST_TEST(cast(f, "+eve@other") == "eve:forbidden");
  const auto no = f.refusal(vote_of(f, "eve", "approved"));
  BOOST_TEST(no.members.contains("approvers"));
  BOOST_TEST(outcome_of(f) == "waiting");
  BOOST_TEST(cast(f, "+eve@peer") == "");
  BOOST_TEST(outcome_of(f) == "approved");
}

BOOST_AUTO_TEST_CASE(where_nobody_is_named_an_operator_decides) {
  trial f{asking("data: 1")};
  auto wish = vote_of(f, "ann", "approved");
  wish.operates = false;
  BOOST_TEST(f.refusal(wish).forbidden);
  wish.operates = true;
  f.grant(wish);
  BOOST_TEST(outcome_of(f) == "approved");
}

BOOST_AUTO_TEST_CASE(everybody_votes_once) {
  trial f{asking("approvers: {users: [ann, bob], mode: all}")};
  BOOST_TEST(cast(f, "+ann") == "");
  BOOST_TEST(f.grant(vote_of(f, "ann", "approved")).events.empty());
  BOOST_TEST(cast(f, "-ann") == "ann:late");
  auto more = vote_of(f, "ann", "approved");
  more.comment = "and another thing";
  BOOST_CHECK(f.refusal(more).what.code == errc::invalid_state);
  BOOST_TEST(f.count("approval.voted") == 1u);
}

BOOST_AUTO_TEST_CASE(a_group_has_one_vote_where_all_must_agree) {
  trial f{asking("approvers: {groups: [peer, elder], mode: all}")};
  BOOST_TEST(cast(f, "+ann@peer") == "");
  BOOST_TEST(cast(f, "+bob@peer") == "bob:late");
  BOOST_TEST(cast(f, "+ann@elder") == ""); // One person, one vote.
  BOOST_TEST(f.count("approval.voted") == 1u);
  BOOST_TEST(outcome_of(f) == "waiting");
  BOOST_TEST(cast(f, "+bob@elder") == "");
  BOOST_TEST(outcome_of(f) == "approved");
}

BOOST_AUTO_TEST_CASE(in_a_sequence_everybody_waits_for_his_turn) {
  trial f{asking("approvers: {groups: [peer], users: [eve], mode: sequence}")};
  BOOST_TEST(cast(f, "+eve") == "eve:late");
  const auto no = f.refusal(vote_of(f, "eve", "approved"));
  BOOST_TEST(to_text(no.members.at("turn")) == R"({"group":"peer"})");
  BOOST_TEST(cast(f, "+ann@peer") == "");
  BOOST_TEST(cast(f, "+bob@peer") == "bob:late");
  BOOST_TEST(cast(f, "+eve") == "");
  BOOST_TEST(outcome_of(f) == "approved");
}

BOOST_AUTO_TEST_CASE(the_starter_may_not_decide) {
  const auto text = asking("approvers: {groups: [peer], users: [ann, bob]}");
  trial f{text, json::object{}, {}, by("ann")};
  BOOST_TEST(cast(f, "+ann") == "ann:forbidden");
  BOOST_TEST(cast(f, "+ann@peer") == "ann:forbidden");
  BOOST_TEST(cast(f, "+bob") == "");
  trial open{asking("data: 1"), json::object{}, {}, by("ann")};
  BOOST_TEST(cast(open, "+ann") == "ann:forbidden");
  trial two{asking("fourEyes: false"), json::object{}, {}, by("ann")};
  BOOST_TEST(cast(two, "+ann") == "");
  trial unknown{text};
  BOOST_TEST(cast(unknown, "+ann") == "");
}

BOOST_AUTO_TEST_CASE(the_starter_is_not_waited_for) {
  trial f{asking("approvers: {users: [ann, bob], mode: all}"),
          json::object{},
          {},
          by("ann")};
  BOOST_TEST(cast(f, "+bob") == "");
  BOOST_TEST(outcome_of(f) == "approved");
  for (const auto* approvers :
       {"{users: [ann]}", "{users: [ann, bob], quorum: 2}"}) {
    trial none{asking("approvers: " + std::string{approvers}),
               json::object{},
               {},
               by("ann")};
    BOOST_TEST(none.fault() == "configuration 400 /do/0/ask");
  }
}

BOOST_AUTO_TEST_CASE(the_starter_of_a_parent_has_started_its_children) {
  trial f{"do:\n- child: {run: {workflow: {namespace: test, name: c, version: "
          "latest}}}\n",
          json::object{},
          {},
          by("ann")};
  BOOST_TEST(f.order().arguments->at("by") == "ann");
}

BOOST_AUTO_TEST_CASE(an_expression_can_approve_at_once) {
  const auto text = asking("autoApprove: '${ .tier == 1 }', approvers: {users: "
                           "[ann]}, due: PT1H");
  trial f{text, {{"tier", 1}}};
  BOOST_TEST(f.output() == R"({"was":"approved","by":"autoApprove"})");
  BOOST_TEST(f.count("approval.voted") == 1u);
  BOOST_TEST(!f.run.next_timer());
  for (const auto& one : f.history)
    if (const auto* done = std::get_if<events::task_completed>(&one.what);
        done != nullptr && done->task == "/do/0/ask")
      BOOST_TEST(done->output->at("automatic").as_bool());
  trial alone{text, {{"tier", 1}}, {}, by("ann")}; // Nobody else is needed.
  BOOST_TEST(outcome_of(alone) == "approved");
  trial other{text, {{"tier", 2}}};
  BOOST_TEST(outcome_of(other) == "waiting");
  trial always{asking("autoApprove: true")};
  BOOST_TEST(outcome_of(always) == "approved");
  trial fails{asking("autoApprove: '${ .tier.a.b }'"), {{"tier", 1}}};
  BOOST_TEST(fails.fault() == "expression 400 /do/0/ask");
}

BOOST_AUTO_TEST_CASE(the_output_tells_who_decided_and_why) {
  trial f{"do:\n- ask:\n    call: approval\n    with: {title: T, approvers: "
          "{users: [ann, bob], mode: all}}\n"};
  BOOST_TEST(cast(f, "+ann") == "");
  auto last = vote_of(f, "bob", "rejected");
  last.comment = "too early";
  last.data = make_datum({{"until", "May"}});
  f.grant(last);
  const auto& out = f.state().output->as_object();
  BOOST_TEST(out.at("outcome") == "rejected");
  BOOST_TEST(out.at("by") == "bob");
  BOOST_TEST(out.at("comment") == "too early");
  BOOST_TEST(to_text(out.at("data")) == R"({"until":"May"})");
  BOOST_TEST(!out.contains("automatic"));
  BOOST_TEST(out.at("votes").as_array().size() == 2u);
  BOOST_TEST(out.at("votes").at(0).at("by") == "ann");
}

BOOST_AUTO_TEST_CASE(a_rejection_says_why_unless_that_is_waived) {
  trial f{asking("approvers: {users: [ann]}")};
  auto bare = vote_of(f, "ann", "rejected");
  bare.comment.clear();
  const auto no = f.refusal(bare);
  BOOST_CHECK(no.what.code == errc::invalid_request);
  BOOST_TEST(no.what.faults.at(0).pointer == "/comment");
  trial waived{asking("commentRequired: false")};
  auto same = vote_of(waived, "ann", "rejected");
  same.comment.clear();
  waived.grant(same);
  BOOST_TEST(outcome_of(waived) == "rejected");
}

BOOST_AUTO_TEST_CASE(data_with_a_vote_must_fit_its_schema) {
  trial f{asking("dataSchema: {type: object, required: [amount], properties: "
                 "{amount: {type: integer}}}")};
  auto wish = vote_of(f, "ann", "approved");
  BOOST_CHECK(f.refusal(wish).what.code == errc::invalid_input);
  wish.data = make_datum({{"amount", "much"}});
  const auto no = f.refusal(wish);
  BOOST_TEST(no.members.at("error").at("status") == 400);
  wish.data = make_datum({{"amount", 3}});
  f.grant(wish);
  BOOST_TEST(outcome_of(f) == "approved");
  trial rejected{asking("dataSchema: {type: object}")};
  BOOST_TEST(cast(rejected, "-ann") == ""); // There is nothing to check.
}

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

BOOST_AUTO_TEST_CASE(expressions_name_those_who_decide) {
  trial f{asking("data: '${ .risk }', approvers: '${ {users: .users, mode: "
                 "\"all\"} }'"),
          {{"users", {"ann", "bob"}}, {"risk", 3}}};
  BOOST_TEST(cast(f, "+ann") == "");
  BOOST_TEST(cast(f, "+bob") == "");
  BOOST_TEST(outcome_of(f) == "approved");
  trial bad{asking("approvers: '${ {user: .users} }'"), {{"users", 1}}};
  BOOST_TEST(bad.fault() == "configuration 400 /do/0/ask");
}

BOOST_AUTO_TEST_CASE(ids_are_read_as_they_are_written) {
  for (const auto* text : {"one~1", "01JABC~12.3", "a.b-c_d~4294967295"})
    BOOST_TEST(to_text(*parse_approval_name(text)) == text);
  for (const auto* text :
       {"", "one", "one~", "one~x", "one~1.", "one~1.1", "one~01", "one~1~2",
        "~1", "one~1.2.3", "one~4294967296", "o ne~1", "one~1 "})
    BOOST_TEST(!parse_approval_name(text), text);
}
