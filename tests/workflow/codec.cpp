// The bytes of facts and snapshots (docs/format/event.md): what is written is
// read again, by this release and later ones, and damage is told from it.
#define BOOST_TEST_MODULE workflow.codec
#include "workflow/codec.hpp"

#include "base/bytes.hpp"
#include "tests/support/flow.hpp"
#include "workflow/cbor.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <limits>
#include <random>
#include <sstream>

using namespace pawl;

namespace {

datum some() {
  return make_datum({{"n", 1}, {"t", "ä"}, {"l", {1.5, nullptr, true}}});
}
timestamp at(std::int64_t ms) {
  return from_unix_ms(1'750'000'000'000 + ms);
}

// One fact of each kind, no field at its default.
std::vector<event> one_of_each() {
  using namespace events;
  return {
    instance_created{.ns = "default",
                     .id = "01J",
                     .workflow = {"default", "story", "1.0.0"},
                     .digest = "d1",
                     .input = some(),
                     .labels = {{"k", "v"}, {"x", ""}},
                     .parent = "p",
                     .depth = 2,
                     .unchecked = true},
    instance_started{some()},
    instance_suspending{pause_mode::interrupt, "why"},
    instance_suspended{"why"},
    instance_resumed{"go"},
    instance_cancelling{"stop"},
    instance_cancelled{"stop"},
    instance_faulted{some(), 7},
    instance_completed{some()},
    task_started{.frame = 1,
                 .parent = 2,
                 .task = "/do/0/a",
                 .visit = 3,
                 .attempt = 4,
                 .input = some(),
                 .arguments = make_datum(json::array{})},
    task_completed{.frame = 1,
                   .task = "/do/0/a",
                   .output = some(),
                   .context = null_datum(),
                   .branch = 2},
    task_skipped{3, "/do/0/a"},
    task_faulted{3, "/do/0/a", some()},
    task_retried{.frame = 1,
                 .task = "/do/0/a",
                 .attempt = 5,
                 .until = at(5),
                 .error = some(),
                 .input = some(),
                 .by_operator = true},
    task_caught{1, "/do/0/a", some()},
    task_iterated{1, "/do/0/a", 4'294'967'296},
    task_cancelled{1, "/do/0/a", true},
    timer_armed{1, 2, timer_purpose::attempt, at(9)},
    timer_fired{300},
    event_received{70'000, some()},
    event_consumed{1, "/do/0/a", 70'000, 2, true, some()},
    branch_started{2, 1, "/do/0/a", 3},
    branch_completed{2, "/do/0/a", 3, some()},
    branch_faulted{2, "/do/0/a", 3, some()},
    task_extended{2, 1, "/do/0/a", 4, {0, 2}},
    extension_moved{2, "/do/0/a", 1},
    extension_closed{2, "/do/0/a"},
    event_handled{2, "/do/0/a", some(), some()},
    approval_voted{2, "/do/0/a", "ann", "approved", "fine", some(), true,
                   "peer"},
    approval_escalated{2, "/do/0/a", some()},
    state_changed{"/do/0/a", "draft", "matched"},
    rollback_started{1, "/do/0/a", rollback_end::go_on, 7, some(), some(), "r"},
    compensation_started{2, 1, "/do/0/a", 3},
    compensation_completed{2, "/do/0/a"},
    rollback_completed{1, "/do/0/a"},
    instance_indexed{{{"customer", "ann"}}},
    instance_overdue{at(9)},
    cleanup_started{2, 1, "/do/0/a"},
    cleanup_completed{2, "/do/0/a"},
    task_metered{2, "/do/0/a", make_datum({{"tokens", 7}, {"cost", 0.5}})},
    instance_over_budget{"tokens", make_datum(7), make_datum(5)},
    flags_seen{make_datum({{"color", "red"}})},
    redo_started{.frame = 9,
                 .task = "/do/0/a",
                 .item = 2,
                 .input = make_datum(1),
                 .locals = make_datum({{"item", "b"}}),
                 .outputs = make_datum(json::array{1, 2}),
                 .reason = "why"},
    redo_completed{9, "/do/0/a", 2, make_datum(3), make_datum({{"n", 3}})},
    redo_faulted{9, "/do/0/a", 2, make_datum({{"status", 500}})},
  };
}

std::string text_of(const event& e) {
  return std::string{type_of(e)} + " " + std::string{task_of(e)} + " "
         + to_text(json::value(to_json(e)));
}

std::string golden_path(std::string_view name) {
  return std::string{PAWL_SOURCE_DIR} + "/tests/workflow/golden/"
         + std::string{name};
}
std::string golden(std::string_view name) {
  std::ifstream in{golden_path(name)};
  BOOST_REQUIRE_MESSAGE(in, golden_path(name) << " is missing");
  std::string hex((std::istreambuf_iterator<char>{in}), {});
  std::string bytes;
  std::erase_if(hex, [](unsigned char c) { return std::isspace(c) != 0; });
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(
      static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

// A state with something in each of its parts.
std::string rich_snapshot() {
  test::trial f{R"(
timeout: {after: PT1H}
do:
- a: {set: {n: 1}, export: {as: '${ . }'}}
- guard:
    try:
    - all:
        for: {in: '${ [1, 2] }'}
        do: [{hear: {listen: {to: {one: {with: {type: a}}}}}}]
    catch: {retry: {limit: {attempt: {count: 2, duration: PT1M}}}}
)"};
  (void)f.deliver("other", {{"n", 1}});
  (void)f.deliver("a", 5);
  f.grant(requests::pause{pause_mode::interrupt, "why"});
  return f.run.snapshot();
}

} // namespace

BOOST_AUTO_TEST_CASE(every_fact_round_trips) {
  const auto facts = one_of_each();
  BOOST_TEST(facts.size() == std::variant_size_v<event>);
  for (std::size_t i = 0; i < facts.size(); ++i)
    BOOST_TEST(facts[i].index() == i);
  const auto bytes = encode_events(facts);
  const auto back = decode_events(bytes);
  BOOST_REQUIRE(back.has_value());
  BOOST_REQUIRE(back->size() == facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i)
    BOOST_TEST(text_of((*back)[i]) == text_of(facts[i]));
  BOOST_TEST(to_hex(encode_events(*back)) == to_hex(bytes));
}

BOOST_AUTO_TEST_CASE(facts_at_their_defaults_round_trip) {
  std::vector<event> facts;
  for (const auto& e : one_of_each())
    std::visit(
      [&](const auto& x) { facts.emplace_back(std::decay_t<decltype(x)>{}); },
      e);
  const auto bytes = encode_events(facts);
  const auto back = decode_events(bytes);
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST(to_hex(encode_events(*back)) == to_hex(bytes));
  const auto& done = std::get<events::task_completed>((*back)[10]);
  BOOST_TEST((done.output == nullptr), "no output is not the output null");
}

BOOST_AUTO_TEST_CASE(numbers_survive_exactly) {
  for (const auto& v :
       {json::value(0), json::value(-1), json::value(23), json::value(24),
        json::value(255), json::value(256), json::value(65'535),
        json::value(65'536), json::value(4'294'967'295),
        json::value(4'294'967'296), json::value(9'007'199'254'740'993),
        json::value(std::numeric_limits<std::int64_t>::max()),
        json::value(std::numeric_limits<std::int64_t>::min()),
        json::value(std::numeric_limits<std::uint64_t>::max()),
        json::value(0.1), json::value(1.0), json::value(-0.0),
        json::value(5e-324), json::value(1.7976931348623157e308)}) {
    std::string bytes;
    append_cbor(bytes, v);
    const auto back = decode_cbor(bytes);
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == v), to_text(v));
    BOOST_TEST(back->is_double() == v.is_double());
    std::string again;
    append_cbor(again, *back);
    BOOST_TEST(to_hex(again) == to_hex(bytes));
  }
}

BOOST_AUTO_TEST_CASE(objects_keep_their_order) {
  const json::value v{{"z", 1}, {"a", {{"y", 2}, {"b", 3}}}};
  std::string bytes;
  append_cbor(bytes, v);
  BOOST_TEST(to_text(*decode_cbor(bytes)) == to_text(v));
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_passed_over) {
  // [1 fact: kind 4 {1: "x", 23: {"new": [1, 2]}, 40: 7}]
  std::string bytes;
  cbor::put_head(bytes, cbor::major::array, 1);
  cbor::put_uint(bytes, 4);
  cbor::put_head(bytes, cbor::major::map, 3);
  cbor::put_uint(bytes, 23);
  cbor::put_value(bytes, {{"new", {1, 2}}});
  cbor::put_uint(bytes, 1);
  cbor::put_text(bytes, "x");
  cbor::put_uint(bytes, 40);
  cbor::put_uint(bytes, 7);
  const auto facts = decode_events(bytes);
  BOOST_REQUIRE(facts.has_value());
  BOOST_TEST(std::get<events::instance_suspended>(facts->front()).reason
             == "x");
}

BOOST_AUTO_TEST_CASE(an_unknown_kind_is_corrupt) {
  for (const std::uint64_t kind : {0ULL, 46ULL, 255ULL, 4'294'967'297ULL}) {
    std::string bytes;
    cbor::put_head(bytes, cbor::major::array, 1);
    cbor::put_uint(bytes, kind);
    cbor::put_head(bytes, cbor::major::map, 0);
    const auto facts = decode_events(bytes);
    BOOST_REQUIRE(!facts);
    BOOST_TEST((facts.error().code == errc::corrupt));
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_value_of_an_enumeration_is_corrupt) {
  for (const std::uint64_t mode : {0ULL, 3ULL, 257ULL}) {
    std::string bytes;
    cbor::put_head(bytes, cbor::major::array, 1);
    cbor::put_uint(bytes, 3); // instance.suspending
    cbor::put_head(bytes, cbor::major::map, 1);
    cbor::put_uint(bytes, 1);
    cbor::put_uint(bytes, mode);
    BOOST_TEST(!decode_events(bytes).has_value(), mode);
  }
}

BOOST_AUTO_TEST_CASE(a_number_too_large_for_its_field_is_corrupt) {
  std::string bytes;
  cbor::put_head(bytes, cbor::major::array, 1);
  cbor::put_uint(bytes, 19); // timer.fired
  cbor::put_head(bytes, cbor::major::map, 1);
  cbor::put_uint(bytes, 1);
  cbor::put_uint(bytes, 4'294'967'296);
  BOOST_TEST(!decode_events(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(cut_anywhere_is_corrupt) {
  const auto bytes = encode_events(one_of_each());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto facts = decode_events(std::string_view{bytes}.substr(0, n));
    BOOST_REQUIRE_MESSAGE(!facts, n << " bytes of " << bytes.size());
    BOOST_TEST((facts.error().code == errc::corrupt));
  }
  BOOST_TEST(!decode_events(bytes + '\0').has_value());
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_never_crashes) {
  const auto bytes = encode_events(one_of_each());
  const auto snapshot = rich_snapshot();
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto bad = bytes;
      bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
      if (const auto facts = decode_events(bad))
        (void)encode_events(*facts); // Whole, though perhaps of other content.
    }
  for (std::size_t i = 0; i < snapshot.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto bad = snapshot;
      bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
      if (const auto state = decode_state(bad))
        (void)encode_state(*state);
    }
}

BOOST_AUTO_TEST_CASE(noise_never_crashes) {
  std::mt19937_64 random{7};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 64, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random());
    (void)decode_events(bytes);
    (void)decode_state(bytes);
    (void)decode_cbor(bytes);
  }
}

BOOST_AUTO_TEST_CASE(a_small_record_cannot_claim_much_memory) {
  // Lists of lists that say that all the rest are their items.
  std::string bytes(1'000'000, '\x9a');
  for (std::size_t i = 0; i + 5 <= bytes.size(); i += 5)
    bytes.replace(i, 5, std::string{"\x9a\x00\x0f\x00\x00", 5});
  BOOST_TEST(!decode_cbor(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_nested_without_end_is_corrupt) {
  BOOST_TEST(!decode_cbor(std::string(1'000'000, '\x81')).has_value());
}

BOOST_AUTO_TEST_CASE(as_deep_as_a_workflow_can_make_it_reads_back) {
  json::value v = 1;
  for (int i = 0; i < 70; ++i) // 64 levels, and what wraps them.
    v = json::value(json::array{std::move(v)});
  std::string bytes;
  append_cbor(bytes, v);
  BOOST_TEST(decode_cbor(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(a_state_round_trips) {
  const auto bytes = rich_snapshot();
  const auto state = decode_state(bytes);
  BOOST_REQUIRE(state.has_value());
  BOOST_TEST(state->frames.size() == 4U);
  BOOST_TEST(state->timers.size() == 2U);
  BOOST_TEST(state->inbox.size() == 1U);
  BOOST_TEST(state->taken.size() == 2U);
  BOOST_TEST((state->mode == pause_mode::drain));
  BOOST_TEST(to_hex(encode_state(*state)) == to_hex(bytes));
  for (std::size_t n = 0; n < bytes.size(); ++n)
    BOOST_REQUIRE(!decode_state(std::string_view{bytes}.substr(0, n)));
}

// What an earlier release wrote must be read for ever. To add a file for a new
// field or kind, run with PAWL_GOLDEN=write and add it under a new name.
BOOST_AUTO_TEST_CASE(what_was_written_before_is_still_read) {
  const auto facts = one_of_each();
  const auto* mode = std::getenv("PAWL_GOLDEN");
  if (mode != nullptr && std::string_view{mode} == "write") {
    std::ofstream{golden_path("turn_1.hex")} << to_hex(encode_events(facts))
                                             << '\n';
    std::ofstream{golden_path("state_1.hex")} << to_hex(rich_snapshot())
                                              << '\n';
  }
  const auto back = decode_events(golden("turn_1.hex"));
  BOOST_REQUIRE(back.has_value());
  BOOST_REQUIRE(back->size() == facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i)
    BOOST_TEST(text_of((*back)[i]) == text_of(facts[i]));
  BOOST_TEST(to_hex(encode_events(facts)) == to_hex(golden("turn_1.hex")));
  const auto state = decode_state(golden("state_1.hex"));
  BOOST_REQUIRE(state.has_value());
  BOOST_TEST(to_hex(encode_state(*state)) == to_hex(golden("state_1.hex")));
}
