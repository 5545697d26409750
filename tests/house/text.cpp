// What must not stand in any file, and how long a file may be.
#define BOOST_TEST_MODULE house.text
#include "tests/house/tree.hpp"

#include <boost/test/unit_test.hpp>

#include <regex>

using namespace pawl;

namespace {

/// Spelled in two halves, so that this file passes its own test.
const std::regex marks{"\\b(TO"
                       "DO|FIX"
                       "ME|XX"
                       "X|HA"
                       "CK)\\b"};
const std::regex machine_paths{"(^|[^A-Za-z0-9_/.~-])/(wo"
                               "rk|ho"
                               "me/[a-z]+|tmp/"
                               "wt)/"};

bool is_text(const std::filesystem::path& file) {
  const auto text = house::text_of(file);
  return text.find('\0') == std::string::npos;
}

void forbid(const std::regex& what, std::string_view why) {
  std::size_t lines = 0;
  for (const auto& file : house::files()) {
    if (!is_text(file))
      continue;
    house::each_line(file, [&](const std::string& line, std::size_t number) {
      ++lines;
      if (line.size() < 2000 && std::regex_search(line, what))
        BOOST_ERROR(file.string() << ":" << number << ": " << why);
    });
  }
  BOOST_TEST(lines > 1000U);
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_is_left_for_later) {
  forbid(marks, "open an issue instead of leaving a mark");
}

BOOST_AUTO_TEST_CASE(nothing_names_the_machine_it_was_written_on) {
  forbid(machine_paths, "a path of one machine");
}

BOOST_AUTO_TEST_CASE(a_source_stays_readable_in_one_sitting) {
  constexpr std::size_t lines_max = 450;
  for (const auto& file : house::files()) {
    if (!house::is_source(file) || *file.begin() == "tests")
      continue;
    std::size_t lines = 0;
    house::each_line(
      file, [&](const std::string&, std::size_t number) { lines = number; });
    BOOST_TEST(lines <= lines_max, file.string() << " has " << lines);
  }
}

BOOST_AUTO_TEST_CASE(every_header_is_included_once) {
  for (const auto& file : house::files())
    if (file.extension() == ".hpp")
      BOOST_TEST(house::text_of(file).find("#pragma once") != std::string::npos,
                 file.string());
}

BOOST_AUTO_TEST_CASE(the_patterns_can_match) {
  BOOST_TEST(std::regex_search(std::string{"// TO"} + "DO later", marks));
  BOOST_TEST(!std::regex_search(std::string{"mktemp XX"} + "XXXX", marks));
  BOOST_TEST(std::regex_search(std::string{"cd /wo"} + "rk/x", machine_paths));
  BOOST_TEST(
    !std::regex_search(std::string{"\"/do/0/wo"} + "rk/do", machine_paths));
}
