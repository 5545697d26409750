#define BOOST_TEST_MODULE workflow.problem

#include "workflow/problem.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

using namespace pawl;

namespace {

constexpr std::array<std::string_view, 4> bases{
  "https://serverlessworkflow.io/spec/1.0.0/errors/",
  "https://open-workflow-specification.org/spec/1.0.0/errors/",
  "https://serverlessworkflow.io/dsl/errors/types/",
  "https://open-workflow-specification.org/dsl/errors/types/",
};

} // namespace

BOOST_AUTO_TEST_CASE(knows_type_and_status_of_each_kind) {
  struct row {
    error_kind kind;
    std::string_view name;
    std::int64_t status;
  };
  constexpr row rows[] = {
    {error_kind::configuration, "configuration", 400},
    {error_kind::validation, "validation", 400},
    {error_kind::expression, "expression", 400},
    {error_kind::authentication, "authentication", 401},
    {error_kind::authorization, "authorization", 403},
    {error_kind::timeout, "timeout", 408},
    {error_kind::communication, "communication", 500},
    {error_kind::runtime, "runtime", 500},
  };
  for (const auto& [kind, name, status] : rows) {
    BOOST_TEST(error_type(kind) == std::string{bases[0]}.append(name));
    BOOST_TEST(error_status(kind) == status);
    BOOST_TEST(!error_title(kind).empty());
  }
}

BOOST_AUTO_TEST_CASE(compares_types_over_all_bases) {
  for (const auto a : bases)
    for (const auto b : bases) {
      BOOST_TEST(same_error_type(std::string{a} + "timeout",
                                 std::string{b} + "timeout"));
      BOOST_TEST(!same_error_type(std::string{a} + "timeout",
                                  std::string{b} + "runtime"));
      BOOST_TEST(normal_error_type(std::string{a} + "runtime")
                 == error_type(error_kind::runtime));
    }
}

BOOST_AUTO_TEST_CASE(leaves_other_types_alone) {
  constexpr std::string_view own = "https://example.com/errors/timeout";
  BOOST_TEST(normal_error_type(own) == own);
  BOOST_TEST(same_error_type(own, own));
  BOOST_TEST(!same_error_type(own, error_type(error_kind::timeout)));
  BOOST_TEST(!same_error_type("timeout", error_type(error_kind::timeout)));
  BOOST_TEST(!same_error_type(bases[0], bases[1]));
  BOOST_TEST(normal_error_type("") == "");
}
