#define BOOST_TEST_MODULE actors.expression_differential
#include "actors/expression_pool.hpp"
#include "workflow/expression/expression.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <future>
#include <iostream>
#include <random>

using namespace pawl;

namespace {

// Writes random programs from the native part of jq, and random data.
class author {
public:
  explicit author(std::uint64_t seed) : random_{seed} {}

  std::string program() {
    depth_ = 4;
    return expression();
  }

  json::value data(int depth = 3) {
    switch (pick(depth > 0 ? 9 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return pick(2) == 0;
    case 2:
      return pick(7) - 2;
    case 3:
      return (pick(9) - 4) / 2.0;
    case 4:
    case 5:
      return json::value(one({"", "a", "b", "abc", "é,ü", "1", "a b"}));
    case 6: {
      json::array made;
      for (int i = pick(4); i > 0; --i)
        made.push_back(data(depth - 1));
      return made;
    }
    default: {
      json::object made;
      for (int i = pick(4); i > 0; --i)
        made[one({"a", "b", "c", "key", "value", "name"})] = data(depth - 1);
      return made;
    }
    }
  }

private:
  int pick(int n) {
    return static_cast<int>(random_() % static_cast<unsigned>(n));
  }
  const char* one(std::initializer_list<const char*> of) {
    return of.begin()[pick(static_cast<int>(of.size()))];
  }

  std::string leaf() {
    return one(
      {".",    ".a",   ".b",    ".[]?",   ".a?",   "1",     "2",       "0",
       "-1",   "null", "true",  "false",  "\"a\"", "\"b\"", "[]",      "{}",
       ".[0]", ".[]",  "$x",    "empty",  ".a.b",  "..",    "length",  "keys",
       "type", "1.5",  ".[1:]", ".[:-1]", "[1,2]", "(1,2)", "\"é,b\"", "[.]"});
  }

  std::string term() { return "(" + expression() + ")"; }

  std::string path() {
    switch (pick(10)) {
    case 0:
      return ".[]";
    case 1:
      return ".[" + leaf() + "]";
    case 2:
      return "(" + path() + "|select(" + expression() + "))";
    case 3:
      return "(" + path() + "," + path() + ")";
    case 4:
      return "first(" + path() + ")";
    case 5:
      return "(" + path() + "|" + path() + ")";
    case 6:
      return "(if " + expression() + " then " + path() + " else " + path()
             + " end)";
    case 7:
      return "getpath([\"a\",\"b\"])";
    default:
      return one({".a", ".b", ".a.b", ".[0]", ".[1:]", ".[-1]", ".a?", ".."});
    }
  }

  std::string nullary() {
    return one({"length",
                "keys",
                "add",
                "any",
                "all",
                "flatten",
                "sort",
                "unique",
                "reverse",
                "min",
                "max",
                "tostring",
                "tojson",
                "tonumber",
                "type",
                "not",
                "to_entries",
                "from_entries",
                "floor",
                "sqrt",
                "ascii_downcase",
                "ascii_upcase",
                "explode",
                "implode",
                "first",
                "last",
                "paths",
                "leaf_paths",
                "transpose",
                "fromjson",
                "utf8bytelength",
                "values",
                "nulls",
                "scalars",
                "iterables",
                "arrays",
                "objects",
                "strings",
                "numbers",
                "booleans",
                "isfinite",
                "isnan",
                "isnormal",
                "keys_unsorted",
                "recurse",
                "error",
                "todate",
                "ceil",
                "round",
                "fabs",
                "@base64",
                "@json",
                "@text",
                "@csv",
                "@tsv",
                "@html",
                "@uri",
                "@sh",
                "@base64d",
                "gmtime"});
  }

  std::string unary() {
    const std::string name
      = one({"map",      "select",   "sort_by",    "group_by",     "unique_by",
             "min_by",   "max_by",   "map_values", "with_entries", "any",
             "all",      "path",     "del",        "paths",        "has",
             "join",     "split",    "contains",   "inside",       "index",
             "rindex",   "indices",  "startswith", "endswith",     "ltrimstr",
             "rtrimstr", "flatten",  "first",      "last",         "nth",
             "range",    "isempty",  "error",      "in",           "walk",
             "getpath",  "delpaths", "IN",         "INDEX",        "format"});
    const bool takes_path = name == "path" || name == "del";
    return name + "(" + (takes_path ? path() : expression()) + ")";
  }

  std::string expression() {
    if (--depth_ < 0) {
      ++depth_;
      return leaf();
    }
    auto made = deeper();
    ++depth_;
    return made;
  }

  std::string deeper() {
    switch (pick(26)) {
    case 0:
    case 1:
      return term() + "|" + term();
    case 2:
      return term() + "," + term();
    case 3:
    case 4:
      return term() + one({"+", "-", "*", "/", "%"}) + term();
    case 5:
      return term() + one({"==", "!=", "<", "<=", ">", ">="}) + term();
    case 6:
      return term() + one({" and ", " or ", "//"}) + term();
    case 7:
      return "if " + expression() + " then " + expression() + " else "
             + expression() + " end";
    case 8:
      return "[" + expression() + "]";
    case 9:
      return "{a:" + term() + ",\"b\":" + term() + "}";
    case 10:
      return "{(" + expression() + "):" + term() + "}";
    case 11:
      return "\"x\\(" + expression() + ")y\\(" + expression() + ")\"";
    case 12:
      return "(" + expression() + ") as $x | " + expression();
    case 13:
      return "(" + expression() + ") as [$x,{a:$y}] | [$x,$y," + term() + "]";
    case 14:
      return "reduce (" + expression() + ") as $x (" + expression() + ";"
             + expression() + ")";
    case 15:
      return "foreach (" + expression() + ") as $x (" + expression() + ";"
             + expression() + ";" + expression() + ")";
    case 16:
      return "try " + term() + " catch " + term();
    case 17:
      return term() + "?";
    case 18:
      return path() + one({"=", "|=", "+=", "-=", "//=", "*="}) + term();
    case 19:
      return "label $f | (" + expression() + ") | if " + expression()
             + " then ., break $f else . end";
    case 20:
      return "limit(" + leaf() + ";" + expression() + ")";
    case 21:
      return "def f(g): " + expression() + "|g; f(" + expression() + ")";
    case 22:
      return "setpath([" + leaf() + "];" + expression() + ")";
    case 23:
      return term() + "|" + nullary();
    default:
      return term() + "|" + unary();
    }
  }

  std::mt19937_64 random_;
  int depth_ = 0;
};

// Equal as jq takes it: integers and doubles are the same numbers.
bool same(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    const double x = a.to_number<double>();
    const double y = b.to_number<double>();
    return x == y || std::abs(x - y) <= 1e-12 * std::abs(x);
  }
  if (a.kind() != b.kind())
    return false;
  if (a.is_array()) {
    const auto& x = a.get_array();
    const auto& y = b.get_array();
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same);
  }
  if (!a.is_object())
    return a == b;
  const auto& y = b.get_object();
  if (a.get_object().size() != y.size())
    return false;
  if (a.get_object().contains("__jq") && y.contains("__jq"))
    return true; // A break that was caught: it counts jq's labels so far.
  for (const auto& [k, v] : a.get_object())
    if (const auto* const other = y.if_contains(k);
        other == nullptr || !same(v, *other))
      return false;
  return true;
}

struct outcome {
  bool failed = false;
  json::array results;
};

std::string text(const outcome& o) {
  return o.failed ? "an error" : to_text(json::value(o.results));
}

// One batch of programs is one program for libjq, as compiling costs 13 ms.
std::vector<outcome> by_libjq(actors::expression_pool& pool,
                              const std::vector<std::string>& programs,
                              const json::value& data) {
  std::string all = "null as $x | [";
  for (const auto& p : programs)
    all += (all.ends_with('[') ? "" : ",") + std::string{"try {r:["} + p
           + "\n]} catch {e:1}";
  std::promise<actors::expression_pool::results> promise;
  actors::expression_request what;
  what.program = all + "]";
  what.data = to_text(data);
  pool.evaluate(what, [&](auto got) { promise.set_value(std::move(got)); });
  const auto got = promise.get_future().get();
  if (!got) {
    if (programs.size() == 1)
      return {{true, {}}};
    std::vector<outcome> made;
    for (const auto& p : programs)
      made.push_back(by_libjq(pool, {p}, data).front());
    return made;
  }
  std::vector<outcome> made;
  for (const auto& one : got->at(0).as_array()) {
    const auto* const r = one.as_object().if_contains("r");
    made.push_back(
      {r == nullptr, r == nullptr ? json::array{} : r->as_array()});
  }
  return made;
}

outcome natively(const expression::program& p, const json::value& data) {
  expression::budget left;
  const auto got = expression::evaluate_all(
    p, {.data = &data, .variables = {}, .now = {}}, left);
  if (!got)
    return {true, {}};
  return {false, json::array(got->begin(), got->end())};
}

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const auto& suite = boost::unit_test::framework::master_test_suite();
  for (int i = 1; i + 1 < suite.argc; ++i)
    if (std::string_view{suite.argv[i]} == name)
      return std::strtoull(suite.argv[i + 1], nullptr, 10);
  return otherwise;
}

} // namespace

BOOST_AUTO_TEST_CASE(agrees_with_libjq) {
  const auto seed = setting("--seed", std::random_device{}());
  const auto pairs = setting("--pairs", 20'000);
  constexpr std::size_t batch = 40;
  constexpr std::size_t rounds = 25;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::cout << "seed " << seed << "\n";
  author writer{seed};
  actors::expression_pool pool{{.helper_path = PAWL_BINARY_DIR "/bin/pawl-jq",
                                .helpers = 1,
                                .deadline = duration{20'000}}};
  constexpr std::string_view known[]{"x"};
  std::uint64_t compared = 0;
  std::uint64_t errors = 0;
  int different = 0;
  while (compared < pairs && different < 20) {
    std::vector<std::string> texts;
    std::vector<expression::program_ptr> programs;
    while (programs.size() < batch) {
      auto text = writer.program();
      const auto p = expression::compile(text, known);
      if (!p || (*p)->runs_on() != expression::engine::native)
        continue; // Division by a literal zero, for one.
      texts.push_back(std::move(text));
      programs.push_back(*p);
    }
    std::vector<bool> told(batch); // One example of a program is enough.
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto data = writer.data();
      const auto theirs = by_libjq(pool, texts, data);
      for (std::size_t i = 0; i < batch; ++i, ++compared) {
        const auto ours = natively(*programs[i], data);
        errors += ours.failed ? 1U : 0U;
        const bool agree = ours.failed == theirs[i].failed
                           && same(ours.results, theirs[i].results);
        if (agree || told[i])
          continue;
        told[i] = true;
        ++different;
        BOOST_TEST(false, "seed " << seed << ": " << texts[i] << "\n  on "
                                  << to_text(data) << "\n  libjq "
                                  << text(theirs[i]) << "\n  ours "
                                  << text(ours));
      }
    }
  }
  std::cout << compared << " pairs compared, " << errors << " of them errors\n";
  BOOST_TEST(errors < compared);
}
