// Who may show the token of a lease, and what is recorded of it.
#define BOOST_TEST_MODULE actors.lease_claims
#include "base/bytes.hpp"
#include "tests/actors/queues_world.hpp"
#include "tests/support/stored.hpp"

#include <array>

using namespace pawl;
using namespace pawl::test;

namespace {

using fixture = test::queues_world;

/// What a former life has left.
struct left_behind : fixture, test::stored {
  left_behind() {
    const auto one = create("i");
    storage::row_list rows;
    storage::add_lease(rows, {.key = one.key(),
                              .frame = 1,
                              .dispatch = 1,
                              .fencing = 1,
                              .last = 1,
                              .token = sha256(std::string{"old"}),
                              .worker = "w",
                              .queue = "q",
                              .given = now,
                              .until = now + 1h,
                              .length = 1h,
                              .checkpoint = {}});
    const auto turn = storage::loose_rows(std::move(rows));
    BOOST_REQUIRE(store->commit(std::array{&turn}).value().front());
    BOOST_REQUIRE(queues.restore(*store));
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(who_may_not_serve_the_queue_has_lost_the_lease,
                        fixture) {
  auto& s = offer(1);
  const work_queues::claim foreign{
    .token = lease(),
    .may = [](const auto& queue, const auto& ns, const auto& workflow) {
      BOOST_TEST(queue + ns + workflow == "qnf");
      return false;
    }};
  said& end = answers.emplace_back();
  queues.heartbeat({.from = foreign}, into(end));
  BOOST_TEST(std::exchange(end.status, 0) == 409U);
  queues.release(foreign, {}, into(end));
  BOOST_TEST(std::exchange(end.status, 0) == 409U);
  queues.report(foreign, {}, {}, into(end));
  BOOST_TEST(end.status == 409U);
  BOOST_TEST(s.end == "");
  BOOST_TEST(directive(foreign.token) == "continue");
}

BOOST_FIXTURE_TEST_CASE(whose_a_lease_is_is_known_before_its_job_is_offered,
                        left_behind) {
  said& end = answers.emplace_back();
  const work_queues::claim foreign{
    .token = "old",
    .may =
      [](const auto& queue, const auto& ns, const auto& workflow) {
        BOOST_TEST(queue + ' ' + ns + ' ' + workflow == "q default story");
        return false;
      },
    .note = storage::audit_entry{}};
  queues.heartbeat({.from = foreign}, into(end));
  BOOST_TEST(std::exchange(end.status, 0) == 409U);
  queues.report(foreign, {}, {}, into(end));
  BOOST_TEST(std::exchange(end.status, 0) == 409U);
  queues.release(foreign, {}, into(end));
  BOOST_TEST(std::exchange(end.status, 0) == 409U);
  BOOST_TEST(noted.empty());
  queues.release({.token = "old", .note = storage::audit_entry{}}, {},
                 into(end));
  BOOST_TEST(end.status == 200U);
  BOOST_TEST(noted == (std::vector<std::string>{"default: i"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_is_told_of_a_lease_is_noted_with_it, fixture) {
  auto& s = offer(1);
  said& end = answers.emplace_back();
  queues.release({.token = lease(), .note = storage::audit_entry{}}, {},
                 into(end));
  BOOST_TEST(end.status == 200U);
  BOOST_TEST(noted == (std::vector<std::string>{"n: i /do/0/w"}),
             boost::test_tools::per_element());
  const auto token = lease();
  queues.report({.token = token, .note = storage::audit_entry{.reason = "r"}},
                {.output = 5}, {}, into(end));
  BOOST_REQUIRE(s.told != nullptr);
  BOOST_REQUIRE(s.told->note.has_value());
  BOOST_TEST(s.told->note->target == "i /do/0/w");
  BOOST_TEST(s.told->note->reason == "r");
  s.told->reply->give(s.told->said);
}
