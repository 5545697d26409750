#define BOOST_TEST_MODULE actors.program_client
#include "tests/support/programs.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <set>
#include <sstream>
#include <unistd.h>

using namespace pawl;
using namespace pawl::actors;
using namespace pawl::test;

namespace {

std::set<std::string> lines(const std::string& text) {
  std::set<std::string> all;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    all.insert(line.substr(0, line.find('=')));
  return all;
}

/// Whether programs find `name`; a case that needs it says so when they do not.
bool installed(const std::string& name) {
  for (const auto* folder : {"/usr/local/bin/", "/usr/bin/", "/bin/"})
    if (fs::exists(folder + name))
      return true;
  BOOST_TEST_MESSAGE("skipped: there is no " << name);
  return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(program_client_suite)

BOOST_AUTO_TEST_CASE(a_shell_command_gets_arguments_input_and_variables) {
  const auto how = outcome(
    shell("echo \"$1|$2|$COLOUR|$PAWL_EFFECT_KEY|$PAWL_ATTEMPT\"; cat; "
          "echo oops >&2; exit 3",
          {{"arguments", {"a b", "$c"}},
           {"stdin", "from stdin"},
           {"environment", {{"COLOUR", "red"}}}}));
  BOOST_TEST(how.code == 3);
  BOOST_TEST(how.out == "a b|$c|red|some/key|1\nfrom stdin");
  BOOST_TEST(how.err == "oops\n");
}

BOOST_AUTO_TEST_CASE(values_that_are_no_text_are_passed_as_json) {
  const auto how
    = outcome(shell("echo $1 $N; cat", {{"arguments", {7}},
                                        {"environment", {{"N", true}}},
                                        {"stdin", {{"a", {1, 2}}}}}));
  BOOST_TEST(how.out == "7 true\n{\"a\":[1,2]}");
}

BOOST_AUTO_TEST_CASE(sees_nothing_of_the_daemons_environment) {
  ::setenv("PAWL_TEST_SECRET", "s3cret", 1); // NOLINT(concurrency-mt-unsafe)
  for (const auto way : both_ways) {
    program_client client{client_options(way)};
    const auto how = outcome(run(client, shell("/usr/bin/env")));
    BOOST_TEST(how.out.find("s3cret") == std::string::npos);
    BOOST_TEST(lines(how.out)
                 == (std::set<std::string>{"PATH", "HOME", "LANG", "PWD",
                                           "PAWL_EFFECT_KEY", "PAWL_ATTEMPT"}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(inherits_no_open_file) {
  // Not closed on exec, as a careless library might leave it.
  const int careless = ::open("/etc/hostname", O_RDONLY); // NOLINT
  BOOST_REQUIRE(::dup2(careless, 77) == 77);
  for (const auto way : both_ways) {
    program_client client{client_options(way)};
    const auto how
      = outcome(run(client, shell("ls /proc/$$/fd; ls -l /proc/$$/fd >&2; "
                                  "true")));
    BOOST_TEST(lines(how.out) == (std::set<std::string>{"0", "1", "2"}),
               boost::test_tools::per_element());
    BOOST_TEST(how.err.find("socket:") == std::string::npos);
  }
  ::close(careless);
  ::close(77);
}

BOOST_AUTO_TEST_CASE(runs_in_an_empty_directory_that_goes_away) {
  for (const auto way : both_ways) {
    program_client client{client_options(way)};
    const auto how = outcome(run(
      client, shell("ls -A | wc -l; test \"$PWD\" = \"$HOME\" && mkdir -p d/e "
                    "&& echo x > d/e/f && chmod 0 d/e d && pwd")));
    BOOST_TEST(how.code == 0);
    BOOST_TEST(how.out.substr(0, 2) == "0\n");
    const auto where = how.out.substr(2, how.out.size() - 3);
    BOOST_TEST(where.starts_with("/tmp/pawl-"));
    BOOST_TEST(!fs::exists(where));
  }
}

BOOST_AUTO_TEST_CASE(may_not_write_elsewhere_or_gain_rights) {
  program_client client{client_options()};
  const auto how = outcome(
    run(client, shell("touch /etc/pawl-test /usr/pawl-test; id -u; "
                      "grep -E '^(NoNewPrivs|CapEff)' /proc/self/status")));
  BOOST_TEST(!fs::exists("/etc/pawl-test"));
  BOOST_TEST(!how.out.starts_with("0\n"));
  BOOST_TEST(how.out.find("NoNewPrivs:\t1") != std::string::npos);
  BOOST_TEST(how.out.find("CapEff:\t0000000000000000") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_operator_hides_is_hidden) {
  auto options = client_options();
  options.runner.hidden = {"/etc/apt", "/etc/hostname"};
  options.isolation = "namespaces";
  program_client client{options};
  const auto how
    = run(client, shell("ls /etc/apt; cat /etc/hostname; ls /home /root"));
  if (const auto* why = std::get_if<program_failure>(&how)) {
    BOOST_TEST(why->detail.find("programs.isolation") != std::string::npos);
    BOOST_TEST_MESSAGE("skipped: this system gives no namespaces");
    return;
  }
  BOOST_TEST(std::get<program_outcome>(how).out.find("sources")
             == std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_user_gets_namespaces_where_one_does) {
  auto options = client_options();
  options.isolation = "namespaces";
  program_client nobody{options};
  if (std::holds_alternative<program_failure>(run(nobody, shell("true")))) {
    BOOST_TEST_MESSAGE("skipped: this system gives no namespaces");
    return;
  }
  options.runner.user = "daemon"; // Means nothing unless this is root.
  program_client other{options};
  const auto how = outcome(run(other, shell("id -u; cat /proc/self/uid_map")));
  BOOST_TEST(how.out.starts_with(
    ::geteuid() == 0 ? "1\n" : std::to_string(::geteuid()) + "\n"));
}

BOOST_AUTO_TEST_CASE(runs_nothing_with_less_isolation_than_demanded) {
  auto options = client_options(keeping::without_namespaces);
  options.isolation = "user";
  program_client client{options};
  const auto why = failure(run(client, shell("echo hello")));
  BOOST_TEST((why.kind == error_kind::configuration));
  BOOST_TEST(why.detail.find("programs.isolation") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_code_of_a_signal_is_128_and_its_number) {
  BOOST_TEST(outcome(shell("kill -9 $$")).code == 137);
  BOOST_TEST(outcome(shell("kill -TERM $$")).code == 143);
}

BOOST_AUTO_TEST_CASE(input_and_output_may_be_large_and_any_bytes) {
  std::string large(900'000, 'x');
  BOOST_TEST(outcome(shell("cat", {{"stdin", large}})).out == large);
  BOOST_TEST(outcome(shell("true", {{"stdin", large}})).code == 0);
  BOOST_TEST(outcome(shell("printf 'a\\377b\\0c\\303'")).out
             == (std::string{"a\xef\xbf\xbd"
                             "b\0c\xef\xbf\xbd",
                             10}));
}

BOOST_AUTO_TEST_CASE(a_command_too_long_for_the_system_says_so) {
  program_client client{client_options()};
  const auto why = failure(
    run(client, shell("true", {{"arguments", {std::string(200'000, 'x')}}})));
  BOOST_TEST(why.detail.find("too long") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_named) {
  auto options = client_options();
  options.limits.path = "/nonexistent";
  program_client client{options};
  const auto why = failure(run(client, script("js", "1")));
  BOOST_TEST((why.kind == error_kind::configuration));
  BOOST_TEST(why.detail.find("'node'") != std::string::npos);
  BOOST_TEST(why.detail.find("/nonexistent") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_runner_that_is_not_there_is_named) {
  auto options = client_options();
  options.runner.program = "/nonexistent/pawl-runner";
  program_client child{options};
  BOOST_TEST(failure(run(child, shell("true"))).detail.find("/nonexistent")
             != std::string::npos);
  options.runner.socket = "/nonexistent/socket";
  program_client service{options};
  const auto why = failure(run(service, shell("true")));
  BOOST_TEST((why.kind == error_kind::configuration));
  BOOST_TEST(why.detail.find("/nonexistent/socket") != std::string::npos);
  options.runner = {
    .socket = {}, .program = "/usr/bin/false", .user = "nobody", .hidden = {}};
  program_client broken{options};
  BOOST_TEST(
    (failure(run(broken, shell("true"))).kind == error_kind::configuration));
}

BOOST_AUTO_TEST_CASE(programs_can_be_turned_off) {
  auto options = client_options();
  options.limits.enabled = false;
  program_client client{options};
  BOOST_TEST(failure(run(client, shell("true"))).detail.find("programs.enabled")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(runs_python) {
  if (!installed("python3"))
    return;
  const auto how
    = outcome(script("python",
                     "import sys, os\n"
                     "print(sys.argv[1:], sys.stdin.read(), os.environ['A'])\n"
                     "sys.exit(4)\n#"
                       + std::string(300'000, ' '),
                     {{"arguments", {"x", "y"}},
                      {"stdin", "in"},
                      {"environment", {{"A", "b"}}}}));
  BOOST_TEST(how.out == "['x', 'y'] in b\n");
  BOOST_TEST(how.code == 4);
}

BOOST_AUTO_TEST_CASE(runs_javascript) {
  if (!installed("node"))
    return;
  const auto how = outcome(script(
    "js",
    "const fs = require('fs');\n"
    "console.log(process.argv.slice(2).join(), fs.readFileSync(0, 'utf8'));\n"
    "throw new Error('no way');",
    {{"arguments", {"x", "y"}}, {"stdin", "in"}}));
  BOOST_TEST(how.out == "x,y in\n");
  BOOST_TEST(how.err.find("no way") != std::string::npos);
  BOOST_TEST(how.code == 1);
}

BOOST_AUTO_TEST_SUITE_END()
