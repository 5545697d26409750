#define BOOST_TEST_MODULE secrets.vault
#include "secrets/vault.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace pawl;
using namespace pawl::secrets;

namespace {

keyring ring(char filled) {
  return keyring{{key::parse(std::string(32, filled)).value()}};
}

/// A store and two directories of files, all in one that goes with it.
struct world {
  std::filesystem::path root;
  std::unique_ptr<storage::store> store;

  world() {
    std::string name = std::filesystem::temp_directory_path() / "pawl-XXXXXX";
    BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
    root = name;
    std::filesystem::create_directories(root / "files");
    std::filesystem::create_directories(root / "credentials");
    open();
  }
  ~world() {
    store.reset();
    std::filesystem::remove_all(root);
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  void open() {
    storage::recovery_report found;
    store
      = std::move(*storage::store::open({.directory = root / "data"}, found));
  }
  [[nodiscard]] vault with(keyring keys) const {
    vault v{*store, {root / "files", root / "credentials"}};
    v.use_keys(std::move(keys));
    return v;
  }
  void write(const std::string& path, const std::string& text) const {
    std::ofstream{root / path, std::ios::binary} << text;
  }
  /// Whether `text` is in any file of the store.
  [[nodiscard]] bool on_disk(const std::string& text) const {
    for (const auto& e :
         std::filesystem::recursive_directory_iterator{root / "data"}) {
      if (!e.is_regular_file())
        continue;
      std::stringstream all;
      all << std::ifstream{e.path(), std::ios::binary}.rdbuf();
      if (all.str().find(text) != std::string::npos)
        return true;
    }
    return false;
  }
};

void put(world& w, const vault& v, const std::string& name,
         const json::value& value) {
  BOOST_REQUIRE(
    w.store->put_secret(v.seal(name, value, from_unix_ms(5)).value()));
}

errc code_of(const result<json::value>& what) {
  BOOST_REQUIRE(!what);
  return what.error().code;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_file_that_is_no_text_is_refused) {
  world w;
  w.write("files/binary", "\xff\xfe s3cret \x80");
  const auto found = w.with(ring('k')).find("binary");
  BOOST_TEST((code_of(found) == errc::malformed));
  BOOST_TEST(found.error().detail.find("s3cret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_is_text_or_an_object) {
  const world w;
  const auto v = w.with({});
  w.write("files/plain", "hunter2\n");
  w.write("files/two_lines", "a\nb\n\n");
  w.write("files/object", R"({"user": "ann", "pass": "p"})");
  w.write("files/list", "[1]");
  w.write("files/number", "5");
  BOOST_TEST(v.find("plain").value().as_string() == "hunter2");
  BOOST_TEST(v.find("two_lines").value().as_string() == "a\nb\n");
  BOOST_TEST(v.find("object").value().at("pass").as_string() == "p");
  BOOST_TEST(v.find("list").value().as_string() == "[1]");
  BOOST_TEST(v.find("number").value().as_string() == "5");
}

BOOST_AUTO_TEST_CASE(a_changed_file_is_seen_at_once) {
  const world w;
  const auto v = w.with({});
  w.write("files/a", "one");
  BOOST_TEST(v.find("a").value().as_string() == "one");
  w.write("files/a", "two");
  BOOST_TEST(v.find("a").value().as_string() == "two");
  std::filesystem::remove(w.root / "files/a");
  BOOST_TEST((code_of(v.find("a")) == errc::not_found));
}

BOOST_AUTO_TEST_CASE(no_name_leads_out_of_the_directory) {
  const world w;
  const auto v = w.with({});
  w.write("outside", "x");
  w.write("files/.hidden", "x");
  for (const std::string name : {"../outside", "..", ".", "", ".hidden",
                                 "/etc/passwd", "a/b", "a b", "a\nb"}) {
    BOOST_TEST(!is_name(name), name);
    BOOST_TEST((code_of(v.find(name)) == errc::not_found), name);
  }
  BOOST_TEST(!is_name(std::string(129, 'a')));
  BOOST_TEST(!is_name(std::string_view{"a\0b", 3}));
  BOOST_TEST(is_name(std::string(128, 'a')));
  BOOST_TEST(is_name("API_key-1.prod"));
}

BOOST_AUTO_TEST_CASE(only_regular_files_of_a_bounded_size_are_secrets) {
  const world w;
  const auto v = w.with({});
  std::filesystem::create_directory(w.root / "files/folder");
  BOOST_TEST((code_of(v.find("folder")) == errc::not_found));
  w.write("files/large", std::string(secret_max + 1, 'x'));
  BOOST_TEST((code_of(v.find("large")) == errc::too_large));
  w.write("files/largest", std::string(secret_max, 'x'));
  BOOST_TEST(v.find("largest").has_value());
}

BOOST_AUTO_TEST_CASE(the_daemons_own_credentials_are_no_secrets) {
  const world w;
  const auto v = w.with({});
  w.write("credentials/api", "one");
  w.write("credentials/pawl-secret-key", "two");
  w.write("files/pawl-x", "three");
  BOOST_TEST(v.find("api").value().as_string() == "one");
  BOOST_TEST((code_of(v.find("pawl-secret-key")) == errc::not_found));
  BOOST_TEST(v.find("pawl-x").value().as_string() == "three");
}

BOOST_AUTO_TEST_CASE(stored_secrets_come_back_after_a_restart) {
  world w;
  put(w, w.with(ring('k')), "text", "hunter2");
  put(w, w.with(ring('k')), "object", {{"a", "b"}});
  put(w, w.with(ring('k')), "object_text", "{\"a\": 1}");
  BOOST_REQUIRE(w.store->close());
  w.open();
  const auto v = w.with(ring('k'));
  BOOST_TEST(v.find("text").value().as_string() == "hunter2");
  BOOST_TEST(v.find("object").value().at("a").as_string() == "b");
  BOOST_TEST(v.find("object_text").value().as_string() == "{\"a\": 1}");
  BOOST_REQUIRE(w.store->remove_secret("text"));
  BOOST_TEST((code_of(v.find("text")) == errc::not_found));
  BOOST_TEST((w.store->remove_secret("text").error().code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(tells_a_new_secret_from_a_replaced_one) {
  const world w;
  const auto v = w.with(ring('k'));
  BOOST_TEST(w.store->put_secret(v.seal("a", "1", {}).value()).value());
  BOOST_TEST(!w.store->put_secret(v.seal("a", "2", {}).value()).value());
  BOOST_TEST(v.find("a").value().as_string() == "2");
}

BOOST_AUTO_TEST_CASE(no_stored_value_is_on_the_disk) {
  world w;
  put(w, w.with(ring('k')), "planted-name", "planted-value-in-the-log");
  BOOST_TEST(w.on_disk("planted-name"));
  BOOST_TEST(!w.on_disk("planted-value"));
  BOOST_REQUIRE(w.store->close()); // From the log into a table.
  BOOST_TEST(!w.on_disk("planted-value"));
  BOOST_TEST(!w.on_disk(std::string(32, 'k')));
}

BOOST_AUTO_TEST_CASE(a_wrong_key_and_a_tampered_row_are_refused) {
  world w;
  put(w, w.with(ring('k')), "a", "one");
  BOOST_TEST((code_of(w.with(ring('x')).find("a")) == errc::no_secret_key));
  BOOST_TEST((code_of(w.with({}).find("a")) == errc::no_secret_key));
  // The row of one secret under the name of another, or changed.
  auto row = w.store->read_secret("a").value();
  row.name = "b";
  BOOST_REQUIRE(w.store->put_secret(row));
  BOOST_TEST((code_of(w.with(ring('k')).find("b")) == errc::corrupt));
  row.name = "a";
  row.sealed.back() = static_cast<char>(row.sealed.back() ^ 1);
  BOOST_REQUIRE(w.store->put_secret(row));
  BOOST_TEST((code_of(w.with(ring('k')).find("a")) == errc::corrupt));
}

BOOST_AUTO_TEST_CASE(files_go_before_credentials_before_the_store) {
  world w;
  const auto v = w.with(ring('k'));
  put(w, v, "a", "stored");
  BOOST_TEST(v.find("a").value().as_string() == "stored");
  w.write("credentials/a", "credential");
  BOOST_TEST(v.find("a").value().as_string() == "credential");
  w.write("files/a", "file");
  BOOST_TEST(v.find("a").value().as_string() == "file");
  BOOST_TEST((v.look("a").value()->from == origin::file));
  BOOST_TEST(!v.look("none").value());
}

BOOST_AUTO_TEST_CASE(lists_names_once_and_in_order) {
  world w;
  const auto v = w.with(ring('k'));
  put(w, v, "b", "stored");
  put(w, v, "z", "stored");
  w.write("credentials/b", "x");
  w.write("credentials/pawl-key", "x");
  w.write("files/a", "x");
  w.write("files/.c", "x");
  std::string seen;
  for (const auto& one : v.list().value())
    seen += one.name + ':' + std::string{to_text(one.from)} + ' ';
  BOOST_TEST(seen == "a:file b:credential z:store ");
  BOOST_TEST((v.list().value()[2].updated == from_unix_ms(5)));
}

BOOST_AUTO_TEST_CASE(bounds_what_is_stored) {
  const world w;
  const auto v = w.with(ring('k'));
  const auto no
    = v.seal("a", json::value(std::string(secret_max, 'x')), timestamp{});
  BOOST_REQUIRE(!no);
  BOOST_TEST((no.error().code == errc::too_large));
  BOOST_TEST(
    (w.with({}).seal("a", "x", {}).error().code == errc::no_secret_key));
}

BOOST_AUTO_TEST_CASE(verify_reads_secrets_as_well) {
  world w;
  put(w, w.with(ring('k')), "a", "one");
  BOOST_TEST(storage::verify(*w.store).value().empty());
}
