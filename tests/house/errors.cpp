// Every code has its page, and every page its code.
#define BOOST_TEST_MODULE house.errors
#include "base/result.hpp"
#include "tests/house/tree.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;

namespace {

/// The slugs in the order of the codes; errc::internal is the last.
std::vector<std::string> slugs() {
  std::vector<std::string> all;
  for (int code = 1; all.empty() || all.back() != "internal"; ++code)
    all.emplace_back(slug(static_cast<errc>(code)));
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_code_has_a_slug_of_its_own) {
  const auto all = slugs();
  BOOST_TEST(all.size() == static_cast<std::size_t>(errc::internal));
  BOOST_TEST(std::set<std::string>(all.begin(), all.end()).size()
             == all.size());
}

BOOST_AUTO_TEST_CASE(every_code_has_a_page_that_helps) {
  for (const auto& each : slugs()) {
    const auto text = house::text_of("docs/errors/" + each + ".md");
    BOOST_TEST(text.starts_with("# " + each + "\n"), each);
    for (const auto* part : {"## What it means", "## How to see it",
                             "## What to do", "## How to tell it is over"})
      BOOST_TEST(text.find(part) != std::string::npos,
                 each << " lacks " << part);
  }
}

BOOST_AUTO_TEST_CASE(every_page_has_a_code) {
  const auto all = slugs();
  // What the edge refuses by itself has its slugs in the table of statuses.
  const auto edge = house::text_of("http/problem.cpp");
  for (const auto& entry :
       std::filesystem::directory_iterator{house::root / "docs/errors"}) {
    const auto name = entry.path().stem().string();
    BOOST_TEST((name == "README"
                || std::find(all.begin(), all.end(), name) != all.end()
                || edge.find('"' + name + '"') != std::string::npos),
               name);
  }
}
