#define BOOST_TEST_MODULE actors.journal_writer
#include "actors/journal_writer.hpp"

#include "tests/support/stored.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <future>

using namespace pawl;
using namespace pawl::actors;

namespace {

/// A writer on a store of memory. It is held back by a job that waits, so that
/// a test decides what gathers in its mailbox.
struct fixture : test::stored {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  config::options chosen;
  http_client http{{}};
  context ctx{*store, chosen, sys, http};
  caf::scoped_actor client{sys};
  writer_actor writer = spawn_journal_writer(sys, ctx);
  std::promise<void> opened;

  ~fixture() {
    client->send_exit(writer, caf::exit_reason::user_shutdown);
    client->wait_for(writer);
  }

  void hold() {
    caf::anon_send(writer, write_job{[open = opened.get_future().share()](
                                       storage::store&) -> result<> {
                     open.wait();
                     return {};
                   }});
  }
  void release() { opened.set_value(); }

  static test::led_instance led(const std::string& id) {
    test::led_instance one{id};
    one.now.created = one.now.updated = from_unix_ms(1'000'000);
    return one;
  }
  std::shared_ptr<const queued_turn> turn_of(const test::led_instance& one) {
    return std::make_shared<const queued_turn>(storage::prepare(one.next()),
                                               ctx.journal);
  }
  auto send(std::shared_ptr<const queued_turn> rows, bool urgent = false) {
    return client->request(writer, caf::infinite,
                           commit{std::move(rows), urgent});
  }
  template <class Handle>
  static result<> how(Handle& pending) {
    result<> out;
    pending.receive([&](committed& c) { out = std::move(c.how); },
                    [&](const caf::error&) {
                      out = error{errc::internal, "the writer died"};
                    });
    return out;
  }
  std::string counted(const std::string& name) {
    const auto all = ctx.measured.text();
    const auto at = all.find('\n' + name + ' ');
    const auto from = at + name.size() + 2;
    return at == std::string::npos
             ? ""
             : all.substr(from, all.find('\n', from) - from);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(journal_writer_suite, fixture)

BOOST_AUTO_TEST_CASE(commits_what_has_gathered_as_one_group) {
  hold();
  std::vector<decltype(send({}))> pending;
  for (int i = 0; i < 50; ++i)
    pending.push_back(send(turn_of(led("i" + std::to_string(i)))));
  BOOST_TEST(ctx.journal.queued_bytes() > 0u);
  release();
  for (auto& p : pending)
    BOOST_TEST(how(p).has_value());
  BOOST_TEST(counted("pawl_journal_commit_turns_count") == "1");
  BOOST_TEST(counted("pawl_journal_commit_turns_sum") == "50");
  BOOST_TEST(store->read_head(led("i49").key()).has_value());
  expect_sound();
}

BOOST_AUTO_TEST_CASE(keeps_a_group_within_its_bound) {
  chosen.journal.batch_max = 8;
  hold();
  std::vector<decltype(send({}))> pending;
  for (int i = 0; i < 20; ++i)
    pending.push_back(send(turn_of(led("i" + std::to_string(i)))));
  release();
  for (auto& p : pending)
    BOOST_TEST(how(p).has_value());
  BOOST_TEST(counted("pawl_journal_commit_turns_count") == "3");
}

BOOST_AUTO_TEST_CASE(tells_each_turn_its_own_fate) {
  hold();
  auto first = send(turn_of(led("a")));
  auto second = send(turn_of(led("a")));
  auto third = send(turn_of(led("b")));
  release();
  BOOST_TEST(how(first).has_value());
  const auto taken = how(second);
  BOOST_REQUIRE(!taken);
  BOOST_TEST((taken.error().code == errc::already_exists));
  BOOST_TEST(how(third).has_value());
}

BOOST_AUTO_TEST_CASE(writes_urgent_turns_first) {
  chosen.journal.batch_max = 1;
  hold();
  auto normal = send(turn_of(led("a")));
  auto urgent = send(turn_of(led("a")), true);
  release();
  // Both create the same instance: only the first to be written can.
  BOOST_TEST(!how(normal).has_value());
  BOOST_TEST(how(urgent).has_value());
}

BOOST_AUTO_TEST_CASE(a_writer_that_dies_answers_for_what_it_has_not_written) {
  hold();
  auto pending = send(turn_of(led("a")));
  client->send_exit(writer, caf::exit_reason::kill);
  release();
  BOOST_TEST(!how(pending).has_value());
  BOOST_TEST(!store->read_head(led("a").key()).has_value());
  // CAF answers for what was in its mailbox before it drops it.
  client->wait_for(writer);
  BOOST_TEST(ctx.journal.queued_bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
