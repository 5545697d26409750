// Random definitions under random schedules: crash, duplicate, reorder, late
// result, clock step, pause, cancel. Run with `-- --seed N` to take one
// definition again, `-- --schedules N` to take more of them.
#define BOOST_TEST_MODULE sim.simulate
#include "tests/sim/definitions.hpp"
#include "tests/sim/world.hpp"
#include "workflow/parse.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <map>
#include <string_view>

using namespace pawl;

namespace {

std::uint64_t option(std::string_view name, std::uint64_t fallback) {
  const auto& suite = boost::unit_test::framework::master_test_suite();
  for (int i = 1; i + 1 < suite.argc; ++i)
    if (name == suite.argv[i])
      return std::strtoull(suite.argv[i + 1], nullptr, 10);
  return fallback;
}

constexpr std::uint64_t schedules_per_definition = 40;

} // namespace

BOOST_AUTO_TEST_CASE(the_invariants_hold_under_random_schedules) {
  const auto only = option("--seed", 0);
  const auto schedules = option("--schedules", 200'000);
  const auto definitions = only != 0 ? 1 : schedules / schedules_per_definition;
  std::map<std::string_view, std::uint64_t> ends;
  std::uint64_t events = 0;
  for (std::uint64_t d = 0; d < definitions; ++d) {
    const auto seed = only != 0 ? only : d + 1;
    const auto parsed = parse_definition(to_text(sim::random_document(seed)));
    if (!parsed) {
      std::string all = parsed.error().detail;
      for (const auto& f : parsed.error().faults)
        all += "\n  " + f.pointer + ": " + f.detail;
      BOOST_REQUIRE_MESSAGE(parsed.has_value(), "seed " << seed << ": " << all);
    }
    for (std::uint64_t s = 0; s < schedules_per_definition; ++s) {
      try {
        sim::world w{*parsed, seed * 1000 + s};
        w.run(20);
        ++ends[to_text(w.status())];
        events += w.event_count();
      } catch (const std::exception& broken) {
        BOOST_FAIL("seed " << seed << ", schedule " << s << ": "
                           << broken.what());
      }
    }
  }
  for (const auto& [status, count] : ends)
    BOOST_TEST_MESSAGE(status << ": " << count);
  BOOST_TEST_MESSAGE(events << " facts");
  if (only == 0) { // The schedules reach every end.
    BOOST_TEST(ends["completed"] > 0u);
    BOOST_TEST(ends["faulted"] > 0u);
    BOOST_TEST(ends["cancelled"] > 0u);
  }
}
