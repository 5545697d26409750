// What the parser says of approvals.
#define BOOST_TEST_MODULE workflow.parse_approval
#include "workflow/parse.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

result<definition_ptr> parsed(const std::string& with,
                              const std::string& call = "approval") {
  return parse_definition(
    "document: {dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}\n"
    "do:\n- ask:\n    call: '"
    + call + "'\n    with: " + with + "\n");
}

const tasks::approval& made(const result<definition_ptr>& from) {
  return std::get<tasks::approval>((*from)->tasks.at(0).kind);
}

// "POINTER: DETAIL" of the only fault.
std::string fault_of(const std::string& with) {
  const auto made = parsed(with);
  BOOST_TEST_REQUIRE(!made.has_value());
  const auto why = made.error();
  BOOST_TEST_REQUIRE(why.faults.size() == 1u);
  return why.faults[0].pointer + ": " + why.faults[0].detail;
}

bool begins(const std::string& text, const std::string& with) {
  return text.starts_with("/do/0/ask/with" + with);
}

} // namespace

BOOST_AUTO_TEST_CASE(an_approval_has_all_its_members) {
  const auto from = parsed(
    "{title: '${ .t }', data: {a: 1}, approvers: {users: [ann]}, autoApprove: "
    "'.tier == 1', due: PT1H, remind: PT10M, onDue: escalate, escalateTo: "
    "{groups: [chief]}, fourEyes: false, commentRequired: false, dataSchema: "
    "{type: object}}");
  BOOST_TEST_REQUIRE(from.has_value());
  const auto& one = made(from);
  BOOST_TEST(one.auto_approve != nullptr);
  BOOST_TEST(one.due.has_value());
  BOOST_TEST(one.remind.has_value());
  BOOST_CHECK(one.on_due == tasks::approval::due_kind::escalate);
  BOOST_TEST(one.data_schema != nullptr);
}

BOOST_AUTO_TEST_CASE(it_has_the_names_of_the_catalog) {
  for (const auto* name :
       {"approval", "approval@default", "approval:1.0.0@default"})
    BOOST_TEST(parsed("{title: T}", name).has_value(), name);
  BOOST_TEST(!parsed("{title: T}", "approval:2.0.0@default").has_value());
  BOOST_TEST(!parsed("{title: T}", "approvals").has_value());
}

BOOST_AUTO_TEST_CASE(a_function_of_the_document_goes_before_it) {
  const auto own = parse_definition(
    "document: {dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}\n"
    "use: {functions: {approval: {set: {a: 1}}}}\n"
    "do: [{ask: {call: approval}}]\n");
  BOOST_TEST_REQUIRE(own.has_value());
  BOOST_CHECK(
    std::holds_alternative<tasks::call_function>((*own)->tasks.at(0).kind));
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused_with_its_place) {
  const std::pair<const char*, const char*> rows[] = {
    {"{}", ": "},
    {"{title: 3}", "/title: "},
    {"{title: T, who: ann}", "/who: "},
    {"{title: T, approvers: {users: []}}", "/approvers: 'users'"},
    {"{title: T, approvers: {users: [3]}}", "/approvers: 'users'"},
    {"{title: T, approvers: {user: [ann]}}", "/approvers: "},
    {"{title: T, approvers: [ann]}", "/approvers: "},
    {"{title: T, approvers: {users: [ann], mode: most}}", "/approvers: 'mode'"},
    {"{title: T, approvers: {users: [ann], quorum: 2}}",
     "/approvers: a quorum of 2"},
    {"{title: T, approvers: {users: [ann], quorum: 0}}",
     "/approvers: 'quorum'"},
    {"{title: T, approvers: {users: [ann], mode: quorum}}", "/approvers: "},
    {"{title: T, approvers: {users: [ann], mode: all, quorum: 1}}",
     "/approvers: "},
    {"{title: T, approvers: {mode: sequence}}", "/approvers: "},
    {"{title: T, fourEyes: maybe}", "/fourEyes: "},
    {"{title: T, remind: PT1M}", "/remind: "},
    {"{title: T, due: PT1H, remind: PT1H}", "/remind: "},
    {"{title: T, onDue: fault}", "/onDue: "},
    {"{title: T, due: PT1H, onDue: later}", "/onDue: "},
    {"{title: T, due: PT1H, onDue: escalate}", "/onDue: "},
    {"{title: T, escalateTo: {users: [ann]}}", "/escalateTo: "},
    {"{title: T, dataSchema: {type: shape}}", "/dataSchema/type: "},
    {"{title: T, dataSchema: {document: {type: shape}}}",
     "/dataSchema/document/type: "},
    {"{title: T, data: '${ $secrets.key }'}", "/data: "},
    {"{title: T, autoApprove: '.a ='}", "/autoApprove: "},
  };
  for (const auto& [with, why] : rows) {
    const auto told = fault_of(with);
    BOOST_TEST(begins(told, why), with << " gives " << told);
  }
}

BOOST_AUTO_TEST_CASE(expressions_are_left_for_later) {
  for (const auto* with :
       {"{title: T, approvers: '${ .who }'}",
        "{title: T, approvers: {users: '${ .who }', quorum: 7}}",
        "{title: T, fourEyes: '${ .big }', due: '${ .due }', remind: PT1H}"})
    BOOST_TEST(parsed(with).has_value(), with);
}
