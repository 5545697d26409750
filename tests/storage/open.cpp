#define BOOST_TEST_MODULE storage.open
#include "storage/store.hpp"
#include "storage/values.hpp"
#include "tests/support/stored.hpp"

#include <rocksdb/db.h>

using namespace pawl;
using namespace pawl::storage;

namespace {

struct directory {
  std::unique_ptr<rocksdb::Env> disk{
    rocksdb::NewMemEnv(rocksdb::Env::Default())};
  open_options options = test::stored::make_options(disk.get());
  recovery_report found;

  void put_file(const std::string& name, const std::string& text) {
    BOOST_REQUIRE(disk->CreateDirIfMissing("/data").ok());
    BOOST_REQUIRE(disk->CreateDirIfMissing("/data/pawl").ok());
    BOOST_REQUIRE(
      rocksdb::WriteStringToFile(disk.get(), text, "/data/pawl/" + name).ok());
  }
  error refusal() {
    const auto opened = store::open(options, found);
    BOOST_REQUIRE(opened.has_error());
    return opened.error();
  }
  void create() { BOOST_REQUIRE(store::open(options, found)); }
  std::unique_ptr<rocksdb::DB> open_raw(std::vector<std::string> names,
                                        bool make = false) {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (auto& n : names)
      families.emplace_back(n, rocksdb::ColumnFamilyOptions{});
    rocksdb::DBOptions o;
    o.env = disk.get();
    o.create_if_missing = o.create_missing_column_families = make;
    rocksdb::DB* db = nullptr;
    const auto s = rocksdb::DB::Open(o, "/data/pawl", families, &handles, &db);
    BOOST_REQUIRE_MESSAGE(s.ok(), s.ToString());
    return std::unique_ptr<rocksdb::DB>{db};
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  void close_raw(std::unique_ptr<rocksdb::DB> db) {
    for (auto* h : handles)
      db->DestroyColumnFamilyHandle(h).PermitUncheckedError();
    handles.clear();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(opening, directory)

BOOST_AUTO_TEST_CASE(creates_the_directory_and_all_above_it) {
  options.directory = "/a/b/c/d";
  const auto opened = store::open(options, found);
  BOOST_TEST(opened.has_value());
  BOOST_TEST(found.clean);
}

BOOST_AUTO_TEST_CASE(tells_an_orderly_stop_from_another) {
  create(); // Destroyed without close().
  {
    auto again = store::open(options, found);
    BOOST_REQUIRE(again);
    BOOST_TEST(!found.clean);
    BOOST_REQUIRE((*again)->close());
  }
  auto last = store::open(options, found);
  BOOST_REQUIRE(last);
  BOOST_TEST(found.clean);
}

BOOST_AUTO_TEST_CASE(refuses_a_directory_that_is_open_already) {
  const auto first = store::open(options, found);
  BOOST_REQUIRE(first);
  BOOST_TEST((refusal().code == errc::locked));
}

BOOST_AUTO_TEST_CASE(leaves_a_directory_with_foreign_files_alone) {
  put_file("thesis.txt", "mine");
  const auto why = refusal();
  BOOST_TEST((why.code == errc::corrupt));
  BOOST_TEST(why.detail.find("thesis.txt") != std::string::npos);
  std::vector<std::string> names;
  BOOST_REQUIRE(disk->GetChildren("/data/pawl", &names).ok());
  BOOST_TEST(names.size() == 1U);
}

BOOST_AUTO_TEST_CASE(refuses_a_rocksdb_that_is_not_ours) {
  BOOST_REQUIRE(disk->CreateDirIfMissing("/data").ok());
  close_raw(open_raw({"default"}, true));
  BOOST_TEST((refusal().code == errc::corrupt));
  // Not even behind a door plate of ours.
  {
    auto db = open_raw({"default", "theirs"}, true);
    close_raw(std::move(db));
  }
  put_file("PAWL", "pawl store, format 1\n");
  const auto why = refusal();
  BOOST_TEST((why.code == errc::corrupt));
  BOOST_TEST(why.detail.find("theirs") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refuses_a_newer_format_on_the_door_plate) {
  create();
  put_file("PAWL", "pawl store, format 2\n");
  const auto why = refusal();
  BOOST_TEST((why.code == errc::corrupt));
  BOOST_TEST(why.detail.find("newer") != std::string::npos);
  for (const auto* text : {"", "pawl store, format x\n", "pawl store, format 1",
                           "something else\n", "pawl store, format 0\n"}) {
    put_file("PAWL", text);
    BOOST_TEST((refusal().code == errc::corrupt));
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_newer_format_in_the_store) {
  create();
  std::vector<std::string> names{family_names.begin(), family_names.end()};
  {
    auto db = open_raw(names);
    BOOST_REQUIRE(db->Put({}, "format", encode_number(7)).ok());
    close_raw(std::move(db));
  }
  const auto why = refusal();
  BOOST_TEST((why.code == errc::corrupt));
  BOOST_TEST(why.detail.find("format 7") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(finishes_a_creation_that_was_cut_short) {
  put_file("PAWL", "pawl store, format 1\n");
  close_raw(open_raw({"default", "jrn"}, true));
  const auto opened = store::open(options, found);
  BOOST_REQUIRE_MESSAGE(opened, opened.error().detail);
  BOOST_TEST(verify(**opened).value().empty());
}

BOOST_AUTO_TEST_CASE(refuses_data_without_a_format) {
  create();
  std::vector<std::string> names{family_names.begin(), family_names.end()};
  {
    auto db = open_raw(names);
    BOOST_REQUIRE(db->Delete({}, "format").ok());
    BOOST_REQUIRE(db->Put({}, handles[2], "some head", "x").ok());
    close_raw(std::move(db));
  }
  BOOST_TEST((refusal().code == errc::corrupt));
}

BOOST_AUTO_TEST_SUITE_END()
