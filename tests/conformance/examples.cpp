#define BOOST_TEST_MODULE conformance.examples

#include "tests/conformance/corpus.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace pawl;
using namespace pawl::conformance;

namespace {

/// The examples that are refused, and by which name. All others are accepted.
const std::map<std::string, std::string> refused{
  {"call-asyncapi-publish.yaml", "'call: asyncapi' is not supported yet"},
  {"call-asyncapi-subscribe-consume-amount.yaml",
   "'call: asyncapi' is not supported yet"},
  {"call-asyncapi-subscribe-consume-forever-foreach.yaml",
   "'call: asyncapi' is not supported yet"},
  {"call-asyncapi-subscribe-consume-until.yaml",
   "'call: asyncapi' is not supported yet"},
  {"call-asyncapi-subscribe-consume-while.yaml",
   "'call: asyncapi' is not supported yet"},
  {"call-grpc.yaml", "'call: grpc' is not supported yet"},
  {"call-mcp.yaml", "'call: mcp' is not supported yet"},
};

} // namespace

BOOST_AUTO_TEST_CASE(accepts_every_example_or_refuses_it_by_name) {
  std::size_t seen = 0;
  for (const auto& file : examples()) {
    const auto name = file.filename().string();
    BOOST_TEST_CONTEXT(name) {
      ++seen;
      const auto got = parse_definition(text_of(file), resources());
      const auto why = refused.find(name);
      if (why == refused.end()) {
        BOOST_TEST(static_cast<bool>(got), got.error().detail);
        BOOST_TEST((!got || got->made != nullptr));
        continue;
      }
      BOOST_TEST_REQUIRE(!got);
      BOOST_TEST((got.error().code == errc::unsupported));
      BOOST_TEST(got.error().detail == why->second);
    }
  }
  BOOST_TEST(seen == 66U);
}

BOOST_AUTO_TEST_CASE(accepts_them_again_as_they_are_stored) {
  for (const auto& file : examples()) {
    const auto got = parse_definition(text_of(file), resources());
    if (!got || got->made == nullptr)
      continue;
    const auto again = parse_definition(to_canonical_text(got->made->document),
                                        got->made->resources);
    BOOST_TEST_CONTEXT(file.filename()) {
      BOOST_TEST_REQUIRE(static_cast<bool>(again));
      BOOST_TEST(again->made->digest == got->made->digest);
      BOOST_TEST(again->made->tasks.size() == got->made->tasks.size());
    }
  }
}
