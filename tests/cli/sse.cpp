#define BOOST_TEST_MODULE cli.sse

#include "cli/sse.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using pawl::cli::sse_event;
using pawl::cli::sse_parser;

namespace {

std::vector<sse_event> parse(const std::string& text, std::size_t piece) {
  std::vector<sse_event> events;
  sse_parser parser{[&](const sse_event& e) { events.push_back(e); }};
  for (std::size_t i = 0; i < text.size(); i += piece)
    BOOST_TEST(parser.feed(std::string_view{text}.substr(i, piece)));
  return events;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sse)

BOOST_AUTO_TEST_CASE(reads_the_same_events_however_the_bytes_are_cut) {
  std::vector<sse_event> expected{{"1", "task.started", "{\"a\":1}"},
                                  {"2", "message", "x\ny"},
                                  {"2", "message", "same id"}};
  for (std::string end : {"\n", "\r\n", "\r"}) {
    std::string text;
    for (const auto* line :
         {": hello", "retry: 100", "id: 1", "event: task.started",
          "data: {\"a\":1}", "", "id:2", "data:x", "data: y", "", "", ": beat",
          "", "event: ignored", "", "data: same id", "", "data: unfinished"})
      text += line + end;
    for (std::size_t piece : {1U, 2U, 3U, 7U, 1000U})
      BOOST_TEST((parse(text, piece) == expected));
  }
}

BOOST_AUTO_TEST_CASE(keeps_back_an_event_that_was_cut_off) {
  BOOST_TEST(parse("id: 9\ndata: half", 100).empty());
}

BOOST_AUTO_TEST_CASE(refuses_an_event_without_end) {
  sse_parser parser{[](const sse_event&) {}};
  std::string piece(std::size_t{1} << 20, 'x');
  bool taken = true;
  for (int i = 0; i < 66 && taken; ++i)
    taken = parser.feed(piece);
  BOOST_TEST(!taken);
}

BOOST_AUTO_TEST_SUITE_END()
