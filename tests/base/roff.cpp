#define BOOST_TEST_MODULE base.roff

#include "base/roff.hpp"

#include <boost/test/unit_test.hpp>

using pawl::roff_page;

BOOST_AUTO_TEST_SUITE(roff)

BOOST_AUTO_TEST_CASE(begins_as_a_page_must) {
  const roff_page page{"pawl", "1", "0.1", "do this - or that"};
  BOOST_TEST(page.text()
             == ".TH PAWL 1 \"\" \"Pawl 0.1\" \"Pawl\"\n"
                ".SH NAME\npawl \\- do this \\- or that\n");
}

BOOST_AUTO_TEST_CASE(lets_no_text_be_a_request) {
  roff_page page{"p", "1", "1", "x"};
  const auto before = page.text().size();
  page.paragraph(".so /etc/passwd\n'br\na\\fB\n~`^");
  BOOST_TEST(
    page.text().substr(before)
    == ".PP\n\\&.so /etc/passwd\n\\&\\(aqbr\na\\efB\n\\(ti\\(ga\\(ha\n");
}

BOOST_AUTO_TEST_CASE(begins_no_paragraph_behind_a_heading) {
  roff_page page{"p", "1", "1", "x"};
  const auto before = page.text().size();
  page.section("A");
  page.paragraph("one");
  page.paragraph("two");
  BOOST_TEST(page.text().substr(before) == ".SH \"A\"\none\n.PP\ntwo\n");
}

BOOST_AUTO_TEST_CASE(writes_items_parts_and_lines) {
  roff_page page{"p", "1", "1", "x"};
  const auto before = page.text().size();
  page.section("OPTIONS");
  page.part("pawl \"run\"");
  page.item("-o, --output", "json|yaml", "How");
  page.verbatim("  a\n\n  b\n");
  BOOST_TEST(page.text().substr(before)
             == ".SH \"OPTIONS\"\n.SS \"pawl \\(dqrun\\(dq\"\n"
                ".TP\n\\fB\\-o, \\-\\-output\\fR \\fIjson|yaml\\fR\nHow\n"
                ".PP\n.nf\n  a\n\n  b\n.fi\n");
}

BOOST_AUTO_TEST_SUITE_END()
