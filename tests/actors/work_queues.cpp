#define BOOST_TEST_MODULE actors.work_queues
#include "tests/actors/queues_world.hpp"

using namespace pawl;
using namespace pawl::test;

namespace {

using fixture = test::queues_world;

} // namespace

BOOST_FIXTURE_TEST_CASE(a_job_goes_to_a_worker_and_its_result_to_the_step,
                        fixture) {
  auto& s = offer(1);
  BOOST_TEST(ask().status == 200U);
  BOOST_TEST(ask().status == 204U);
  const auto& end = complete("t1", 5);
  BOOST_TEST(s.end == "told 5");
  BOOST_TEST(end.status == 0U); // Until the instance has written it down.
  s.told->reply->give(s.told->said);
  BOOST_TEST(end.status == 200U);
  queues.forget(s.id);
  BOOST_TEST(directive("t1") == "409");
}

BOOST_FIXTURE_TEST_CASE(nobody_is_told_before_the_disk_has_it, fixture) {
  disk_waits = true;
  offer(1);
  const auto& first = ask();
  BOOST_TEST(first.status == 0U);
  BOOST_TEST(ask().status == 204U);
  write();
  BOOST_TEST(first.status == 200U);
  const auto& beaten = beat("t1");
  BOOST_TEST(beaten.status == 0U);
  write();
  BOOST_TEST(beaten.status == 200U);
}

BOOST_FIXTURE_TEST_CASE(a_lease_that_was_not_written_is_none, fixture) {
  disk_waits = true;
  offer(1);
  const auto& first = ask();
  write(false);
  BOOST_TEST(first.status == 504U);
  BOOST_TEST(directive("t1") == "409");
  disk_waits = false;
  BOOST_TEST(task_of(ask()).at("delivery").as_int64() == 1);
}

BOOST_FIXTURE_TEST_CASE(a_silent_worker_loses_the_job, fixture) {
  offer(1);
  const auto first = task_of(ask());
  pass(9s);
  BOOST_TEST(ask().status == 204U);
  pass(2s);
  const auto second = task_of(ask());
  BOOST_TEST(second.at("fencing").as_int64() > first.at("fencing").as_int64());
  BOOST_TEST(second.at("delivery").as_int64() == 2);
  BOOST_TEST(directive("t1") == "409");
  BOOST_TEST(complete("t1", 1).status == 409U);
  BOOST_TEST(directive("t2") == "continue");
}

BOOST_FIXTURE_TEST_CASE(a_late_worker_may_go_on_while_nobody_else_has_it,
                        fixture) {
  auto& s = offer(1);
  lease();
  pass(20s);
  BOOST_TEST(directive("t1") == "continue");
  BOOST_TEST(ask().status == 204U);
  pass(20s);
  complete("t1", 7);
  BOOST_TEST(s.end == "told 7");
  BOOST_TEST(ask().status == 204U);
}

BOOST_FIXTURE_TEST_CASE(heartbeats_keep_it, fixture) {
  offer(1);
  lease();
  for (int i = 0; i < 10; ++i) {
    pass(8s);
    BOOST_TEST(directive("t1") == "continue");
  }
}

BOOST_FIXTURE_TEST_CASE(a_poll_waits_and_is_given_the_job, fixture) {
  const auto& waits = ask(25s);
  pass(10s);
  BOOST_TEST(waits.status == 0U);
  offer(1);
  BOOST_TEST(waits.status == 200U);
  queues.forget({{}, 1});
  const auto& late = ask(25s);
  pass(25s);
  BOOST_TEST(late.status == 204U);
}

BOOST_FIXTURE_TEST_CASE(who_waits_longest_is_served_first, fixture) {
  const auto& first = ask(25s);
  const auto& second = ask(25s, 10);
  offer(1);
  BOOST_TEST(first.status == 200U);
  BOOST_TEST(second.status == 0U);
  offer(2);
  BOOST_TEST(second.status == 200U);
}

BOOST_FIXTURE_TEST_CASE(what_nobody_has_stops_at_once, fixture) {
  auto& s = offer(1);
  queues.give_up(s.id, s.ticket, giving_up::drain);
  BOOST_TEST(s.end == "stopped");
  BOOST_TEST(ask().status == 204U);
}

BOOST_FIXTURE_TEST_CASE(what_is_given_up_is_told_by_heartbeats, fixture) {
  for (const auto& [how, word] : {std::pair{giving_up::drain, "continue"},
                                  {giving_up::interrupt, "pause"},
                                  {giving_up::for_good, "cancel"}}) {
    auto& s = offer(static_cast<frame_id>(steps.size() + 1));
    const auto token = lease();
    queues.give_up(s.id, s.ticket, how);
    BOOST_TEST(s.end == "");
    BOOST_TEST(directive(token) == word);
    pass(8s);
    BOOST_TEST(directive(token) == word);
    pass(3s); // Only a drained one is extended.
    BOOST_TEST(s.end == (how == giving_up::drain ? "" : "stopped"));
    pass(20s);
    BOOST_TEST(s.end == "stopped");
    BOOST_TEST(directive(token) == "409");
  }
}

BOOST_FIXTURE_TEST_CASE(giving_it_back_ends_what_is_to_stop, fixture) {
  auto& s = offer(1);
  lease();
  queues.give_up(s.id, s.ticket, giving_up::interrupt);
  BOOST_TEST(release("t1") == 200U);
  BOOST_TEST(s.end == "stopped");
  BOOST_TEST(release("t1") == 409U);
}

BOOST_FIXTURE_TEST_CASE(a_released_job_is_free_at_once, fixture) {
  offer(1);
  lease();
  beat("t1", json::value("half"));
  disk_waits = true;
  release("t1");
  const auto& again = ask();
  // The end of the first lease is written before the second.
  BOOST_REQUIRE(letters.size() == 2U);
  BOOST_TEST(letters[0].rows == 2U);
  write();
  write();
  BOOST_TEST(task_of(again).at("delivery").as_int64() == 1);
  BOOST_TEST(task_of(again).at("checkpoint").as_string() == "half");
}

BOOST_FIXTURE_TEST_CASE(a_lease_outlives_its_step, fixture) {
  auto& first = offer(1);
  lease();
  queues.detach(first.id, first.ticket);
  BOOST_TEST(directive("t1") == "continue");
  auto& second = offer(1);
  BOOST_TEST(ask().status == 204U);
  queues.detach(first.id, first.ticket); // Late, and of no effect.
  complete("t1", 3);
  BOOST_TEST(second.end == "told 3");
  BOOST_TEST(first.end == "");
}

BOOST_FIXTURE_TEST_CASE(a_new_order_ends_the_lease_but_keeps_the_checkpoint,
                        fixture) {
  auto& first = offer(1);
  lease();
  beat("t1", json::value("half"));
  queues.detach(first.id, first.ticket);
  offer(1, 2);
  BOOST_TEST(directive("t1") == "409");
  BOOST_TEST(task_of(ask()).at("checkpoint").as_string() == "half");
}

BOOST_FIXTURE_TEST_CASE(a_result_waits_for_its_instance, fixture) {
  auto& first = offer(1);
  lease();
  queues.detach(first.id, first.ticket);
  const auto& end = complete("t1", 4);
  BOOST_TEST(hurried.size() == 1U);
  BOOST_TEST(end.status == 0U);
  auto& second = offer(1);
  BOOST_TEST(second.end == "told 4");
}

BOOST_FIXTURE_TEST_CASE(a_result_that_nobody_wants_is_refused_in_time,
                        fixture) {
  auto& first = offer(1);
  lease();
  queues.detach(first.id, first.ticket);
  const auto& end = complete("t1", 4);
  for (int i = 0; i < 12; ++i)
    pass(1s);
  BOOST_TEST(end.status == 409U);
}

BOOST_FIXTURE_TEST_CASE(what_does_not_begin_stops_unless_somebody_has_it,
                        fixture) {
  BOOST_TEST(offer(1, 1, false).end == "stopped");
  auto& held = offer(2);
  lease();
  queues.detach(held.id, held.ticket);
  auto& again = offer(2, 1, false);
  BOOST_TEST(again.end == "");
  queues.give_up(again.id, again.ticket, giving_up::drain);
  complete("t1", 1);
  BOOST_TEST(again.end == "told 1");
}

BOOST_FIXTURE_TEST_CASE(a_row_that_comes_behind_the_end_is_erased, fixture) {
  auto& s = offer(1);
  disk_waits = true;
  ask();
  queues.forget(s.id);
  write();
  BOOST_REQUIRE(letters.size() == 1U); // The erasure.
  write();
  BOOST_TEST(directive("t1") == "409");
}

BOOST_FIXTURE_TEST_CASE(only_the_jobs_of_the_instance_stay, fixture) {
  offer(1);
  offer(2);
  lease();
  lease();
  const std::vector<frame_id> open{2};
  queues.keep_only({}, open);
  BOOST_TEST(directive("t1") == "409");
  BOOST_TEST(directive("t2") == "continue");
}

BOOST_FIXTURE_TEST_CASE(a_queue_that_nobody_asks_is_unserved, fixture) {
  ask();
  offer(1);
  const auto unserved
    = [&] { return queues.read("q")->at("unserved").as_bool(); };
  for (int i = 0; i < 59; ++i)
    pass(1s);
  BOOST_TEST(!unserved());
  pass(1s);
  BOOST_TEST(unserved());
  BOOST_TEST(queues.metrics().find("pawl_queue_unserved{queue=\"q\"} 1")
             != std::string::npos);
  lease();
  BOOST_TEST(!unserved());
}
