#define BOOST_TEST_MODULE actors.hold_book
#include "actors/holds/hold_book.hpp"

#include "workflow/parse.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;

namespace {

constexpr hold_place here{"shop", "order", "1.0.0"};

placed_hold on(hold_selector what, std::string id = "h") {
  return {.id = std::move(id),
          .on = std::move(what),
          .reason = "why",
          .by = "ann",
          .created = from_unix_ms(1'750'000'000'000)};
}

instance_key key(std::uint8_t n) {
  instance_key k;
  k.bytes[0] = n;
  return k;
}

std::vector<std::string> ids(const std::vector<placed_hold>& all) {
  std::vector<std::string> out;
  for (const auto& one : all)
    out.push_back(one.id);
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_place_fits_if_all_that_is_said_fits) {
  struct row {
    hold_selector on;
    bool fits;
  };
  const row rows[] = {
    {{.ns = "shop"}, true},
    {{.ns = "other"}, false},
    {{.workflow = "order"}, true},
    {{.workflow = "orders"}, false},
    {{.ns = "shop", .workflow = "order"}, true},
    {{.ns = "other", .workflow = "order"}, false},
    {{.workflow = "order", .version = "1.0.0"}, true},
    {{.workflow = "order", .version = "1.0.1"}, false},
    {{.queue = "q"}, true},
  };
  for (const auto& r : rows)
    BOOST_TEST(covers(r.on, here) == r.fits, selector_json(r.on));
}

BOOST_AUTO_TEST_CASE(a_task_is_named_by_pointer_or_name) {
  struct row {
    std::string task, pointer;
    bool named;
  };
  const row rows[] = {
    {"", "/do/0/book", true},
    {"book", "/do/0/book", true},
    {"book", "/do/0/try/try/1/book", true},
    {"book", "/do/0/bookings", false},
    {"book", "/do/0/book/do/0/pay", false},
    {"/do/0/book", "/do/0/book", true},
    {"/do/0/book", "/do/1/book", false},
    {"/book", "/do/0/book", false},
    {"a/b~c", "/do/0/a~1b~0c", true},
  };
  for (const auto& r : rows)
    BOOST_TEST(names_task({.task = r.task}, r.pointer) == r.named,
               r.task << " " << r.pointer);
}

BOOST_AUTO_TEST_CASE(a_host_is_found_in_what_is_called) {
  struct row {
    std::string host, uri;
    bool named;
  };
  const row rows[] = {
    {"", "http://a.test/", false},
    {"a.test", "http://a.test/x", true},
    {"a.test", "https://A.TEST", true},
    {"a.test", "http://a.test:8080/x?y#z", true},
    {"a.test", "http://user:pass@a.test/", true},
    {"a.test", "http://b.a.test/", false},
    {"a.test", "http://b.test/?u=http://a.test/", false},
    {"a.test", "http://b.test/@a.test", false},
    {"a.test:80", "http://a.test/", true},
    {"a.test:443", "https://a.test/", true},
    {"a.test:80", "https://a.test/", false},
    {"a.test:8080", "http://a.test:8080", true},
    {"a.test:8080", "http://a.test:808", false},
    {"[::1]", "http://[::1]:80/", true},
    {"[::1]:81", "http://[::1]:80/", false},
    {"a.test", "a.test/no-scheme", false},
  };
  for (const auto& r : rows)
    BOOST_TEST(names_host({.host = r.host}, r.uri) == r.named,
               r.host << " " << r.uri);
}

BOOST_AUTO_TEST_CASE(each_kind_keeps_its_own) {
  hold_book book;
  book.add(on({.ns = "shop"}, "1"));
  book.add(on({.workflow = "order", .task = "book"}, "2"));
  book.add(on({.queue = "q"}, "3"));
  book.add(on({.workflow = "order", .task = "book", .host = "a.test"}, "4"));
  using list = std::vector<std::string>;
  BOOST_TEST((ids(book.on_instance(here)) == list{"1"}));
  BOOST_TEST(book.on_instance({"x", "order", "1.0.0"}).empty());
  BOOST_TEST((ids(book.on_task(here, "/do/0/book")) == list{"2"}));
  BOOST_TEST((book.on_effect(here, "/do/0/book") == list{"1", "2"}));
  BOOST_TEST((book.on_effect(here, "/do/0/pay") == list{"1"}));
  BOOST_TEST((book.on_call(here, "/do/0/book", "http://a.test/") == list{"4"}));
  BOOST_TEST(book.on_call(here, "/do/0/pay", "http://a.test/").empty());
  BOOST_TEST(
    (ids(book.on_job(here, "/do/0/book", "q")) == list{"1", "2", "3"}));
  BOOST_TEST(
    (ids(book.on_job({"x", "order", "2"}, "/do/0/pay", "q")) == list{"3"}));
}

BOOST_AUTO_TEST_CASE(a_turn_is_told_of_tasks_by_pointer) {
  const auto of = parse_definition(
    "document: {dsl: '1.0.3', namespace: shop, name: order, version: "
    "'1.0.0'}\ndo: [{a: {set: {x: 1}}}, {b: {do: [{a: {set: {x: 1}}}]}}]\n");
  BOOST_REQUIRE(of);
  hold_book book;
  BOOST_TEST(book.of_turn(**of).whole.empty());
  book.add(on({.workflow = "order", .task = "a"}, "1"));
  book.add(on({.ns = "shop"}, "2"));
  book.add(on({.ns = "other"}, "3"));
  const auto now = book.of_turn(**of);
  BOOST_TEST((now.whole == std::vector<std::string>{"2"}));
  BOOST_TEST(now.tasks.size() == 2U);
  BOOST_TEST(now.tasks.contains("/do/0/a"));
  BOOST_TEST(now.tasks.contains("/do/1/b/do/0/a"));
}

BOOST_AUTO_TEST_CASE(a_release_tells_who_has_rested) {
  hold_book book;
  book.add(on({.ns = "shop"}, "1"));
  book.add(on({.ns = "shop"}, "2"));
  const std::vector<std::string> both{"1", "2"};
  const std::vector<std::string> one{"1"};
  BOOST_TEST(book.rest(key(1), 0, both));
  BOOST_TEST(book.rest(key(2), 7, one));
  BOOST_TEST(book.rest(key(3), 0, one));
  book.leave(key(3));
  BOOST_TEST(book.kept() == 2U);
  BOOST_TEST(book.kept_by("1") == 2U);
  BOOST_TEST(book.resting(key(2)).at(7).front().id == "1");
  BOOST_TEST(book.resting(key(1)).empty()); // As a whole: no effect of its.
  const auto woken = book.remove("1");
  BOOST_REQUIRE(woken);
  BOOST_TEST((*woken == std::vector<instance_key>{key(1), key(2)}));
  BOOST_TEST(!book.remove("1").has_value());
  BOOST_TEST(book.size() == 1U);
}

BOOST_AUTO_TEST_CASE(nobody_rests_on_a_hold_that_has_gone) {
  hold_book book;
  book.add(on({.ns = "shop"}, "1"));
  const std::vector<std::string> both{"1", "2"};
  BOOST_TEST(!book.rest(key(1), 0, both));
  BOOST_TEST(book.kept() == 0U);
}

BOOST_AUTO_TEST_CASE(holds_end_in_the_order_of_their_times) {
  hold_book book;
  auto late = on({.ns = "a"}, "1");
  late.until = late.created + 2h;
  auto soon = on({.ns = "a"}, "2");
  soon.until = soon.created + 1h;
  book.add(late);
  book.add(soon);
  book.add(on({.ns = "a"}, "3"));
  BOOST_TEST((book.next_end() == soon.until));
  BOOST_TEST(book.ended(*soon.until - 1ms).empty());
  BOOST_TEST((ids(book.ended(*soon.until)) == std::vector<std::string>{"2"}));
}

BOOST_AUTO_TEST_CASE(a_hold_is_kept_as_it_was) {
  auto what = on({.ns = "shop",
                  .workflow = "order",
                  .version = "1.0.0",
                  .task = "/do/0/book",
                  .host = "a.test:80"});
  what.until = what.created + 1h;
  const auto back = decode_hold(encode_hold(what));
  BOOST_REQUIRE(back);
  BOOST_TEST((*back == what));
  for (const auto* bad :
       {"", "{}",
        R"({"id":"1","selector":{},"createdAt":"2025-01-01T00:00:00Z"})",
        R"({"id":"1","selector":{"queue":"q"},"createdAt":"soon"})"})
    BOOST_TEST((!decode_hold(bad)), bad);
}
