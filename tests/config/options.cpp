#define BOOST_TEST_MODULE config.options
#include "config/options.hpp"

#include "config/load.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace pawl;
using namespace pawl::config;

namespace {

struct good_value {
  const char* key;
  const char* text;
  const char* printed;
};

const good_value good_values[] = {
  {"http.body_max", "1MiB", "1MiB"},
  {"http.body_max", "2 MiB", "2MiB"},
  {"http.body_max", "1048577", "1048577"},
  {"http.body_max", "1048577B", "1048577"},
  {"http.header_timeout", "5s", "5s"},
  {"http.header_timeout", "1500ms", "1500ms"},
  {"http.header_timeout", "PT5S", "5s"},
  {"events.buffer_for", "PT1H", "1h"},
  {"events.buffer_for", "P1DT12H", "36h"},
  {"events.buffer_for", "P1W", "7d"},
  {"events.buffer_for", "PT90M", "90min"},
  {"http.threads", "8", "8"},
  {"log_level", "warn", "warn"},
  {"storage.torn_tail", "ask", "ask"},
  {"events.lifecycle", "tasks", "tasks"},
  {"storage.accept_loss", "true", "true"},
  {"data_dir", "/srv/pawl data", "/srv/pawl data"},
  {"listen", "127.0.0.1:80,unix:/run/pawl.sock",
   "127.0.0.1:80, unix:/run/pawl.sock"},
  {"listen", "[::1]:0", "[::1]:0"},
  {"memory-max", "2GiB", "2GiB"},
  {"http.hosts", "", ""},
  {"http.hosts", "a.example, b.example", "a.example, b.example"},
  {"http.unix_mode", "0660", "0660"},
};

const std::pair<const char*, const char*> bad_values[] = {
  {"http.body_max", ""},
  {"http.body_max", "MiB"},
  {"http.body_max", "-1"},
  {"http.body_max", "1MB"},
  {"http.body_max", "1.5MiB"},
  {"http.body_max", "1"},
  {"http.body_max", "1TiB"},
  {"http.body_max", "18446744073709551616"},
  {"http.body_max", "18446744073709551615TiB"},
  {"http.header_timeout", "5"},
  {"http.header_timeout", "5 parsecs"},
  {"http.header_timeout", "PT"},
  {"http.header_timeout", "P"},
  {"http.header_timeout", "PT5"},
  {"http.header_timeout", "P5S"},
  {"http.header_timeout", "P1M"},
  {"http.header_timeout", "PT1S1M"},
  {"http.header_timeout", "1ms"},
  {"http.threads", "0"},
  {"http.threads", "4x"},
  {"http.threads", "4294967297"},
  {"log_level", "loud"},
  {"log_level", "INFO"},
  {"storage.torn_tail", "guess"},
  {"storage.accept_loss", "yes"},
  {"listen", ""},
  {"listen", "7295"},
  {"listen", "127.0.0.1:"},
  {"listen", "127.0.0.1:70000"},
  {"listen", "::1:80"},
  {"listen", "unix:"},
  {"listen", "127.0.0.1:1,,"},
  {"listen", ":80"},
  {"http.hosts", "a,,b"},
  {"http.hosts", "[a, b]"},
  {"http.hosts", "['a','b']"},
  {"http.hosts", R"(["a",5])"},
  {"http.hosts", R"(["a",""])"},
  {"http.hosts", R"(["a")"},
  {"resources.file_roots", "[/x]"},
  {"resources.file_roots", "['/x:y']"},
  {"listen", "[127.0.0.1:80]"},
  {"listen", "[]"},
  {"listen", R"(["127.0.0.1"])"},
  {"http.unix_mode", "0777"},
};

const option& named(std::string_view key) {
  const auto* found = find_option(key);
  BOOST_REQUIRE_MESSAGE(found != nullptr, key);
  return *found;
}

} // namespace

BOOST_AUTO_TEST_CASE(values_are_read_and_printed_in_their_unit) {
  for (const auto& row : good_values) {
    options o;
    BOOST_TEST_CONTEXT(row.key << " = " << row.text) {
      BOOST_TEST(bool(set_value(named(row.key), o, row.text)));
      BOOST_TEST(value_text(named(row.key), o) == row.printed);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_bad_value_is_refused_with_the_key_and_changes_nothing) {
  for (const auto& [key, text] : bad_values) {
    options o;
    BOOST_TEST_CONTEXT(key << " = " << text) {
      const auto done = set_value(named(key), o, text);
      BOOST_REQUIRE(!done);
      BOOST_TEST(done.error().detail.starts_with(key), done.error().detail);
      BOOST_CHECK(o == options{});
    }
  }
}

BOOST_AUTO_TEST_CASE(every_default_lies_within_its_bounds_and_reads_back) {
  for (const auto& each : catalogue()) {
    options o;
    const auto text = value_text(each, o);
    BOOST_TEST(bool(set_value(each, o, text)), each.key << " = " << text);
    BOOST_CHECK(o == options{});
  }
}

BOOST_AUTO_TEST_CASE(every_option_has_a_place_of_its_own_and_a_help_text) {
  std::set<std::string> keys;
  std::set<std::string> variables;
  std::set<const void*> places;
  options o;
  for (const auto& each : catalogue()) {
    keys.emplace(each.key);
    variables.insert(environment_name(each));
    places.insert(
      std::visit([](auto* at) -> const void* { return at; }, each.at(o)));
    BOOST_TEST(each.help.ends_with('.'), each.key);
    BOOST_CHECK((each.is == unit::word) == !each.words.empty());
  }
  BOOST_TEST(keys.size() == catalogue().size());
  BOOST_TEST(variables.size() == catalogue().size());
  BOOST_TEST(places.size() == catalogue().size());
}

BOOST_AUTO_TEST_CASE(the_catalogue_covers_the_whole_struct) {
  std::ifstream file{PAWL_SOURCE_DIR "/config/options.hpp"};
  const std::regex member{R"(^ +[a-z_0-9:<>]+ ([a-z_]+)( =.*|\{.*\})?;.*)"};
  std::size_t members = 0;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    inside = (inside && line != "};") || line == "struct options {";
    std::smatch found;
    if (!inside || !std::regex_match(line, found, member))
      continue;
    ++members;
    const auto name = found[1].str();
    const auto all = catalogue();
    BOOST_TEST(std::any_of(all.begin(), all.end(),
                           [&](const option& each) {
                             return each.key == name
                                    || each.key.ends_with("." + name);
                           }),
               name);
  }
  BOOST_TEST(members == catalogue().size());
}

BOOST_AUTO_TEST_CASE(the_example_file_shows_every_option_with_its_default) {
  std::ifstream file{PAWL_SOURCE_DIR "/config/pawl.yaml"};
  std::ostringstream text;
  text << file.rdbuf();
  // To renew it: pawld --data-dir '' --print-config > config/pawl.yaml
  BOOST_TEST(text.str() == to_yaml(options{}));
}
