#define BOOST_TEST_MODULE workflow.expression_fuzz
#include "workflow/expression/expression.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <random>
#include <vector>

using namespace pawl;

namespace {

std::vector<std::string> seeds() {
  std::vector<std::string> made;
  std::ifstream table{PAWL_SOURCE_DIR "/tests/workflow/expression_table.tsv"};
  for (std::string line; std::getline(table, line);)
    made.push_back(line.substr(0, line.find('\t')));
  return made;
}

} // namespace

BOOST_AUTO_TEST_CASE(bears_any_text) {
  std::mt19937_64 random{20240607};
  const auto pick = [&](std::size_t n) { return random() % n; };
  const auto all = seeds();
  BOOST_REQUIRE(all.size() > 100);
  const std::string marks = ".[](){}|,:;$\"\\@?/=*+-<>%#0e_aé\n\x01\xff";
  constexpr std::string_view known[]{"x", "input"};
  const json::value data = parse_json(R"({"a":[1,"x",{"b":null}]})").value();
  int compiled = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto text = all[pick(all.size())];
    for (auto n = pick(4); n > 0; --n) {
      const auto at = pick(text.size() + 1);
      switch (pick(4)) {
      case 0:
        text.insert(at, 1, marks[pick(marks.size())]);
        break;
      case 1:
        text.erase(at, pick(5));
        break;
      case 2:
        text.insert(at, all[pick(all.size())]);
        break;
      default:
        text.insert(at, text.substr(pick(text.size() + 1), pick(9)));
      }
    }
    const auto p = expression::compile(text, known);
    if (!p) {
      BOOST_TEST(p.error().faults.size() == 1U);
      continue;
    }
    ++compiled;
    if ((*p)->runs_on() != expression::engine::native)
      continue;
    expression::budget left{.steps = 20'000, .bytes = 1'000'000};
    (void)expression::evaluate_all(
      **p, {.data = &data, .variables = {}, .now = {}}, left);
  }
  BOOST_TEST(compiled > 1'000);
}
