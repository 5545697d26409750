// Drawings: what is in them, how Mermaid and SVG say it, and what an instance
// adds.
#define BOOST_TEST_MODULE workflow.diagram
#include "tests/support/flow.hpp"
#include "workflow/diagram/layout.hpp"
#include "workflow/diagram/mermaid.hpp"
#include "workflow/diagram/progress.hpp"
#include "workflow/diagram/svg.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

diagram::picture tasks_of(std::string_view text) {
  return diagram::draw_tasks(*test::flow_of(text)).value();
}

// What Mermaid is told behind title and description.
std::string mermaid_of(const diagram::picture& drawn) {
  const auto text = diagram::to_mermaid(drawn);
  const auto begin = text.find("accDescr: ");
  return text.substr(text.find('\n', begin) + 1);
}

diagram::progress seen(const trial& f) {
  diagram::progress live{f.run.flow()};
  for (const auto& fact : f.history)
    live.see(fact.what);
  live.finish(f.state());
  return live;
}

// "a:done b:waiting c:" of an instance, in document order.
std::string marks_of(const trial& f) {
  const auto live = seen(f);
  const auto drawn = diagram::draw_tasks(f.run.flow(), &live).value();
  std::string out;
  for (const auto& one : drawn.figures) {
    if (one.form == diagram::shape::point)
      continue;
    out += (out.empty() ? "" : " ") + one.name + ':'
           + std::string{word_of(one.as)};
    if (one.times > 1)
      out += 'x' + std::to_string(one.times);
  }
  return out;
}

bool has(std::string_view text, std::string_view what) {
  return text.find(what) != text.npos;
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t out = 0;
  for (auto at = text.find(what); at != text.npos;
       at = text.find(what, at + what.size()))
    ++out;
  return out;
}

constexpr std::string_view states
  = "document:\n  dsl: '1.0.3'\n  namespace: default\n  name: states\n  "
    "version: '1.0.0'\n  metadata: {states: {initial: draft, terminal: [done], "
    "transitions: {draft: [review], review: [draft, done]}}}\ndo:\n- a: {set: "
    "{x: 1}, metadata: {state: {done: review}}}\n- b: {wait: PT1H}\n";

constexpr std::string_view nested = R"(do:
- safe:
    try: [{go: {set: {x: 1}}}]
    catch: {do: [{fix: {set: {x: 2}}}]}
- each:
    for: {each: page, in: '${ [1, 2] }'}
    do: [{one: {set: {x: 1}}}]
- both: {fork: {branches: [{l: {set: {x: 1}}}, {r: {set: {x: 2}}}]}}
)";

} // namespace

BOOST_AUTO_TEST_CASE(tasks_follow_each_other) {
  BOOST_TEST(mermaid_of(tasks_of(
               "do:\n- a: {set: {x: 1}}\n- b: {call: http, with: {method: get, "
               "endpoint: 'http://x.test'}, if: '${ .x > 0 }'}\n"))
             == R"(  n0(["start"])
  n1["a<br>set"]
  n2["b<br>call http GET, if"]
  n3(["end"])
  n0 --> n1
  n1 --> n2
  n2 --> n3
)");
}

BOOST_AUTO_TEST_CASE(a_switch_leads_where_its_cases_say) {
  BOOST_TEST(mermaid_of(tasks_of(R"(do:
- pick:
    switch:
    - big: {when: '${ .n > 10 }', then: large}
    - huge: {when: '${ .n > 99 }', then: large}
    - none: {then: end}
- mid: {set: {x: 1}, then: exit}
- large: {set: {x: 2}, then: pick}
)")) == R"(  n0(["start"])
  n1{{"pick<br>switch"}}
  n2["mid<br>set"]
  n3["large<br>set"]
  n4(["end"])
  n0 --> n1
  n1 -->|"big, huge"| n3
  n1 -->|"none"| n4
  n2 --> n4
  n3 --> n1
)");
  // Without a default case the flow goes on.
  BOOST_TEST(has(mermaid_of(tasks_of("do:\n- pick: {switch: [{a: {when: '${ .n "
                                     "}', then: end}}]}\n- b: {wait: PT1S}\n")),
                 "n1 -->|\"otherwise\"| n2"));
}

BOOST_AUTO_TEST_CASE(what_holds_tasks_is_a_box) {
  BOOST_TEST(mermaid_of(tasks_of(nested)) == R"(  n0(["start"])
  subgraph n1["safe<br>try"]
    direction TB
    subgraph n1c0["try"]
      direction TB
      n2["go<br>set"]
    end
    subgraph n1c1["catch"]
      direction TB
      n3["fix<br>set"]
    end
  end
  subgraph n4["each<br>for each page"]
    direction TB
    n5["one<br>set"]
  end
  subgraph n6["both<br>fork"]
    direction TB
    n7["l<br>set"]
    n8["r<br>set"]
  end
  n9(["end"])
  n0 --> n1
  n1 --> n4
  n4 --> n6
  n6 --> n9
)");
}

BOOST_AUTO_TEST_CASE(ways_out_of_a_box_end_in_it) {
  const auto drawn = mermaid_of(tasks_of(R"(do:
- in:
    do:
    - pick: {switch: [{a: {when: '${ .n }', then: exit}}, {b: {then: end}}]}
    - last: {switch: [{c: {when: '${ .n }', then: continue}}]}
)"));
  BOOST_TEST(has(drawn, "n2 -->|\"a\"| "));
  BOOST_TEST(has(drawn, "([\"exit\"])"));
  BOOST_TEST(has(drawn, "-->|\"c, otherwise\"| "));
  BOOST_TEST(has(drawn, "([\"go on\"])"));
  BOOST_TEST(count_of(drawn, "([\"end\"])") == 2U); // And the workflow's own.
}

BOOST_AUTO_TEST_CASE(what_people_write_cannot_leave_its_quotes) {
  const auto drawn
    = tasks_of("do:\n- '\"]; click <script>&#x': {set: {x: 1}}\n");
  const auto text = mermaid_of(drawn);
  BOOST_TEST(
    has(text, "n1[\"#34;#93;#59; click #60;script#62;#38;#35;x<br>set\"]"));
  const auto svg = diagram::to_svg(drawn);
  BOOST_TEST(!has(svg, "<script"));
  BOOST_TEST(has(svg, ">&quot;]; click &lt;script&gt;&amp;#x</text>"));
}

BOOST_AUTO_TEST_CASE(an_svg_is_whole_and_needs_nothing_else) {
  const auto drawn = tasks_of(nested);
  const auto svg = diagram::to_svg(drawn);
  BOOST_TEST(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "
                             "role=\"img\" aria-label=\"test/flow@1.0.0. The "
                             "workflow test/flow@1.0.0, with 8 tasks.\""));
  BOOST_TEST(svg.ends_with("</svg>\n"));
  BOOST_TEST(has(svg, "prefers-color-scheme:dark"));
  BOOST_TEST(has(svg, "<title>/do/0/safe/try/0/go</title>"));
  // One namespace, and nothing that is fetched or run.
  BOOST_TEST(count_of(svg, "http") == 1U);
  for (const auto* no : {"href", "<script", "@import", "@font-face", "onload"})
    BOOST_TEST(!has(svg, no), no);
  for (const auto* tag : {"g", "text", "title", "style", "marker", "defs"})
    BOOST_TEST(count_of(svg, std::string{"<"} + tag + ' ')
                   + count_of(svg, std::string{"<"} + tag + '>')
                 == count_of(svg, std::string{"</"} + tag + '>'),
               tag);
}

BOOST_AUTO_TEST_CASE(nothing_is_laid_over_anything) {
  for (const auto text : {nested, std::string_view{R"(do:
- pick: {switch: [{a: {when: '${ .n }', then: z}}, {b: {then: y}}]}
- x: {set: {x: 1}, then: pick}
- y: {set: {x: 1}, then: x}
- z: {do: [{deep: {do: [{deeper: {wait: PT1S}}, {other: {wait: PT1S}}]}}]}
)"}}) {
    const auto drawn = tasks_of(text);
    const auto at = diagram::lay_out(drawn);
    const auto apart = [](const diagram::area& a, const diagram::area& b) {
      return a.x + a.width <= b.x || b.x + b.width <= a.x
             || a.y + a.height <= b.y || b.y + b.height <= a.y;
    };
    const auto within = [](const diagram::area& a, const diagram::area& b) {
      return a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width
             && a.y + a.height <= b.y + b.height;
    };
    const diagram::area page{0, 0, at.width, at.height};
    for (std::size_t i = 0; i < at.figures.size(); ++i) {
      const auto& a = at.figures[i];
      BOOST_TEST(within(a, page), drawn.figures[i].name);
      for (std::size_t j = 0; j < i; ++j) {
        const auto& b = at.figures[j];
        BOOST_TEST((apart(a, b) || within(a, b) || within(b, a)),
                   drawn.figures[i].name << " and " << drawn.figures[j].name);
      }
    }
    for (const auto& line : at.arrows)
      for (const auto& by : line.through)
        BOOST_TEST(within({by.x, by.y, 0, 0}, page));
  }
}

BOOST_AUTO_TEST_CASE(business_states_are_drawn_from_the_first_one_on) {
  const auto of = test::flow_of(states);
  BOOST_TEST(mermaid_of(diagram::draw_states(*of).value())
             == R"(  state "draft" as n1
  state "review" as n2
  state "done" as n3
  [*] --> n1
  n1 --> n2
  n2 --> n1
  n2 --> n3
  n3 --> [*]
)");
  const auto no
    = diagram::draw_states(*test::flow_of("do: [{a: {wait: PT1S}}]"));
  BOOST_TEST((no.error().code == errc::invalid_request));
}

BOOST_AUTO_TEST_CASE(the_current_state_is_marked) {
  const trial f{states};
  const auto live = seen(f);
  const auto text
    = diagram::to_mermaid(diagram::draw_states(f.run.flow(), &live).value());
  BOOST_TEST(has(text, "class n2 current\n"));
  BOOST_TEST(has(text, "class n1 done\n"));
  BOOST_TEST(!has(text, "class n3 "));
}

BOOST_AUTO_TEST_CASE(an_instance_shows_what_is_done_and_what_waits) {
  trial f{"do:\n- a: {set: {x: 1}}\n- no: {set: {x: 1}, if: '${ false }'}\n- "
          "in: {do: [{b: {wait: PT1H}}]}\n- c: {set: {x: 1}}\n"};
  BOOST_TEST(marks_of(f) == "a:done no:skipped in:waiting b:waiting c:");
  f.grant(requests::pause{});
  BOOST_TEST(marks_of(f) == "a:done no:skipped in:suspended b:suspended c:");
  f.grant(requests::resume{});
  f.to_next_timer();
  BOOST_TEST(marks_of(f) == "a:done no:skipped in:done b:done c:done");
  const auto live = seen(f);
  const auto drawn = diagram::draw_tasks(f.run.flow(), &live).value();
  BOOST_TEST(drawn.title.ends_with(" is completed"));
  BOOST_TEST(has(drawn.summary, "4 done. 1 skipped."));
}

BOOST_AUTO_TEST_CASE(calls_run_and_rounds_are_counted) {
  trial f{"do:\n- each:\n    for: {each: i, in: '${ [1, 2, 3] }'}\n    do: "
          "[{one: {set: {x: 1}}}]\n- ask: {call: http, with: {method: get, "
          "endpoint: 'http://x.test/'}}\n"};
  BOOST_TEST(marks_of(f) == "each:done one:donex3 ask:running");
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(marks_of(f) == "each:done one:donex3 ask:faulted");
  const auto live = seen(f);
  const auto drawn = diagram::draw_tasks(f.run.flow(), &live).value();
  BOOST_TEST(has(diagram::to_mermaid(drawn), "\u2713 one \u00d73<br>set"));
  BOOST_TEST(has(diagram::to_svg(drawn), "\u2717 ask</text>"));
  // Going back behind what is done takes its mark.
  f.grant(requests::retry{
    .input = make_datum({{"n", 1}}), .reason = "", .from = "/do/0/each"});
  BOOST_TEST(marks_of(f) == "each:donex2 one:donex6 ask:running");
}

BOOST_AUTO_TEST_CASE(an_undone_task_says_so) {
  constexpr std::string_view undo
    = ", metadata: {compensate: [{undo: {call: http, with: {method: delete, "
      "endpoint: 'http://x.test/'}}}]}}";
  trial f{"do:\n- book: {set: {x: 1}" + std::string{undo}
          + "\n- pay: {set: {x: 2}" + std::string{undo}
          + "\n- rest: {wait: PT1H}\n"};
  BOOST_TEST(marks_of(f) == "book:done pay:done rest:waiting");
  f.grant(
    requests::rollback{.to = "/do/0/book", .since = 0, .input = make_datum(1)});
  BOOST_TEST(has(marks_of(f), "book:done pay:running"));
  f.reply(test::ok());
  BOOST_TEST(has(marks_of(f), "book:running pay:undone"));
  f.reply(test::ok());
  BOOST_TEST(marks_of(f) == "book:donex2 pay:donex2 rest:waiting");
}

BOOST_AUTO_TEST_CASE(a_function_is_its_call) {
  trial f{"use: {functions: {wake: {wait: PT1H}}}\ndo:\n- a: {call: wake}\n"};
  BOOST_TEST(marks_of(f) == "a:waiting");
}

BOOST_AUTO_TEST_CASE(a_drawing_nobody_can_read_is_refused) {
  std::string text = "do:\n";
  for (int i = 0; i < 2500; ++i)
    text += "- t" + std::to_string(i) + ": {set: {x: 1}}\n";
  const auto no = diagram::draw_tasks(*test::flow_of(text));
  BOOST_REQUIRE(!no);
  BOOST_TEST((no.error().code == errc::too_large));
  BOOST_TEST(has(no.error().detail, "2500 tasks"));
}

BOOST_AUTO_TEST_CASE(long_texts_are_cut_between_letters) {
  BOOST_TEST(diagram::shortened("short", 5) == "short");
  BOOST_TEST(diagram::shortened("longer", 5) == "long\u2026");
  BOOST_TEST(diagram::shortened("\u00e4\u00e4\u00e4", 2) == "\u00e4\u2026");
  BOOST_TEST(diagram::shortened("\u65e5\u672c\u8a9e", 4) == "\u65e5\u2026");
  BOOST_TEST(diagram::shortened("a\nb", 5) == "a b");
  BOOST_TEST(diagram::columns_of("\u65e5a") == 3U);
}
