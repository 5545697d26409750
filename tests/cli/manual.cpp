#define BOOST_TEST_MODULE cli.manual

#include "tests/cli/program.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <string>

namespace {

std::string output_of(const std::string& command) {
  std::string out;
  auto* pipe = popen((command + " 2>&1").c_str(), "r"); // NOLINT
  BOOST_REQUIRE(pipe != nullptr);
  char part[4096];
  for (std::size_t n = 0; (n = fread(part, 1, sizeof part, pipe)) > 0;)
    out.append(part, n);
  pclose(pipe);
  return out;
}

const std::string pages[]
  = {PAWL_BINARY_DIR "/bin/pawl man", PAWL_BINARY_DIR "/bin/pawld man"};

bool there_is(const std::string& program) {
  if (!output_of("command -v " + program).empty())
    return true;
  BOOST_TEST_MESSAGE("skipped: there is no " << program);
  return false;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(manual)

BOOST_AUTO_TEST_CASE(mandoc_has_nothing_to_say) {
  if (!there_is("mandoc"))
    return;
  // A page has a version; a date would make each build another one.
  for (const auto& page : pages)
    BOOST_TEST(output_of(page
                         + " | mandoc -T lint -W warning | "
                           "grep -v 'missing date'")
               == "");
}

BOOST_AUTO_TEST_CASE(groff_has_nothing_to_say) {
  if (!there_is("groff"))
    return;
  for (const auto& page : pages)
    BOOST_TEST(output_of(page + " | groff -man -ww -b -z") == "");
}

BOOST_AUTO_TEST_CASE(man_warns_of_nothing) {
  if (!there_is("man"))
    return;
  for (const auto& page : pages)
    BOOST_TEST(output_of(page
                         + " | LC_ALL=C.UTF-8 MANROFFSEQ= man --warnings -l - "
                           "2>&1 >/dev/null")
               == "");
}

BOOST_AUTO_TEST_CASE(tells_of_commands_options_and_codes) {
  const auto client = output_of(pages[0]);
  for (const auto* part :
       {".TH PAWL 1 ", ".SS \"pawl pause [OPTION...] ID...\"",
        "\\fB\\-\\-reason\\fR \\fITEXT\\fR", ".SS \"pawl def apply [OPTION...]",
        "\\fB\\-o, \\-\\-output\\fR", ".SH \"EXIT STATUS\"", "PAWL_TOKEN"})
    BOOST_TEST(has(client, part), part);
  const auto daemon = output_of(pages[1]);
  for (const auto* part :
       {".TH PAWLD 8 ", "\\fB\\-\\-data\\-dir\\fR \\fIDIR\\fR",
        "\\fBhttp.body_max\\fR", "Default: 1MiB", "PAWL_HTTP_BODY_MAX",
        "pawld verify \\-\\-data\\-dir DIR", ".SH \"SIGNALS\""})
    BOOST_TEST(has(daemon, part), part);
}

BOOST_AUTO_TEST_SUITE_END()
