#define BOOST_TEST_MODULE config.load
#include "config/load.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace pawl;
using namespace pawl::config;

namespace {

/// A configuration file that is gone after the case.
class temp_file {
public:
  explicit temp_file(std::string_view text)
      : path_{std::filesystem::temp_directory_path()
              / ("pawl-config-" + std::to_string(::getpid()) + ".yaml")} {
    std::ofstream{path_} << text;
  }
  ~temp_file() { std::filesystem::remove(path_); }
  temp_file(const temp_file&) = delete;
  temp_file& operator=(const temp_file&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

struct bad_yaml {
  const char* text;
  std::uint32_t line;
  std::uint32_t column;
  const char* detail; ///< Part of the sentence.
};

const bad_yaml bad_yamls[] = {
  {"http: {body_max: 1}", 1, 18, "between 1KiB and 256MiB"},
  {"http:\n  bodymax: 1MiB\n", 2, 3, "did you mean 'http.body_max'?"},
  {"htp:\n  body_max: 1MiB\n", 1, 1, "there is no option 'htp'"},
  {"log_levle: info\n", 1, 1, "did you mean 'log_level'?"},
  {"log_level: info\nlog_level: warn\n", 2, 1, "a second time"},
  {"log_level: info\nlog-level: warn\n", 2, 1, "a second time"},
  {"http: 5\n", 1, 7, "must be a mapping"},
  {"http: [1]\n", 1, 7, "must be a mapping"},
  {"http:\n  threads: [1]\n", 2, 12, "one plain value"},
  {"http:\n  threads:\n", 2, 3, "one plain value"},
  {"listen:\n  - a:1\n  - {b: 2}\n", 3, 5, "must be text"},
  {"- 1\n", 1, 1, "must be a mapping of options"},
  {"? [a]\n: 1\n", 1, 3, "must be text"},
  {"http: {\n", 2, 0, "not YAML"},
  {"\tlog_level: info\n", 1, 0, "not YAML"},
};

} // namespace

BOOST_AUTO_TEST_CASE(a_fault_in_the_file_has_its_place_and_helps) {
  for (const auto& row : bad_yamls) {
    options o;
    const auto faults = apply_yaml(row.text, o);
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_REQUIRE(faults.size() == 1);
      BOOST_TEST(faults[0].line == row.line);
      if (row.column != 0)
        BOOST_TEST(faults[0].column == row.column);
      BOOST_TEST((faults[0].detail.find(row.detail) != std::string::npos),
                 faults[0].detail);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_fault_of_every_source_is_told_at_once) {
  const temp_file file{"log_level: loud\nhttp:\n  threads: 0\n  nonsense: 1\n"};
  const auto done = load(
    {.file = file.path(),
     .environment = {{"PAWL_MEMORY_MAX", "tiny"}},
     .flags = {{"steps.call_timeout", "never"}, {"steps.cal_timeout", "1s"}}});
  BOOST_REQUIRE(!done);
  const auto e = done.error();
  BOOST_CHECK(e.code == errc::malformed);
  BOOST_REQUIRE(e.faults.size() == 6);
  BOOST_TEST(e.faults[0].line == 1U);
  BOOST_TEST(e.faults[1].line == 3U);
  BOOST_TEST(e.faults[1].pointer == "/http/threads");
  BOOST_TEST(e.faults[2].line == 4U);
  BOOST_TEST(e.faults[3].detail.starts_with("variable PAWL_MEMORY_MAX: "));
  BOOST_TEST(e.faults[4].detail.starts_with("flag: steps.call_timeout must"));
  BOOST_TEST(
    e.faults[5].detail.ends_with("did you mean 'steps.call_timeout'?"));
  BOOST_TEST((e.detail.find(file.path() + ":3:12: ") != std::string::npos),
             e.detail);
}

BOOST_AUTO_TEST_CASE(flags_outrank_environment_outranks_file_outranks_default) {
  const temp_file file{"log_level: warn\nhttp: {threads: 2, body_max: 2MiB}\n"
                       "listen: ['127.0.0.1:1', 'unix:/tmp/s']\n"};
  const auto done
    = load({.file = file.path(),
            .environment = {{"PAWL_HTTP_THREADS", "3"},
                            {"PAWL_LOG_LEVEL", "error"},
                            {"UNRELATED", "x"}},
            .flags = {{"log_level", "debug"}, {"log-level", "info"}}});
  BOOST_REQUIRE(done);
  const auto& o = done->chosen;
  BOOST_CHECK(o.log_level == log::level::info); // The last flag wins.
  BOOST_TEST(o.http.threads == 3U);
  BOOST_TEST(o.http.body_max == 2U << 20);
  BOOST_TEST(o.http.connections_max == options{}.http.connections_max);
  BOOST_TEST(o.listen.size() == 2U);
  BOOST_TEST(done->warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_list_is_the_same_from_every_source) {
  using list = std::vector<std::string>;
  const temp_file file{"programs: {environment: ['A=1,2', B=3]}\n"};
  const auto done = load(
    {.file = file.path(),
     .environment = {{"PAWL_SECRETS_OLD_KEY_FILES", R"(["/k, 1","/k]"])"}},
     .flags = {{"resources.file_roots", R"(["/x", "/y"])"},
               {"http.hosts", "[::1], a.test"},
               {"listen", R"( ["[::1]:80","unix:/s"] )"}}});
  BOOST_REQUIRE(done);
  const auto& o = done->chosen;
  BOOST_TEST(o.programs.environment == (list{"A=1,2", "B=3"}));
  BOOST_TEST(o.secrets.old_key_files == (list{"/k, 1", "/k]"}));
  BOOST_TEST(o.resources.file_roots == (list{"/x", "/y"}));
  BOOST_TEST(o.http.hosts == (list{"[::1]", "a.test"}));
  BOOST_TEST(o.listen == (list{"[::1]:80", "unix:/s"}));
  options back;
  BOOST_TEST(apply_yaml(to_yaml(o), back).empty());
  BOOST_CHECK(back == o);
  for (const auto& which : catalogue())
    BOOST_TEST(bool(set_value(which, back, value_text(which, o))), which.key);
  BOOST_CHECK(back == o);
}

BOOST_AUTO_TEST_CASE(a_list_that_is_no_list_is_told_how_to_be_one) {
  options o;
  const auto faults = apply_flags({{"resources.file_roots", "[/x, /y]"}}, o);
  BOOST_REQUIRE(faults.size() == 1U);
  BOOST_TEST(
    faults[0].detail
    == "flag: resources.file_roots takes texts with commas between, "
       "like a,b, or a JSON array, like [\"a\",\"b\"], not '[/x, /y]'");
}

BOOST_AUTO_TEST_CASE(a_strange_variable_is_a_warning_only) {
  const auto done = load({.file = {},
                          .environment = {{"PAWL_PORT", "tcp://10.0.0.1:7295"},
                                          {"PAWL_LOGLEVEL", "warn"},
                                          {"PAWL_URL", "x"},
                                          {"PAWL_BIN_DIR", "/x"},
                                          {"PAWL_TEST_CLOCK_SHIFT", "1h"}},
                          .flags = {}});
  BOOST_REQUIRE(done);
  BOOST_REQUIRE(done->warnings.size() == 2);
  BOOST_TEST(done->warnings[1].ends_with("did you mean 'PAWL_LOG_LEVEL'?"),
             done->warnings[1]);
}

BOOST_AUTO_TEST_CASE(the_data_directory_follows_systemd_then_home) {
  const auto chosen = [](std::vector<assignment> environment) {
    return load(
             {.file = {}, .environment = std::move(environment), .flags = {}})
      ->chosen.data_dir;
  };
  BOOST_TEST(chosen({{"STATE_DIRECTORY", "/var/lib/pawl:/x"}, {"HOME", "/h"}})
             == "/var/lib/pawl");
  BOOST_TEST(chosen({{"HOME", "/h"}, {"STATE_DIRECTORY", "/s"}}) == "/s");
  BOOST_TEST(chosen({{"HOME", "/h"}}) == "/h/.local/share/pawl");
  BOOST_TEST(chosen({{"PAWL_DATA_DIR", "/d"}, {"HOME", "/h"}}) == "/d");
}

BOOST_AUTO_TEST_CASE(options_that_contradict_each_other_are_refused) {
  const auto done = load({.file = {},
                          .environment = {},
                          .flags = {{"storage.disk_critical", "3GiB"},
                                    {"http.connections_max", "10"}}});
  BOOST_REQUIRE(!done);
  BOOST_TEST(done.error().faults.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_an_io_failure) {
  const auto done
    = load({.file = "/nonexistent/pawl.yaml", .environment = {}, .flags = {}});
  BOOST_REQUIRE(!done);
  BOOST_CHECK(done.error().code == errc::io);
}

BOOST_AUTO_TEST_CASE(an_alias_bomb_is_not_unfolded) {
  std::string bomb{"a: &a [x,x,x,x,x,x,x,x,x,x]\n"};
  for (char c = 'b'; c < 'z'; ++c) {
    const std::string last{1, static_cast<char>(c - 1)};
    bomb += std::string{c} + ": &" + c + " [";
    for (int i = 0; i < 9; ++i)
      bomb += "*" + last + ",";
    bomb += "*" + last + "]\n";
  }
  options o;
  BOOST_TEST(!apply_yaml(bomb, o).empty());
  BOOST_CHECK(o == options{});
}

BOOST_AUTO_TEST_CASE(what_is_printed_loads_as_the_same) {
  options o;
  o.data_dir = "/a \"b\"\n: #c";
  o.listen = {"127.0.0.1:1", "unix:/tmp/x y"};
  o.storage.torn_tail = torn_tail::ask;
  o.http.header_timeout = duration{1234};
  o.memory_max = 123'456'789;
  options back;
  BOOST_TEST(apply_yaml(to_yaml(o), back).empty());
  BOOST_CHECK(back == o);
}
