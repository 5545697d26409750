// Approvals: who may vote, and what the votes come to.
#define BOOST_TEST_MODULE workflow.machine_approval
#include "tests/workflow/asking.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::asking;
using test::by;
using test::cast;
using test::outcome_of;
using test::trial;
using test::vote_of;

namespace {

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

BOOST_AUTO_TEST_CASE(a_rejection_says_why_where_that_is_asked_for) {
  trial f{asking("approvers: {users: [ann]}, commentRequired: true")};
  auto bare = vote_of(f, "ann", "rejected");
  bare.comment.clear();
  const auto no = f.refusal(bare);
  BOOST_CHECK(no.what.code == errc::invalid_request);
  BOOST_TEST(no.what.faults.at(0).pointer == "/comment");
  trial free{asking("approvers: {users: [ann]}")};
  auto same = vote_of(free, "ann", "rejected");
  same.comment.clear();
  free.grant(same);
  BOOST_TEST(outcome_of(free) == "rejected");
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
