#define BOOST_TEST_MODULE workflow.expression
#include "workflow/expression/expression.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <string>
#include <vector>

using namespace pawl;
using expression::engine;

namespace {

constexpr std::string_view known[]{"context", "input", "workflow", "task"};

expression::program_ptr compiled(std::string_view text) {
  auto p = expression::compile(text, known);
  BOOST_REQUIRE_MESSAGE(p, text << ": " << p.error().detail);
  return *p;
}

result<std::vector<json::value>>
run(std::string_view text, const json::value& data = nullptr,
    std::span<const expression::variable> variables = {},
    expression::budget left = {}) {
  const auto p = compiled(text);
  BOOST_REQUIRE_MESSAGE(p->runs_on() == engine::native,
                        text << " " << p->reason());
  const expression::scope in{
    .data = &data, .variables = variables, .now = from_unix_ms(1'500)};
  return expression::evaluate_all(*p, in, left);
}

error refusal(std::string_view text) {
  const auto p = expression::compile(text, known);
  BOOST_REQUIRE_MESSAGE(!p, text << " should not compile");
  BOOST_TEST((p.error().code == errc::invalid_definition));
  BOOST_REQUIRE(p.error().faults.size() == 1);
  return p.error();
}

json::value parsed(std::string_view text) {
  return parse_json(text, 512).value();
}

} // namespace

BOOST_AUTO_TEST_CASE(gives_what_jq_gives) {
  std::ifstream table{PAWL_SOURCE_DIR "/tests/workflow/expression_table.tsv"};
  int lines = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with("# expression"))
      continue;
    ++lines;
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    const auto text = line.substr(0, first);
    const auto wanted = line.substr(second + 1);
    const auto data = parsed(line.substr(first + 1, second - first - 1));
    const auto got = run(text, data);
    if (wanted == "error") {
      BOOST_TEST(!got, text << " should fail");
    } else if (!got) {
      BOOST_TEST(false, text << ": " << got.error().detail);
    } else {
      const json::array all(got->begin(), got->end());
      BOOST_TEST(to_canonical_text(all) == to_canonical_text(parsed(wanted)),
                 text << " gives " << to_text(all) << ", not " << wanted);
    }
  }
  BOOST_TEST(lines > 200);
}

BOOST_AUTO_TEST_CASE(reads_variables_and_the_time) {
  const json::value context{{"n", 2}};
  const expression::variable bound[]{{"context", &context}};
  BOOST_TEST(run("$context.n + 1", nullptr, bound).value().at(0) == 3);
  BOOST_TEST(run("$input", nullptr, bound).value().at(0).is_null());
  BOOST_TEST(run("now", nullptr).value().at(0) == 1.5);
}

BOOST_AUTO_TEST_CASE(keeps_integers_exact) {
  const json::value data{{"id", std::int64_t{9007199254740993}}};
  BOOST_TEST(run(".id", data).value().at(0) == 9007199254740993);
  BOOST_TEST(run(".id + 1", data).value().at(0) == 9007199254740994);
  BOOST_TEST(run("9223372036854775807 + 1").value().at(0).is_double());
}

BOOST_AUTO_TEST_CASE(gives_one_value_where_one_is_needed) {
  const json::value data;
  const expression::scope in{.data = &data, .variables = {}, .now = {}};
  const auto one = [&](std::string_view text) {
    expression::budget left;
    return expression::evaluate(*compiled(text), in, left);
  };
  BOOST_TEST(one("1 + 1").value() == 2);
  BOOST_TEST(one("empty").value().is_null());
  BOOST_TEST((one("1, 2").error().code == errc::invalid_input));
  BOOST_TEST(one("{} | .a.b.c = 1 | .a.b.c").value() == 1);
}

BOOST_AUTO_TEST_CASE(says_in_jqs_words_what_went_wrong) {
  BOOST_TEST(run(".a", 5).error().detail
             == "Cannot index number with string \"a\"");
  BOOST_TEST(run("{} + []").error().detail
             == "object ({}) and array ([]) cannot be added");
  BOOST_TEST(run("error(\"boom\")").error().detail == "boom");
  BOOST_TEST(run(".[]", 1).error().detail == "Cannot iterate over number (1)");
}

BOOST_AUTO_TEST_CASE(stops_when_the_budget_is_spent) {
  for (const auto* const text :
       {"[range(1e12)]", "reduce range(1e9) as $i (0; . + 1)",
        "\"x\" * 300000000", "[range(infinite)] | length",
        "reduce range(100) as $i (\"ab\"; . + .)",
        "reduce range(64) as $i ([1]; [., .])", "last(range(1e10))",
        "[limit(1e9; range(1e9))]"}) {
    expression::budget left;
    const auto p = compiled(text);
    const json::value data;
    const auto got = expression::evaluate_all(
      *p, {.data = &data, .variables = {}, .now = {}}, left);
    BOOST_TEST(!got, text);
    BOOST_TEST((left.steps == 0 || left.bytes == 0), text);
  }
}

BOOST_AUTO_TEST_CASE(catches_no_spent_budget) {
  BOOST_TEST(!run("try [range(1e12)] catch 1"));
  BOOST_TEST(!run("[range(1e12)]?"));
}

BOOST_AUTO_TEST_CASE(shares_one_budget_between_evaluations) {
  expression::budget left{.steps = 1'000, .bytes = 1'000'000};
  const json::value data;
  const auto p = compiled("[range(100)] | length");
  const expression::scope in{.data = &data, .variables = {}, .now = {}};
  int done = 0;
  while (expression::evaluate(*p, in, left) && done < 100)
    ++done;
  BOOST_TEST(done > 0);
  BOOST_TEST(done < 10);
}

BOOST_AUTO_TEST_CASE(survives_deep_values) {
  BOOST_TEST(!run("reduce range(100000) as $i (0; [.])", nullptr));
  BOOST_TEST(!run("reduce range(600) as $i (0; [.]) | . == [.]"));
  BOOST_TEST(run("reduce range(300) as $i (0; [.]) | flatten").value().at(0)
             == json::array{0});
  BOOST_TEST(!run("[limit(10; [range(1000)] | setpath(.; 1))]"));
}

BOOST_AUTO_TEST_CASE(names_the_place_of_a_fault) {
  struct {
    const char* text;
    std::uint32_t line;
    std::uint32_t column;
  } const table[]{
    {"1 +", 1, 4},
    {"{a:\n 1 2}", 2, 4},
    {".a | nosuch", 1, 6},
    {"$nosuch", 1, 1},
    {"map(1; 2)", 1, 1},
    {"(1", 1, 3},
    {"\"abc", 1, 5},
    {"1 == 1 == 1", 1, 8},
    {"{a: 1 + 2}", 1, 7},
    {"if 1 then 2 end", 1, 13},
    {"break $x", 1, 1},
    {"1 / 0", 1, 3},
    {"1.2.3", 1, 1},
    {"\"\\q\"", 1, 2},
    {"", 1, 1},
  };
  for (const auto& t : table) {
    const auto why = refusal(t.text);
    BOOST_TEST(why.faults[0].line == t.line, t.text);
    BOOST_TEST(why.faults[0].column == t.column,
               t.text << ": " << why.faults[0].column << " " << why.detail);
    BOOST_TEST(!why.detail.empty());
  }
}

BOOST_AUTO_TEST_CASE(refuses_by_name) {
  for (const auto* const text :
       {"env", "$ENV", "$ENV.PATH", "env.PATH", "input", "inputs", "debug",
        "stderr", "halt", "halt_error", "halt_error(1)", "include \"a\"; 1",
        "import \"a\" as a; 1", "$__loc__", "input_filename",
        "input_line_number", "get_search_list", "[.[] | input]"})
    BOOST_TEST(refusal(text).detail.find("refused") != std::string::npos, text);
  BOOST_TEST(run("def input: 1; input").value().at(0) == 1);
}

BOOST_AUTO_TEST_CASE(leaves_to_the_sandbox_what_may_not_end) {
  for (const auto* const text : {"test(\"a\")",
                                 "[match(\"a\"; \"g\")]",
                                 "capture(\"a\")",
                                 "scan(\"a\")",
                                 "sub(\"a\"; \"b\")",
                                 "gsub(\"a\"; \"b\")",
                                 "split(\"a\"; null)",
                                 "splits(\"a\")",
                                 "while(. < 3; . + 1)",
                                 "until(. > 3; . + 1)",
                                 "repeat(1)",
                                 "recurse(.a)",
                                 "recurse(.a; . != null)",
                                 "localtime",
                                 "def f: f; f",
                                 "def f: g; def g: 1; def h: h; h",
                                 "def f(x): if x then f(x) else 1 end; f(1)",
                                 "combinations",
                                 ". as [$a] ?// $a | $a",
                                 "def f(g): def h: g | h; h; f(1)"}) {
    const auto p = expression::compile(text, known);
    if (!p) { // One of these names a function before it is defined.
      BOOST_TEST(p.error().detail.find("no function 'g'") != std::string::npos);
      continue;
    }
    BOOST_TEST(((*p)->runs_on() == engine::sandboxed), text);
    BOOST_TEST(!(*p)->reason().empty());
  }
  BOOST_TEST(compiled("test(\"a\")")->reason() == "uses the function 'test'");
  BOOST_TEST((compiled("def f(g): g; f(f(1))")->runs_on() == engine::native));
}

BOOST_AUTO_TEST_CASE(tells_which_variables_are_read) {
  const auto uses = [](std::string_view text) {
    std::string out;
    const auto p = compiled(text);
    for (const auto& u : p->variables()) {
      out += u.name + (u.whole ? "*" : "") + "(";
      for (const auto& k : u.keys)
        out += k + ",";
      out += ")";
    }
    return out;
  };
  BOOST_TEST(uses("$workflow.id") == "workflow(id,)");
  BOOST_TEST(uses("$workflow.id + $workflow[\"name\"].x")
             == "workflow(id,name,)");
  BOOST_TEST(uses("$context") == "context*()");
  BOOST_TEST(uses("{$input, a: $input.b}") == "input*(b,)");
  BOOST_TEST(uses("$input[0]") == "input*()");
  BOOST_TEST(uses("1 as $context | $context") == "");
  BOOST_TEST(uses("test($input.re)") == "input(re,)");
  BOOST_TEST(uses("[.[] | select(. == $task.name)]") == "task(name,)");
}

BOOST_AUTO_TEST_CASE(finds_the_braces) {
  using expression::strip_braces;
  BOOST_TEST(strip_braces("${ .a }") == " .a ");
  BOOST_TEST(strip_braces("  ${.a}\n") == ".a");
  BOOST_TEST((strip_braces("${}").data() == nullptr));
  BOOST_TEST((strip_braces(".a").data() == nullptr));
  BOOST_TEST((strip_braces("x ${ .a }").data() == nullptr));
}

BOOST_AUTO_TEST_CASE(refuses_what_nests_too_deeply) {
  for (const char c : {'[', '(', '{', '-', '"'}) {
    const std::string open = c == '"'   ? "\"\\("
                             : c == '{' ? "{a:"
                                        : std::string(1, c);
    std::string text;
    for (int i = 0; i < 5'000; ++i)
      text += open;
    BOOST_TEST(!expression::compile(text, known));
  }
  std::string list = "[0";
  for (int i = 0; i < 2'000; ++i)
    list += ",1";
  BOOST_TEST(run(list + "] | length").value().at(0) == 2'001);
}

BOOST_AUTO_TEST_CASE(bounds_the_expansion_of_functions) {
  std::string text = "def a0: .;";
  for (int i = 1; i < 40; ++i) {
    const auto n = std::to_string(i);
    const auto m = std::to_string(i - 1);
    text += "def a" + n + ": a" + m + "|a" + m + ";";
  }
  const auto p = compiled(text + "a39");
  BOOST_TEST((p->runs_on() == engine::sandboxed));
}

BOOST_AUTO_TEST_CASE(tells_generators_by_their_shape) {
  for (const auto* text : {".[]",
                           ".a[]",
                           ".a[]?",
                           ".[].b",
                           ".a[] | length",
                           ".a | .[]",
                           "..",
                           "1, 2",
                           ".a, .b | length",
                           "range(3)",
                           "range(0; 3; 1)",
                           "recurse",
                           "recurse(.a?)",
                           "limit(1; .a)",
                           ".[] | select(.b)",
                           ".[] // 1",
                           ".a // .b[]",
                           "if .a then .[] else . end",
                           "[.a][]",
                           "path(..)",
                           "paths",
                           "-(.[])",
                           ".[] + 1",
                           ". as $x | $x[]",
                           ".[] as $x | $x",
                           "label $out | foreach .[] as $x (0; . + $x; .)",
                           "{a: .[]}",
                           "\"x\\(.[])\"",
                           "try .[] catch .",
                           "match(\"a\"; \"g\")",
                           "scan(\"a\")",
                           "splits(\"a\")",
                           "while(. < 3; . + 1)",
                           "repeat(.a)",
                           "combinations",
                           "def f: .[]; f",
                           "def f(g): g | .a; f(.[])",
                           "def f($x): $x; f(.[])",
                           "def f(g): 1; def h(g): f(g), g; h(.)",
                           "def r: ., (.a | r); r",
                           "def f(g): if . then g else f(.[]) end; f(.)",
                           ".a = .[]",
                           "reduce .a as $x (.[]; .)",
                           "flatten(.[])"})
    BOOST_TEST(compiled(text)->is_generator(), text);
  for (const auto* text : {".",
                           ".a",
                           ".a?",
                           ".a.b[0]",
                           ".a[1:]",
                           "[.[]]",
                           "[range(3)]",
                           "map(.a)",
                           "[.[] | select(.b)]",
                           "reduce .[] as $x ([]; . + [$x])",
                           ".a // []",
                           ".a // empty",
                           "empty",
                           ".a | select(length > 0)",
                           "if .a then .a else empty end",
                           "arrays",
                           ".a | values",
                           "first(.[])",
                           "last(.a[])",
                           "nth(2; .[])",
                           "to_entries",
                           "any(.[]; .a)",
                           "del(.[])",
                           ".[] |= 1",
                           "path(.a)",
                           "split(\"a\"; null)",
                           "test(\"a\")",
                           "until(. > 3; . + 1)",
                           "gsub(\"a\"; \"b\")",
                           "{a: [.[]]}",
                           "def f: [.[]]; f",
                           "def f(g): [g]; f(.[])",
                           "def f(g): .; f(.[])",
                           "def r: if . then .a | r else . end; r",
                           "def range(x): x; range(3)",
                           "with_entries(.)",
                           "sort_by(.a)",
                           "[limit(3; .[])]",
                           "$input.items",
                           "isempty(.[])",
                           "error",
                           "try error catch []",
                           "keys",
                           "add"})
    BOOST_TEST(!compiled(text)->is_generator(), text);
}

BOOST_AUTO_TEST_CASE(looks_at_the_shape_of_large_programs_once) {
  std::string text = "def a0(f): f;";
  for (int i = 1; i < 60; ++i) {
    const auto n = std::to_string(i);
    const auto m = std::to_string(i - 1);
    text += "def a" + n + "(f): a" + m + "(f)|a" + m + "(f);";
  }
  BOOST_TEST(!compiled(text + "a59(.)")->is_generator());
  BOOST_TEST(compiled(text + "a59(.[])")->is_generator());
}

BOOST_AUTO_TEST_CASE(refuses_a_gsub_that_never_ends) {
  for (const auto* text :
       {"gsub(\"\"; \"x\")", ".a | gsub(\"\"; \"x\"; \"g\")"})
    BOOST_TEST((refusal(text).detail.find("never ends") != std::string::npos));
  for (const auto* text :
       {"gsub(\"a\"; \"\")", "gsub(.a; \"x\")", "sub(\"\"; \"x\")",
        "def gsub(a; b): .; gsub(\"\"; \"x\")"})
    (void)compiled(text);
}
