#define BOOST_TEST_MODULE access.scope
#include "access/scope.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using access::need;
using access::role;
using access::scope;

namespace {

access::binding in(role r, std::vector<std::string> namespaces,
                   std::vector<std::string> definitions = {},
                   std::vector<std::string> types = {}) {
  return {.is = r,
          .of = r == role::worker || r == role::approver ? "q" : "",
          .namespaces = std::move(namespaces),
          .definitions = std::move(definitions),
          .event_types = std::move(types)};
}

constexpr need needs[]
  = {need::open,  need::view, need::view_all, need::operate, need::send,
     need::write, need::work, need::approve,  need::rule};

} // namespace

BOOST_AUTO_TEST_CASE(each_role_has_its_needs_and_no_more) {
  // One letter a need, in the order above.
  const std::pair<role, std::string_view> table[] = {
    {role::viewer, "ov......."},   {role::operator_, "ov.os...."},
    {role::author, "ov...w..."},   {role::worker, "o.....k.."},
    {role::approver, "o......a."}, {role::admin, "ov.oswka."},
  };
  for (const auto& [r, row] : table)
    for (std::size_t i = 0; i < row.size(); ++i) {
      const scope here{{in(r, {"a"})}, needs[i]};
      BOOST_TEST(!here.is_empty() == (row[i] != '.'), name_of(r) << " " << i);
      BOOST_TEST(here.covers("a", "x") == (row[i] != '.'));
      BOOST_TEST(!here.covers("b", "x"));
      BOOST_TEST(!here.is_all());
    }
}

BOOST_AUTO_TEST_CASE(what_is_about_all_namespaces_needs_all_of_them) {
  BOOST_TEST((scope{{in(role::admin, {"*"})}, need::rule}.is_all()));
  BOOST_TEST((scope{{in(role::admin, {"a", "b"})}, need::rule}.is_empty()));
  BOOST_TEST(
    (scope{{in(role::admin, {"*"}, {"story"})}, need::rule}.is_empty()));
  BOOST_TEST((scope{{in(role::operator_, {"*"})}, need::rule}.is_empty()));
  BOOST_TEST((scope{{in(role::viewer, {"*"})}, need::view_all}.is_all()));
  BOOST_TEST((scope{{in(role::viewer, {"a"})}, need::view_all}.is_empty()));
}

BOOST_AUTO_TEST_CASE(a_role_may_be_bound_to_definitions) {
  const scope here{{in(role::operator_, {"a"}, {"story"})}, need::operate};
  BOOST_TEST(here.covers("a", "story"));
  BOOST_TEST(!here.covers("a", "other"));
  BOOST_TEST(!here.covers_all_of("a"));
  BOOST_TEST(!here.covers("b", "story"));
}

BOOST_AUTO_TEST_CASE(an_operator_of_events_sends_these_and_reads) {
  const std::vector<access::binding> roles{
    in(role::operator_, {"a"}, {}, {"go"})};
  BOOST_TEST((scope{roles, need::operate}.is_empty()));
  BOOST_TEST((scope{roles, need::view}.covers("a", "x")));
  const scope may{roles, need::send};
  BOOST_TEST(may.covers_event("a", "x", "go"));
  BOOST_TEST(may.covers_event("a", "", "go"));
  BOOST_TEST(!may.covers_event("a", "x", "stop"));
  BOOST_TEST(!may.covers_event("b", "x", "go"));
  const scope everywhere{{in(role::operator_, {"*"}, {}, {"go"})}, need::send};
  BOOST_TEST(!everywhere.is_all());
  BOOST_TEST(!everywhere.covers_event("a", "x", "stop"));
}

BOOST_AUTO_TEST_CASE(who_is_bound_to_a_definition_sends_only_to_it) {
  const scope may{{in(role::operator_, {"a"}, {"story"})}, need::send};
  BOOST_TEST(may.covers_event("a", "story", "any"));
  BOOST_TEST(!may.covers_event("a", "", "any"));
}

BOOST_AUTO_TEST_CASE(roles_add_up) {
  const scope here{{in(role::viewer, {"a"}), in(role::operator_, {"b"}, {"x"}),
                    in(role::worker, {"c"}), in(role::viewer, {"a"})},
                   need::view};
  BOOST_TEST((here.namespaces().value() == std::vector<std::string>{"a", "b"}));
  BOOST_TEST(here.covers_all_of("a"));
  BOOST_TEST(here.covers("b", "x"));
  BOOST_TEST(!here.covers("b", "y"));
  BOOST_TEST((!scope{{in(role::viewer, {"*"}, {"x"})}, need::view}
                 .namespaces()
                 .has_value()));
}

BOOST_AUTO_TEST_CASE(a_worker_has_its_queue) {
  const std::vector<access::binding> roles{in(role::worker, {"a"})};
  BOOST_TEST(!scope(roles, need::work, "q").is_empty());
  BOOST_TEST(scope(roles, need::work, "other").is_empty());
  BOOST_TEST(!scope(roles, need::work).is_empty());
  BOOST_TEST(scope(roles, need::approve).is_empty());
  auto any = roles;
  any[0].of = "*";
  BOOST_TEST(!scope(any, need::work, "other").is_empty());
}

BOOST_AUTO_TEST_CASE(everything_is_everything) {
  BOOST_TEST(scope::all().covers("any", "any"));
  BOOST_TEST(scope::all().covers_event("any", "", "any"));
  BOOST_TEST(!scope::all().namespaces().has_value());
  BOOST_TEST(scope{}.is_empty());
  BOOST_TEST(access::may(nullptr, "a", "b"));
}
