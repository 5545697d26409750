#define BOOST_TEST_MODULE workflow.expression_corpus
#include "workflow/expression/expression.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>

using namespace pawl;

namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

// All `${ ... }` in a text, braces and strings balanced, and what stands
// behind the keys that take an expression without braces.
void gather(const std::string& text, std::set<std::string>& into) {
  for (auto at = text.find("${"); at != std::string::npos;
       at = text.find("${", at + 2)) {
    int depth = 1;
    auto end = at + 2;
    for (; end < text.size() && depth > 0 && text[end] != '\n'; ++end)
      depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
    if (depth == 0)
      into.insert(text.substr(at + 2, end - at - 3));
  }
  static const std::regex bare{
    R"(\n\s*(?:- )?(?:if|when|exceptWhen|while|in|from|as|until): *['"]?([.$(][^\n$'"{][^\n'"]*))"};
  for (std::sregex_iterator i{text.begin(), text.end(), bare}, none; i != none;
       ++i)
    into.insert((*i)[1].str());
}

struct tally {
  int native = 0;
  int sandboxed = 0;
  int refused = 0;
};

void classify(const std::string& text, tally& count) {
  static const std::regex name{R"(\$([A-Za-z_][A-Za-z_0-9]*))"};
  std::vector<std::string> names;
  for (std::sregex_iterator i{text.begin(), text.end(), name}, none; i != none;
       ++i)
    names.push_back((*i)[1].str());
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto p = expression::compile(text, known);
  if (!p) {
    ++count.refused;
    std::cout << "refused: " << text << ": " << p.error().detail << "\n";
  } else if ((*p)->runs_on() == expression::engine::native) {
    ++count.native;
  } else {
    ++count.sandboxed;
    std::cout << "sandboxed: " << text << ": " << (*p)->reason() << "\n";
  }
}

} // namespace

// The definitions that others wrote are no part of this project; the test
// reads them where PAWL_SHARED_DIR says.
BOOST_AUTO_TEST_CASE(evaluates_nearly_all_published_expressions_in_place) {
  const char* const shared = std::getenv("PAWL_SHARED_DIR");
  if (shared == nullptr) {
    BOOST_TEST_MESSAGE("skipped: PAWL_SHARED_DIR is not set");
    return;
  }
  std::set<std::string> texts;
  for (const auto* const folder : {"corpus", "patterns", "spec/examples"})
    for (const auto& f : std::filesystem::recursive_directory_iterator{
           std::filesystem::path{shared} / folder})
      if (f.path().extension() == ".yaml" || f.path().extension() == ".json")
        gather(content(f.path()), texts);
  tally count;
  for (const auto& t : texts)
    classify(t, count);
  std::cout << texts.size() << " expressions: " << count.native << " native, "
            << count.sandboxed << " sandboxed, " << count.refused
            << " refused\n";
  BOOST_TEST(texts.size() > 50U);
  BOOST_TEST(count.native * 100 >= 95 * static_cast<int>(texts.size()));
}
