// A test that is not registered does not run, and nobody would notice.
#define BOOST_TEST_MODULE house.registered
#include "tests/house/tree.hpp"

#include <boost/test/unit_test.hpp>

#include <regex>

using namespace pawl;

BOOST_AUTO_TEST_CASE(every_test_file_is_registered_under_its_name) {
  const std::regex module{R"(#define BOOST_TEST_MODULE ([a-z_0-9.]+))"};
  std::size_t seen = 0;
  for (const auto& file : house::files()) {
    if (*file.begin() != "tests" || file.extension() != ".cpp")
      continue;
    const auto text = house::text_of(file);
    std::smatch found;
    if (!std::regex_search(text, found, module))
      continue; // A fixture or a helper program.
    ++seen;
    const auto folder = std::next(file.begin())->string();
    const auto name = file.stem().string();
    BOOST_TEST(found[1].str() == folder + "." + name, file.string());
    const auto list = house::text_of("tests/" + folder + "/CMakeLists.txt");
    const std::regex call{"pawl_test\\(\\s*" + folder + "\\s+" + name
                          + "[\\s)]"};
    BOOST_TEST(std::regex_search(list, call), file.string()
                                                << " is not in tests/" << folder
                                                << "/CMakeLists.txt");
  }
  BOOST_TEST(seen > 10U);
}

BOOST_AUTO_TEST_CASE(every_folder_of_tests_is_listed) {
  const auto list = house::text_of("tests/CMakeLists.txt");
  for (const auto& entry :
       std::filesystem::directory_iterator{house::root / "tests"}) {
    const auto name = entry.path().filename().string();
    if (exists(entry.path() / "CMakeLists.txt"))
      BOOST_TEST(std::regex_search(list, std::regex{"[ (]" + name + "[ )]"}),
                 name);
  }
}
