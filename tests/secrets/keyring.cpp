#define BOOST_TEST_MODULE secrets.keyring
#include "secrets/keyring.hpp"

#include "base/bytes.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace pawl;
using namespace pawl::secrets;

namespace {

const std::string one(32, '\x11');
const std::string two(32, '\x22');

keyring ring(const std::vector<std::string>& keys) {
  std::vector<std::shared_ptr<const key>> out;
  for (const auto& k : keys)
    out.push_back(key::parse(k).value());
  return keyring{std::move(out)};
}

struct folder {
  std::filesystem::path at;
  folder() {
    std::string name = std::filesystem::temp_directory_path() / "pawl-XXXXXX";
    BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
    at = name;
  }
  ~folder() { std::filesystem::remove_all(at); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  [[nodiscard]] std::string write(const std::string& name,
                                  const std::string& text,
                                  std::filesystem::perms mode
                                  = std::filesystem::perms::owner_read) const {
    const auto path = at / name;
    std::ofstream{path} << text;
    std::filesystem::permissions(path, mode);
    return path;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(opens_what_it_sealed) {
  const auto keys = ring({one});
  for (const std::string plain : {"", "x", "a longer value, with more in it"}) {
    const auto sealed = keys.seal("name", plain);
    BOOST_REQUIRE(sealed);
    BOOST_TEST(sealed->size() == plain.size() + 33);
    if (plain.size() > 1)
      BOOST_TEST(sealed->find(plain) == std::string::npos);
    BOOST_TEST(keys.open("name", *sealed).value() == plain);
  }
}

BOOST_AUTO_TEST_CASE(seals_the_same_value_differently_each_time) {
  const auto keys = ring({one});
  BOOST_TEST(keys.seal("n", "value").value()
             != keys.seal("n", "value").value());
}

BOOST_AUTO_TEST_CASE(refuses_every_changed_byte) {
  const auto keys = ring({one});
  const auto sealed = keys.seal("name", "the value").value();
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto bad = sealed;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    const auto out = keys.open("name", bad);
    BOOST_REQUIRE_MESSAGE(!out, i);
    const bool names_key = i >= 1 && i <= 4;
    BOOST_TEST(
      (out.error().code == (names_key ? errc::no_secret_key : errc::corrupt)),
      i);
    BOOST_TEST(out.error().detail.find("the value") == std::string::npos);
  }
  for (std::size_t i = 0; i < sealed.size(); ++i)
    BOOST_TEST(!keys.open("name", sealed.substr(0, i)));
}

BOOST_AUTO_TEST_CASE(refuses_a_value_under_another_name) {
  const auto keys = ring({one});
  const auto sealed = keys.seal("name", "value").value();
  BOOST_TEST((keys.open("nome", sealed).error().code == errc::corrupt));
}

BOOST_AUTO_TEST_CASE(seals_with_the_first_key_and_opens_with_all) {
  const auto before = ring({one}).seal("n", "value").value();
  const auto rotated = ring({two, one});
  BOOST_TEST(rotated.open("n", before).value() == "value");
  const auto after = rotated.seal("n", "value").value();
  BOOST_TEST(
    (ring({one}).open("n", after).error().code == errc::no_secret_key));
  BOOST_TEST(ring({two}).open("n", after).value() == "value");
}

BOOST_AUTO_TEST_CASE(without_a_key_nothing_is_sealed) {
  const keyring none;
  BOOST_TEST(none.empty());
  BOOST_TEST((none.seal("n", "v").error().code == errc::no_secret_key));
}

BOOST_AUTO_TEST_CASE(reads_keys_in_three_writings) {
  const auto id = key::parse(one).value()->id();
  BOOST_TEST(id.size() == 4u);
  BOOST_TEST(key::parse(to_hex(one) + "\n").value()->id() == id);
  BOOST_TEST(key::parse(" " + to_base64(one) + "\r\n").value()->id() == id);
  auto upper = to_hex(std::string(32, '\xab'));
  for (auto& c : upper)
    c = static_cast<char>(std::toupper(c));
  BOOST_TEST(key::parse(upper).value()->id()
             == key::parse(std::string(32, '\xab')).value()->id());
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_key_without_showing_it) {
  const auto hex = to_hex(one);
  for (const auto& text :
       {std::string{}, std::string(31, 'k'), std::string(33, 'k'),
        hex.substr(1), hex + "0", std::string(64, 'g'),
        std::string(43, 'A') + "A", std::string(42, 'A') + "=="}) {
    const auto no = key::parse(text);
    BOOST_REQUIRE_MESSAGE(!no, text);
    BOOST_TEST((no.error().code == errc::malformed));
    if (!text.empty())
      BOOST_TEST(no.error().detail.find(text) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(loads_keys_of_files) {
  const folder f;
  const std::string files[]
    = {f.write("a", to_hex(two) + "\n"), f.write("b", one)};
  const auto keys = keyring::load(files);
  BOOST_REQUIRE(keys);
  BOOST_TEST(keys->open("n", ring({one}).seal("n", "v").value()).value()
             == "v");
}

BOOST_AUTO_TEST_CASE(says_which_file_is_no_key) {
  const folder f;
  using enum std::filesystem::perms;
  const std::string bad[]
    = {(f.at / "missing").string(), f.write("short", "hunter2"), f.at.string(),
       f.write("huge", std::string(5000, 'x')),
       f.write("open", to_hex(one), owner_read | others_read)};
  for (const auto& path : bad) {
    const std::string files[] = {path};
    const auto no = keyring::load(files);
    BOOST_REQUIRE_MESSAGE(!no, path);
    BOOST_TEST((no.error().code == errc::malformed));
    BOOST_TEST(no.error().detail.find(path) != std::string::npos);
    BOOST_TEST(no.error().detail.find("hunter2") == std::string::npos);
  }
}
