#define BOOST_TEST_MODULE actors.backup_keeper
#include "actors/backup_keeper.hpp"

#include "tests/support/daemon_inside.hpp"

#include <fstream>

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;

namespace {

timestamp at(std::int64_t ms) {
  return from_unix_ms(ms);
}

/// A keeper of a store of its own.
struct kept {
  test::scratch_directory root;
  config::options::backup_options how{
    .directory = (root.path / "shelf").string(), .every = {}, .keep = 2};
  meters measured;
  storage::recovery_report found;
  std::unique_ptr<storage::store> store = std::move(
    *storage::store::open({.directory = root.path / "data"}, found));
  std::optional<backup_keeper> keeper;

  void start() { keeper.emplace(*store, how, measured); }
  result<storage::backup_info> take() {
    auto answer
      = std::make_shared<std::promise<result<storage::backup_info>>>();
    auto done = answer->get_future();
    keeper->take([answer](auto made) { answer->set_value(std::move(made)); });
    return done.get();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(keeping_backups, kept)

BOOST_AUTO_TEST_CASE(knows_when_one_is_due) {
  struct {
    backup_times last;
    duration every;
    std::int64_t now;
    bool due;
  } const table[] = {
    {{}, 0ms, 5, false},
    {{}, 1h, 5, true},
    {{at(1000), at(1000)}, 1h, 1000 + 3'599'999, false},
    {{at(1000), at(1000)}, 1h, 1000 + 3'600'000, true},
    // It failed: not before a minute is over.
    {{at(1000), at(9'000'000)}, 1h, 9'059'999, false},
    {{at(1000), at(9'000'000)}, 1h, 9'060'000, true},
    {{std::nullopt, at(9'000'000)}, 5s, 9'004'999, false},
    {{std::nullopt, at(9'000'000)}, 5s, 9'005'000, true},
    // The clock was set back.
    {{at(9'000'000), at(9'000'000)}, 1h, 1000, true},
  };
  for (const auto& row : table)
    BOOST_TEST(backup_due(row.last, row.every, at(row.now)) == row.due,
               row.now);
}

BOOST_AUTO_TEST_CASE(takes_one_when_asked_and_keeps_the_newest) {
  start();
  BOOST_TEST(keeper->list().value().empty());
  for (std::uint32_t n = 1; n <= 4; ++n)
    BOOST_TEST(take().value().number == n);
  const auto all = keeper->list().value();
  BOOST_REQUIRE(all.size() == 2U);
  BOOST_TEST(all[0].number == 4U);
  BOOST_TEST(measured.text().find("pawl_backups_total{outcome=\"taken\"} 4")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(takes_one_by_the_clock_and_not_before) {
  how.every = 1h;
  start();
  const auto count = [&] { return keeper->list().value().size(); };
  BOOST_REQUIRE(test::daemon_inside::until([&] { return count() == 1; }));
  keeper.reset();
  start(); // It knows when the last one was taken.
  std::this_thread::sleep_for(700ms);
  BOOST_TEST(count() == 1U);
  clock::shift(61min);
  BOOST_TEST(test::daemon_inside::until([&] { return count() == 2; }));
}

BOOST_AUTO_TEST_CASE(tells_of_a_failure_and_recovers) {
  std::ofstream{root.path / "shelf"} << "a file is in the way";
  start();
  const auto made = take();
  BOOST_REQUIRE(made.has_error());
  BOOST_TEST((made.error().code == errc::io), made.error().detail);
  BOOST_TEST(keeper->trouble().has_value());
  BOOST_TEST(!store->failed());
  std::filesystem::remove(root.path / "shelf");
  BOOST_TEST(take().has_value());
  BOOST_TEST(!keeper->trouble().has_value());
}

BOOST_AUTO_TEST_CASE(takes_none_without_a_directory_or_after_the_end) {
  how.directory.clear();
  start();
  BOOST_TEST((take().error().code == errc::invalid_state));
  keeper.reset();
  how.directory = (root.path / "shelf").string();
  start();
  keeper->stop();
  BOOST_TEST((take().error().code == errc::shutting_down));
}

BOOST_AUTO_TEST_SUITE_END()
