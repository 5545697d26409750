#define BOOST_TEST_MODULE actors.sensitive_book

#include "actors/sensitive_book.hpp"

#include "tests/support/flow.hpp"
#include "tests/support/stored.hpp"

using namespace pawl;
using namespace pawl::actors;

namespace {

const auto login = R"(do:
- each:
    for: {each: n, in: '${ .all }'}
    do:
    - login:
        set: {token: '${ "tok-" + $n }'}
        output: {schema: {document: {properties: {token: {x-sensitive: true}}}}}
- end: {set: {a: 1}}
)";

/// A store with instances whose histories were written one fact a turn, and
/// machines that have folded as much of them as is wanted.
struct remembering : test::stored {
  definition_ptr of = test::flow_of(login);
  std::vector<event> facts;

  remembering() : facts{history({"one", "two"})} {}

  [[nodiscard]] std::vector<event> history(const json::array& all) const {
    const test::trial t{of, json::object{{"all", all}}, {}};
    std::vector<event> out;
    for (const auto& one : t.history)
      out.push_back(one.what);
    return out;
  }
  static timestamp at_of(std::size_t i, timestamp start) {
    return start + duration{static_cast<std::int64_t>(i)};
  }
  void write(test::led_instance& to, const std::vector<event>& what) const {
    for (const auto& fact : what)
      BOOST_REQUIRE(commit_one(*store, to.next({fact}), &to));
  }
  [[nodiscard]] machine folded(const std::vector<event>& all, std::size_t count,
                               timestamp start = from_unix_ms(1'000)) const {
    machine out{of};
    for (std::size_t i = 0; i < count; ++i)
      out.apply(all[i], at_of(i, start));
    return out;
  }
  static test::led_instance led(timestamp start = from_unix_ms(1'000)) {
    test::led_instance one{"a"};
    one.now.created = one.now.updated = start;
    return one;
  }
  /// Where the second token has been put out, and the first one only.
  [[nodiscard]] std::size_t first() const {
    for (std::size_t i = 0; i < facts.size(); ++i)
      if (const auto* done = std::get_if<events::task_completed>(&facts[i]);
          done != nullptr && done->task.ends_with("login"))
        return i + 1;
    return 0;
  }
};

std::string shown(const redactor_ptr& by) {
  return (*by)(std::string{"tok-one tok-two tok-three"});
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(sensitive_books, remembering)

BOOST_AUTO_TEST_CASE(an_actor_recalls_what_was_before_it_and_sees_the_rest) {
  auto one = led();
  write(one, {facts.begin(), facts.begin() + static_cast<long>(first())});
  own_memory fresh;
  // The turn is folded, but not on disk yet.
  const std::vector<event> turn(facts.begin() + static_cast<long>(first()),
                                facts.end());
  const auto flow = folded(facts, facts.size());
  const auto by = fresh.see(*store, one.key(), flow, turn, one.now.updated);
  BOOST_TEST(shown(by) == "*** *** tok-three");
  BOOST_TEST(fresh.get()->last() == facts.size());
  // Nothing new: nothing is read once more.
  BOOST_TEST(fresh.see(*store, one.key(), flow, {}, one.now.updated) == by);
  fresh.forget();
  BOOST_TEST(!fresh.get());
}

BOOST_AUTO_TEST_CASE(a_new_instance_is_not_looked_for_in_the_store) {
  own_memory fresh;
  const auto by = fresh.see(*store, led().key(), folded(facts, facts.size()),
                            facts, from_unix_ms(1'000));
  BOOST_TEST(shown(by) == "*** *** tok-three");
}

BOOST_AUTO_TEST_CASE(what_marks_nothing_is_not_remembered) {
  const machine flow{test::flow_of("do:\n- a: {set: {b: 1}}\n")};
  own_memory none;
  BOOST_TEST(!none.see(*store, led().key(), flow, {}, {}));
  BOOST_TEST(!sensitive_book{}.known(*store, led().key(), flow));
}

BOOST_AUTO_TEST_CASE(a_reader_knows_as_much_as_it_shows) {
  auto one = led();
  write(one, facts);
  sensitive_book book;
  BOOST_TEST(shown(book.known(*store, one.key(), folded(facts, first())))
             == "*** tok-two tok-three");
  const auto all = folded(facts, facts.size());
  const auto by = book.known(*store, one.key(), all);
  BOOST_TEST(shown(by) == "*** *** tok-three");
  BOOST_TEST(book.known(*store, one.key(), all) == by); // It is kept.
}

BOOST_AUTO_TEST_CASE(another_instance_of_the_same_name_is_another_one) {
  auto one = led();
  write(one, facts);
  sensitive_book book;
  BOOST_TEST(shown(book.known(*store, one.key(), folded(facts, facts.size())))
             == "*** *** tok-three");
  // The store has another one by now.
  BOOST_REQUIRE(store->close());
  store.reset();
  disk.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  options.env = disk.get();
  store = open();
  const auto later = from_unix_ms(9'000);
  auto next = led(later);
  const auto others = history({"three"});
  write(next, others);
  BOOST_TEST(
    shown(book.known(*store, next.key(), folded(others, others.size(), later)))
    == "tok-one tok-two ***");
}

BOOST_AUTO_TEST_CASE(a_history_that_cannot_be_read_is_told) {
  sensitive_book book;
  BOOST_CHECK_THROW(book.known(*store, led().key(), folded(facts, 3)),
                    std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
