#define BOOST_TEST_MODULE cli.output

#include "cli/output.hpp"

#include "cli/live_area.hpp"
#include "cli/size_text.hpp"
#include "cli/views.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::cli;

namespace {
json::value value_of(const char* text) {
  return parse_json(text).value();
}
} // namespace

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(lays_columns_out_by_code_points) {
  table rows{{"A", "LONG", "Z"}, {{"é", "x", "1"}, {"bb", "", "22"}}};
  BOOST_TEST(lay_out(rows)
             == "A   LONG  Z\n"
                "é   x     1\n"
                "bb        22\n");
}

BOOST_AUTO_TEST_CASE(shows_no_header_without_rows) {
  BOOST_TEST(lay_out({{"A", "B"}, {}}).empty());
}

BOOST_AUTO_TEST_CASE(lets_nothing_stored_drive_the_terminal) {
  BOOST_TEST(printable("a\x1b[31mb\n\x7f") == "a?[31mb??");
  BOOST_TEST(printable("\xC2\x9B"
                       "0m")
             == "?0m");
  BOOST_TEST(printable("ünicode") == "ünicode");
}

BOOST_AUTO_TEST_CASE(cuts_with_an_ellipsis) {
  BOOST_TEST(printable("abcdef", 4) == "abc…");
  BOOST_TEST(printable("äöüß", 4) == "äöüß");
  BOOST_TEST(printable("äöüßx", 4) == "äöü…");
}

BOOST_AUTO_TEST_CASE(indents_json_and_keeps_the_order_and_the_numbers) {
  auto v = value_of(
    R"({"z":1,"a":[],"n":9007199254740993,"d":1.0,"o":{"x":[true,null]}})");
  BOOST_TEST(to_pretty(v) == R"({
  "z": 1,
  "a": [],
  "n": 9007199254740993,
  "d": 1.0,
  "o": {
    "x": [
      true,
      null
    ]
  }
}
)");
}

BOOST_AUTO_TEST_CASE(writes_yaml_that_keeps_the_types) {
  struct {
    const char* json;
    const char* yaml;
  } cases[] = {
    {R"({"a":1})", "a: 1\n"},
    {R"({"a":"1","b":"true","c":"No","d":"","e":" x"})",
     "a: \"1\"\nb: \"true\"\nc: \"No\"\nd: \"\"\ne: \" x\"\n"},
    {R"(["x",{"a":1,"b":2},[1,2]])", "- x\n- a: 1\n  b: 2\n- - 1\n  - 2\n"},
    {R"({"a":{"b":[{"c":null}]},"e":{},"l":[]})",
     "a:\n  b:\n    - c: null\ne: {}\nl: []\n"},
    {R"("two\nlines: \"x\"")", "\"two\\nlines: \\\"x\\\"\"\n"},
    {R"({"key: odd":"a#b"})", "\"key: odd\": \"a#b\"\n"},
    {R"(null)", "null\n"},
  };
  for (const auto& c : cases)
    BOOST_TEST(to_yaml(value_of(c.json)) == c.yaml);
}

BOOST_AUTO_TEST_CASE(tells_spans_as_people_do) {
  BOOST_TEST(to_elapsed(duration{0}) == "0.0s");
  BOOST_TEST(to_elapsed(duration{-5}) == "0.0s");
  BOOST_TEST(to_elapsed(duration{1'290}) == "1.2s");
  BOOST_TEST(to_elapsed(duration{59'999}) == "59s");
  BOOST_TEST(to_elapsed(duration{185'000}) == "3m05s");
  BOOST_TEST(to_elapsed(duration{7'800'000}) == "2h10m");
  BOOST_TEST(to_elapsed(duration{360'000'000}) == "4d4h");
}

BOOST_AUTO_TEST_CASE(tells_and_takes_sizes_as_people_do) {
  BOOST_TEST(to_size(512) == "512 B");
  BOOST_TEST(to_size(1536) == "1.5 KiB");
  BOOST_TEST(to_size(3e15) == "2728.5 TiB");
  const std::pair<const char*, std::int64_t> good[]
    = {{"0", 0},
       {"4096", 4096},
       {"7B", 7},
       {"3KiB", 3072},
       {"10GiB", std::int64_t{10} << 30}};
  for (const auto& [text, bytes] : good)
    BOOST_TEST(parse_size(text).value_or(-1) == bytes, text);
  for (const auto* text : {"", "GiB", "-1", "1.5GiB", "10G", "10 GiB",
                           "999999999999TiB", "99999999999999"})
    BOOST_TEST(!parse_size(text), text);
}

BOOST_AUTO_TEST_CASE(cuts_a_coloured_line_without_counting_colours) {
  BOOST_TEST(cut_to_width("\x1b[1mab\x1b[0mcd", 10) == "\x1b[1mab\x1b[0mcd");
  BOOST_TEST(cut_to_width("\x1b[1mab\x1b[0mcd", 3)
             == "\x1b[1mab\x1b[0mc\x1b[0m");
}

BOOST_AUTO_TEST_CASE(names_tasks_by_their_place) {
  BOOST_TEST(task_name("/do/1/review") == "review");
  BOOST_TEST(task_name("/do/0/get/try/0/call") == "get/call");
  BOOST_TEST(task_name("/do/0/get/catch/do/2/fail") == "get/fail");
  BOOST_TEST(task_name("/do/0/7/do/1/x") == "7/x");
  BOOST_TEST(task_name("/use/functions/greet") == "greet()");
  BOOST_TEST(task_name("/use/functions/greet/do/0/x") == "greet()/x");
  BOOST_TEST(task_name("").empty());
}

BOOST_AUTO_TEST_CASE(tells_where_a_business_state_went) {
  auto detail = [](const char* data) {
    return event_detail(
      value_of((std::string{R"({"type":"state.changed","data":)"} + data + "}")
                 .c_str()));
  };
  BOOST_TEST(detail(R"({"from":"draft","to":"matched"})")
             == "draft -> matched");
  BOOST_TEST(detail(R"({"from":"","to":"draft"})") == "-> draft");
}

BOOST_AUTO_TEST_CASE(sums_an_instance_up) {
  auto one = value_of(R"({"id":"i1","workflow":{"namespace":"d","name":"w",
    "version":"1.0.0"},"status":"faulted","startedAt":"2026-01-01T00:00:00Z",
    "endedAt":"2026-01-01T00:00:05Z","labels":{"team":"a"},
    "sizeBytes":1536,
    "error":{"type":"https://x/errors/communication","status":503,
    "title":"Busy","instance":"/do/0/ask"},"progress":{"completed":3},
    "allowedActions":[{"name":"retry"},{"name":"cancel"}]})");
  auto text = instance_summary(one, timestamp{}, painter{false});
  for (const auto* part :
       {"id         i1\n", "workflow   d/w@1.0.0\n", "status     faulted\n",
        "labels     team=a\n", "on disk    1.5 KiB\n", "after 5.0s\n",
        "allowed    retry, cancel\n",
        "error      communication (503) at ask: Busy\n"})
    BOOST_TEST(text.find(part) != text.npos, part << " in " << text);
}

BOOST_AUTO_TEST_SUITE_END()
