#define BOOST_TEST_MODULE workflow.lifecycle

#include "workflow/lifecycle.hpp"

#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;
using pawl::test::trial;

namespace {

/// The lifecycle of the whole history of `t`.
std::vector<json::object> lifecycle(const trial& t, lifecycle_scope scope) {
  std::vector<json::object> out;
  sequence number = 1;
  for (const auto& [what, at] : t.history) {
    const std::vector<event> one{what};
    for (const auto& e : lifecycle_of({.facts = one,
                         .first = number,
                         .at = at,
                         .after = t.state(),
                         .of = t.run.flow()},
                                      scope))
      out.push_back(e->as_object());
    ++number;
  }
  return out;
}

/// "workflow.started, ..." without prefix and version.
std::string types(const std::vector<json::object>& events) {
  std::string out;
  for (const auto& e : events) {
    const std::string_view type = e.at("type").as_string();
    BOOST_TEST(is_lifecycle_type(type));
    BOOST_TEST_REQUIRE(type.ends_with(".v1"));
    out += (out.empty() ? "" : " ") + std::string{type.substr(22)};
    out.resize(out.size() - 3);
  }
  return out;
}

json::object data(const std::vector<json::object>& events, std::size_t i) {
  return events.at(i).at("data").as_object();
}

} // namespace

BOOST_AUTO_TEST_CASE(tells_of_a_run_with_the_data_of_the_specification) {
  const trial t{"do:\n- a: {set: {x: 1}}\n"};
  const auto told = lifecycle(t, lifecycle_scope::tasks);
  BOOST_TEST(types(told)
             == "workflow.started task.created task.started task.completed "
                "workflow.completed");
  const auto name = qualified_name(t.state());
  BOOST_TEST(
    name == t.state().workflow.name + "-" + t.state().id + "." + t.state().ns);
  const auto when = to_text(t.history.front().at);
  const auto& id = t.state().workflow;
  const json::object started{
    {"name", name},
    {"startedAt", when},
    {"definition",
     {{"name", id.name}, {"namespace", id.ns}, {"version", id.version}}}};
  BOOST_TEST(data(told, 0) == started);
  const json::object created{
    {"workflow", name}, {"task", "/do/0/a"}, {"createdAt", when}};
  BOOST_TEST(data(told, 1) == created);
  const json::object completed{{"workflow", name},
                               {"task", "/do/0/a"},
                               {"completedAt", when},
                               {"output", {{"x", 1}}}};
  BOOST_TEST(data(told, 3) == completed);
  const json::object ended{
    {"name", name}, {"completedAt", when}, {"output", {{"x", 1}}}};
  BOOST_TEST(data(told, 4) == ended);
}

BOOST_AUTO_TEST_CASE(names_each_event_once_and_always_the_same) {
  const trial t{"do:\n- a: {set: {x: 1}}\n- b: {set: {x: 2}}\n"};
  const auto told = lifecycle(t, lifecycle_scope::tasks);
  std::set<std::string> ids;
  for (const auto& e : told) {
    BOOST_TEST(ids.insert(std::string{e.at("id").as_string()}).second);
    BOOST_TEST(e.at("subject").as_string() == t.state().id);
    BOOST_TEST(e.at("specversion").as_string() == "1.0");
    BOOST_TEST(!e.at("source").as_string().empty());
  }
  const auto again = lifecycle(t, lifecycle_scope::tasks);
  BOOST_TEST_REQUIRE(again.size() == told.size());
  for (std::size_t i = 0; i < told.size(); ++i)
    BOOST_TEST(again[i] == told[i]);
}

BOOST_AUTO_TEST_CASE(tells_of_faults_and_retries) {
  trial t{R"(do:
- guard:
    try: [{bad: {raise: {error: {type: https://x/y, status: 400}}}}]
    catch: {retry: {delay: PT1S, limit: {attempt: {count: 1}}}}
)"};
  t.to_next_timer();
  const auto told = lifecycle(t, lifecycle_scope::tasks);
  BOOST_TEST(types(told).find("task.retried") != std::string::npos);
  BOOST_TEST(types(told).find("task.faulted") != std::string::npos);
  BOOST_TEST(types(told).ends_with("workflow.faulted"));
  BOOST_TEST(told.back().at("data").at("error").at("status") == 400);
  BOOST_TEST(types(lifecycle(t, lifecycle_scope::workflows))
             == "workflow.started workflow.faulted");
  BOOST_TEST(lifecycle(t, lifecycle_scope::none).empty());
}

BOOST_AUTO_TEST_CASE(tells_of_pause_resume_and_cancel) {
  trial t{"do:\n- a: {wait: PT1H}\n"};
  t.grant(requests::pause{});
  t.grant(requests::resume{});
  t.grant(requests::cancel{});
  BOOST_TEST(types(lifecycle(t, lifecycle_scope::workflows))
             == "workflow.started workflow.suspended workflow.resumed "
                "workflow.cancelled");
}
