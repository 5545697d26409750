#define BOOST_TEST_MODULE actors.old_sizes
#include "storage/leases.hpp"
#include "storage/sizes.hpp"
#include "storage/values.hpp"
#include "tests/support/daemon_inside.hpp"

#include <array>
#include <optional>

using namespace pawl;
using pawl::test::daemon_inside;

namespace {

struct old_data : daemon_inside {
  /// As an older program has left it: no head knows its sizes, and nothing is
  /// summed up.
  void make_old() {
    storage::recovery_report found;
    auto opened = storage::store::open({.directory = directory.path}, found);
    BOOST_REQUIRE(opened);
    storage::row_list rows;
    BOOST_REQUIRE((*opened)->visit_heads(
      std::nullopt, 100, [&](const instance_key& key, storage::head&& one) {
        one.sizes.reset();
        rows.put(storage::family::head, storage::bytes_of(key),
                 storage::encode_head(one));
      }));
    rows.erase(storage::family::meta, storage::size_key("default"));
    const auto loose = storage::loose_rows(std::move(rows));
    const std::array group{&loose};
    BOOST_REQUIRE((*opened)->commit(group));
    BOOST_REQUIRE((*opened)->close());
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(old_sizes, old_data)

BOOST_AUTO_TEST_CASE(what_an_older_program_wrote_is_measured_and_kept) {
  define("document: {dsl: '1.0.3', namespace: default, name: w, version: "
         "'1.0.0'}\ndo:\n- hear: {listen: {to: {one: {with: {type: go}}}}}\n"
         "- after: {set: {a: 1}}\n");
  for (const auto* id : {"a", "b", "c"})
    start_one({.workflow = {.ns = "default", .name = "w"}, .id = id});
  const auto key = key_of("default", "a");
  BOOST_REQUIRE(until([&] { return get("a").at("status") == "waiting"; }));
  stop();
  make_old();
  start();
  // One goes on before anybody has looked, or after.
  granted([](const auto& door, auto to) {
    door.act(
      {.which = {.id = "a"}, .what = actors::act_on_instance::verb::pause}, to);
  });
  BOOST_TEST(until([&] {
    std::uint64_t sum = 0;
    for (const auto* id : {"a", "b", "c"}) {
      const auto head = store->read_head(key_of("default", id)).value();
      if (!head.sizes)
        return false;
      sum += head.sizes->all();
    }
    return store->namespace_bytes("default") == sum;
  }));
  const auto head = store->read_head(key).value();
  BOOST_TEST((store->measure_sizes(key, head).value() == *head.sizes));
  BOOST_TEST(get("a").at("sizeBytes") == head.sizes->all());
  const auto faults = storage::verify(*store);
  BOOST_REQUIRE(faults);
  for (const auto& one : *faults)
    BOOST_ERROR(one);
}

BOOST_AUTO_TEST_SUITE_END()
