#define BOOST_TEST_MODULE access.guard
#include "access/guard.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace std::chrono_literals;

namespace {

const timestamp now = from_unix_ms(1'800'000'000'000);
const access::peer loopback{.is_local = true, .address = "127.0.0.1"};
const access::peer remote{.is_local = false, .address = "192.0.2.7"};

access::peer unix_peer(std::uint32_t uid) {
  return {.is_local = true, .address = "unix", .uid = uid};
}

struct fixture {
  access::guard door{1000, {.misses_max = 3, .window = 60s, .places_max = 4}};
  std::string text;
  std::string id;

  void make(std::optional<timestamp> expires = {}) {
    auto [made, shown] = access::make_token(
      {.name = "ci",
       .roles = {{.is = access::role::viewer, .of = {}, .namespaces = {"a"}}},
       .expires = expires},
      "loopback", now);
    id = made.id;
    text = shown;
    door.add(std::move(made));
  }
  access::caller_ptr in(const access::peer& from, const std::string& field,
                        timestamp at = now) {
    auto said = door.admit(
      from,
      field.empty() ? std::nullopt : std::optional<std::string_view>{field},
      at);
    const auto* who = std::get_if<access::caller_ptr>(&said);
    return who == nullptr ? nullptr : *who;
  }
  access::denial out(const access::peer& from, const std::string& field,
                     timestamp at = now) {
    auto said = door.admit(
      from,
      field.empty() ? std::nullopt : std::optional<std::string_view>{field},
      at);
    return std::get<access::denial>(said);
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(without_tokens_this_machine_may_do_everything,
                        fixture) {
  for (const auto& from : {loopback, unix_peer(4711)}) {
    const auto who = in(from, "");
    BOOST_TEST_REQUIRE(who != nullptr);
    BOOST_TEST(who->almighty);
    BOOST_TEST(who->credential == "");
    BOOST_TEST(in(from, "Bearer anything") != nullptr);
  }
  BOOST_TEST(in(remote, "") == nullptr);
  BOOST_TEST(in(remote, "Bearer anything") == nullptr);
}

BOOST_FIXTURE_TEST_CASE(from_the_first_token_on_one_must_be_shown, fixture) {
  make();
  BOOST_TEST(in(loopback, "") == nullptr);
  BOOST_TEST(in(unix_peer(4711), "") == nullptr);
  BOOST_TEST(!out(loopback, "").bad_token);
  for (const auto& from : {loopback, remote, unix_peer(4711)}) {
    const auto who = in(from, "Bearer " + text);
    BOOST_TEST_REQUIRE(who != nullptr);
    BOOST_TEST(!who->almighty);
    BOOST_TEST(who->credential == "token:" + id);
  }
  BOOST_TEST(in(remote, "bearer  " + text + " ") != nullptr);
}

BOOST_FIXTURE_TEST_CASE(root_and_the_daemon_itself_are_never_locked_out,
                        fixture) {
  make();
  for (const auto uid : {0U, 1000U}) {
    const auto who = in(unix_peer(uid), "");
    BOOST_TEST_REQUIRE(who != nullptr);
    BOOST_TEST(who->almighty);
    BOOST_TEST(who->credential == "uid:" + std::to_string(uid));
  }
}

BOOST_FIXTURE_TEST_CASE(what_is_not_the_token_is_refused, fixture) {
  make();
  auto wrong = text;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (const auto& field :
       {"Bearer " + wrong, "Bearer " + text + "0", std::string{"Bearer "},
        std::string{"Basic YTpi"}, text, "Bearer pawl_000000000000_" + text})
    BOOST_TEST(out(remote, field).bad_token, field);
}

BOOST_FIXTURE_TEST_CASE(a_token_ends_with_its_time_and_when_it_is_revoked,
                        fixture) {
  make(now + 1h);
  const auto who = in(remote, "Bearer " + text);
  BOOST_TEST_REQUIRE(who != nullptr);
  BOOST_TEST(door.stands(*who, now));
  BOOST_TEST(!door.stands(*who, now + 1h));
  BOOST_TEST(in(remote, "Bearer " + text, now + 1h) == nullptr);
  door.remove(id);
  BOOST_TEST(!door.stands(*who, now));
  BOOST_TEST(in(remote, "Bearer " + text) == nullptr);
}

BOOST_FIXTURE_TEST_CASE(the_door_stays_shut_after_the_last_token, fixture) {
  const auto before = in(loopback, "");
  make();
  BOOST_TEST(!door.stands(*before, now));
  door.remove(id);
  BOOST_TEST(door.closed());
  BOOST_TEST(in(loopback, "") == nullptr);
  BOOST_TEST(in(unix_peer(0), "") != nullptr);
}

BOOST_FIXTURE_TEST_CASE(it_is_noted_when_a_token_was_used, fixture) {
  make();
  BOOST_TEST(!door.find(id)->last_used.has_value());
  in(remote, "Bearer " + text, now + 5s);
  BOOST_TEST((door.find(id)->last_used == now + 5s));
  BOOST_TEST(door.list().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(bad_tokens_are_slowed_down_by_address, fixture) {
  make();
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(!out(remote, "Bearer x").retry_after.has_value());
  BOOST_TEST((out(remote, "Bearer x", now + 20s).retry_after == 40s));
  // Another address, the right token, and a later minute.
  BOOST_TEST(!out(loopback, "Bearer x").retry_after.has_value());
  BOOST_TEST(in(remote, "Bearer " + text) != nullptr);
  BOOST_TEST(!out(remote, "Bearer x", now + 60s).retry_after.has_value());
  // Who shows nothing tries nothing.
  for (int i = 0; i < 9; ++i)
    BOOST_TEST(!out(remote, "").retry_after.has_value());
}

BOOST_AUTO_TEST_CASE(the_table_of_addresses_is_bounded) {
  access::throttle t{{.misses_max = 1, .window = 60s, .places_max = 2}};
  BOOST_TEST(!t.miss("a", now).has_value());
  BOOST_TEST(!t.miss("b", now + 1s).has_value());
  BOOST_TEST(t.miss("a", now + 2s).has_value());
  BOOST_TEST(!t.miss("c", now + 3s).has_value()); // In the place of b.
  BOOST_TEST(t.places() == 2U);
  BOOST_TEST(t.miss("a", now + 4s).has_value());
  BOOST_TEST(!t.miss("b", now + 5s).has_value());
}

BOOST_AUTO_TEST_CASE(an_ipv6_client_has_one_place) {
  BOOST_TEST(access::place_of("2001:db8::1")
             == access::place_of("2001:db8::2"));
  BOOST_TEST(access::place_of("2001:db8::1")
             != access::place_of("2001:db8:0:1::1"));
  BOOST_TEST(access::place_of("192.0.2.7") == "192.0.2.7");
}

BOOST_FIXTURE_TEST_CASE(records_of_refusals_are_bounded, fixture) {
  int recorded = 0;
  for (int i = 0; i < 100; ++i)
    recorded += door.record_refusal(now) ? 1 : 0;
  BOOST_TEST(recorded == 20);
  BOOST_TEST(door.record_refusal(now + 1s));
}
