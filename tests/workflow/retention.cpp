#define BOOST_TEST_MODULE workflow.retention
#include "workflow/retention.hpp"

#include "workflow/parse.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace std::chrono_literals;

namespace {

result<retention_rule> said(const std::string& retention) {
  const auto metadata = parse_json(R"({"retention":)" + retention + "}");
  BOOST_REQUIRE_MESSAGE(metadata, retention);
  return read_retention(metadata->get_object());
}

constexpr auto ever = retention_rule::for_ever;

} // namespace

BOOST_AUTO_TEST_SUITE(retention)

BOOST_AUTO_TEST_CASE(reads_one_time_for_all_or_one_for_each) {
  const duration week = 168h;
  BOOST_TEST((said(R"("P7D")").value() == retention_rule{week, week, week}));
  BOOST_TEST((said(R"("PT90M")").value().faulted == duration{90min}));
  BOOST_TEST(
    (said(R"("forever")").value() == retention_rule{ever, ever, ever}));
  BOOST_TEST((said(R"({"completed":"P7D"})").value()
              == retention_rule{week, std::nullopt, std::nullopt}));
  BOOST_TEST((said(R"({"faulted":"forever","cancelled":"PT1S"})").value()
              == retention_rule{std::nullopt, ever, 1s}));
  BOOST_TEST((read_retention({}).value() == retention_rule{}));
}

BOOST_AUTO_TEST_CASE(tells_the_place_of_every_fault) {
  const std::pair<const char*, std::vector<std::string>> table[] = {
    {"7", {"/retention"}},
    {"null", {"/retention"}},
    {"{}", {"/retention"}},
    {R"("7 days")", {"/retention"}},
    {R"("P1M")", {"/retention"}},
    {R"("P0D")", {"/retention"}},
    {R"("PT0.5S")", {"/retention"}},
    {R"("-P1D")", {"/retention"}},
    {R"({"completed":"P1D","done":"P1D"})", {"/retention/done"}},
    {R"({"completed":1,"faulted":""})",
     {"/retention/completed", "/retention/faulted"}},
  };
  for (const auto& [text, places] : table) {
    const auto read = said(text);
    BOOST_REQUIRE_MESSAGE(read.has_error(), text);
    BOOST_TEST((read.error().code == errc::invalid_definition));
    std::vector<std::string> found;
    for (const auto& f : read.error().faults)
      found.push_back(f.pointer);
    BOOST_TEST(found == places, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(is_checked_when_a_definition_is_read) {
  const std::string front
    = "document:\n  dsl: '1.0.3'\n  namespace: default\n  name: a\n"
      "  version: '1.0.0'\n  metadata:\n    retention: ";
  const std::string rest = "\ndo:\n- a: {set: {x: 1}}\n";
  BOOST_TEST(parse_definition(front + "P7D" + rest).has_value());
  const auto bad = parse_definition(front + "{faulted: soon}" + rest);
  BOOST_REQUIRE(bad.has_error());
  const auto why = bad.error(); // A copy: error() returns by value.
  BOOST_REQUIRE(why.faults.size() == 1U);
  const auto& f = why.faults[0];
  BOOST_TEST(f.pointer == "/document/metadata/retention/faulted");
  BOOST_TEST(f.line == 7U);
}

BOOST_AUTO_TEST_CASE(speaks_of_ended_instances_alone) {
  const retention_rule rule{1s, 2s, 3s};
  BOOST_TEST((rule.of(instance_status::completed) == duration{1s}));
  BOOST_TEST((rule.of(instance_status::faulted) == duration{2s}));
  BOOST_TEST((rule.of(instance_status::cancelled) == duration{3s}));
  BOOST_TEST(!rule.of(instance_status::suspended));
}

BOOST_AUTO_TEST_SUITE_END()
