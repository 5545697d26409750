#define BOOST_TEST_MODULE storage.bulk
#include "storage/bulk.hpp"

#include "tests/support/stored.hpp"

using namespace pawl;
using namespace pawl::storage;

BOOST_FIXTURE_TEST_SUITE(store_of_memory, test::stored)

BOOST_AUTO_TEST_CASE(operations_and_reports_are_read_as_they_were_written) {
  const stored_record first{"a", "one"};
  const stored_record second{"ab", "two"}; // Its id begins as the other's.
  const std::vector<stored_bulk_item> some{{1, "x"}, {2, "y"}, {300, "z"}};
  BOOST_REQUIRE(store->put_bulk(second, some));
  BOOST_REQUIRE(store->put_bulk(first, some));
  BOOST_REQUIRE(store->put_bulk({"a", "three"}, {{{2, "w"}}}));
  reopen();
  const auto all = store->list_records(record_kind::bulk).value();
  BOOST_TEST((all == std::vector<stored_record>{{"a", "three"}, second}));
  BOOST_TEST(
    (store->read_bulk_items("a", 0, 10).value()
     == std::vector<stored_bulk_item>{{1, "x"}, {2, "w"}, {300, "z"}}));
  BOOST_TEST((store->read_bulk_items("a", 1, 1).value()
              == std::vector<stored_bulk_item>{{2, "w"}}));
  BOOST_TEST(store->read_bulk_items("b", 0, 10).value().empty());
  BOOST_TEST(verify(*store).value().empty());
}

BOOST_AUTO_TEST_CASE(an_operation_goes_with_its_report_and_no_other) {
  for (const auto* id : {"a", "ab"})
    BOOST_REQUIRE(store->put_bulk({id, "s"}, {{{1, "x"}, {2, "y"}}}));
  BOOST_REQUIRE(store->remove_bulk("a"));
  BOOST_REQUIRE(store->remove_bulk("none"));
  reopen();
  BOOST_TEST((store->list_records(record_kind::bulk).value()
              == std::vector<stored_record>{{"ab", "s"}}));
  BOOST_TEST(store->read_bulk_items("a", 0, 10).value().empty());
  BOOST_TEST(store->read_bulk_items("ab", 0, 10).value().size() == 2U);
  BOOST_TEST(verify(*store).value().empty());
}

BOOST_AUTO_TEST_SUITE_END()
