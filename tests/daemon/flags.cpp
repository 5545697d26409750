#define BOOST_TEST_MODULE daemon.flags
#include "daemon/flags.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace pawl::daemon;

namespace {

flags good(std::vector<std::string> arguments) {
  auto parsed = parse_flags(std::move(arguments));
  const auto* mistake = std::get_if<early_exit>(&parsed);
  BOOST_REQUIRE_MESSAGE(mistake == nullptr, mistake->text);
  return std::get<flags>(parsed);
}

early_exit ended(std::vector<std::string> arguments) {
  auto parsed = parse_flags(std::move(arguments));
  BOOST_REQUIRE(std::holds_alternative<early_exit>(parsed));
  return std::get<early_exit>(parsed);
}

bool says(const early_exit& what, std::string_view part) {
  return what.text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_asked_is_nothing_set) {
  const auto f = good({});
  BOOST_TEST(f.config_file.empty());
  BOOST_TEST(f.overrides.empty());
  BOOST_TEST(!f.print_config);
  BOOST_TEST(!f.check_config);
}

BOOST_AUTO_TEST_CASE(every_flag_arrives) {
  const auto f
    = good({"--config", "/etc/pawl.yaml", "--data-dir=/d", "--listen",
            "127.0.0.1:1,unix:/s", "--listen", "[::1]:2", "--log-level", "warn",
            "--memory-max", "2GiB", "--set", "http.threads=2", "--set",
            "data-dir=/e=f", "--print-config", "--check-config"});
  BOOST_TEST(f.config_file == "/etc/pawl.yaml");
  BOOST_TEST(f.print_config);
  BOOST_TEST(f.check_config);
  const std::vector<pawl::config::assignment> expected
    = {{"data_dir", "/d"},    {"listen", "127.0.0.1:1,unix:/s,[::1]:2"},
       {"log_level", "warn"}, {"memory_max", "2GiB"},
       {"http.threads", "2"}, {"data-dir", "/e=f"}};
  BOOST_CHECK(f.overrides == expected);
}

BOOST_AUTO_TEST_CASE(the_file_may_come_from_the_environment) {
  ::setenv("PAWL_CONFIG", "/from/env", 1);
  BOOST_TEST(good({}).config_file == "/from/env");
  BOOST_TEST(good({"--config", "/x"}).config_file == "/x");
  ::unsetenv("PAWL_CONFIG");
}

BOOST_AUTO_TEST_CASE(mistakes_in_usage_end_with_64_and_say_which) {
  const std::pair<std::vector<std::string>, const char*> rows[] = {
    {{"--nonsense"}, "--nonsense"},
    {{"extra"}, "extra"},
    {{"--config"}, "--config"},
    {{"--set", "http.threads"}, "KEY=VALUE"},
    {{"--set", "=2"}, "KEY=VALUE"},
    {{"--set", "http.thread=2"}, "did you mean 'http.threads'?"},
    {{"--set", "http.threads=0"}, "between 1 and 64"},
    {{"--log-level", "loud"}, "log_level must be one of"},
    {{"--listen", "nowhere"}, "ADDR:PORT"},
    {{"--memory-max", "lots"}, "memory_max must be a size"},
  };
  for (const auto& [arguments, part] : rows) {
    const auto end = ended(arguments);
    BOOST_TEST(end.code == 64);
    BOOST_TEST(says(end, part), end.text << " should name " << part);
  }
}

BOOST_AUTO_TEST_CASE(every_bad_flag_is_told_at_once) {
  const auto end = ended({"--log-level", "loud", "--memory-max", "lots"});
  BOOST_TEST(says(end, "log_level"));
  BOOST_TEST(says(end, "memory_max"));
}

BOOST_AUTO_TEST_CASE(help_and_version_end_well) {
  const auto help = ended({"--help"});
  BOOST_TEST(help.code == 0);
  for (const auto* flag :
       {"--config", "--data-dir", "--listen", "--log-level", "--memory-max",
        "--set", "--print-config", "--check-config", "--version"})
    BOOST_TEST(says(help, flag), flag);
  const auto version = ended({"--version"});
  BOOST_TEST(version.code == 0);
  BOOST_TEST(version.text.starts_with("pawld 0."));
}
