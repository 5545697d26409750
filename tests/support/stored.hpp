#pragma once

#include "storage/store.hpp"

#include <boost/test/unit_test.hpp>
#include <rocksdb/env.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace pawl::test {

/// A fact of some size; storage does not care which.
inline event some_fact(std::string text = "x") {
  return events::instance_suspended{std::move(text)};
}

/// One instance as a test leads it: makes turns that follow on each other.
struct led_instance {
  std::string id;
  std::string ns = "default";
  storage::head now{};
  bool exists = false;

  [[nodiscard]] instance_key key() const { return key_of(ns, id); }

  /// A turn that follows on what was settled last; `now.updated` moves on.
  [[nodiscard]] storage::turn next(std::vector<event> facts
                                   = {some_fact()}) const {
    storage::turn t;
    t.key = key();
    t.creates = !exists;
    t.before = now;
    t.after = now;
    t.at = exists ? now.updated + duration{1} : now.created;
    if (!exists) {
      t.after.ns = ns;
      t.after.id = id;
      if (t.after.workflow.name.empty())
        t.after.workflow = {"default", "story", "1.0.0"};
      t.after.digest = "d-" + t.after.workflow.version;
    }
    t.after.updated = t.at;
    t.events = std::move(facts);
    return t;
  }
  /// To be called when the turn is durable.
  void settle(const storage::turn& done,
              const storage::prepared_turn& as_rows) {
    now = done.after;
    as_rows.settle(now);
    exists = true;
  }
};

/// Commits one turn alone.
inline result<> commit_one(storage::store& to, const storage::turn& what,
                           led_instance* settles = nullptr) {
  const auto rows = storage::prepare(what);
  const std::array group{&rows};
  auto done = to.commit(group);
  if (!done)
    return done.error();
  if (done->front() && settles != nullptr)
    settles->settle(what, rows);
  return done->front();
}

/// A store on a disk of memory.
struct stored {
  std::unique_ptr<rocksdb::Env> disk{
    rocksdb::NewMemEnv(rocksdb::Env::Default())};
  storage::open_options options = make_options(disk.get());
  storage::recovery_report found;
  std::unique_ptr<storage::store> store = open();

  static storage::open_options make_options(rocksdb::Env* env) {
    storage::open_options o;
    o.directory = "/data/pawl";
    o.memory_max = 16U << 20;
    o.env = env;
    return o;
  }
  std::unique_ptr<storage::store> open() {
    auto opened = storage::store::open(options, found);
    BOOST_REQUIRE_MESSAGE(opened, opened.error().detail);
    return std::move(*opened);
  }
  void reopen(bool orderly = true) {
    if (orderly)
      BOOST_REQUIRE(store->close());
    store.reset();
    store = open();
  }
  /// Creates an instance with one turn.
  led_instance create(std::string id, std::string ns = "default") {
    led_instance one{std::move(id), std::move(ns)};
    one.now.created = one.now.updated = from_unix_ms(1'000'000);
    BOOST_REQUIRE(commit_one(*store, one.next(), &one));
    return one;
  }
  void expect_sound() {
    const auto faults = storage::verify(*store);
    BOOST_REQUIRE(faults);
    for (const auto& f : *faults)
      BOOST_ERROR(f);
  }
};

} // namespace pawl::test
