#define BOOST_TEST_MODULE workflow.parse_events

#include "tests/support/definitions.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::test;

BOOST_AUTO_TEST_CASE(reads_all_strategies) {
  using kind = event_strategy::kind;
  const auto made = parsed(R"(
  - a: {listen: {to: {one: {with: {type: t}}}}}
  - b: {listen: {to: {all: [{with: {type: t}}, {with: {type: u}}]}}}
  - c: {listen: {to: {any: []}}}
  - d: {listen: {to: {any: [{with: {type: t}}], until: (. | length) > 3}}}
  - e: {listen: {to: {any: [], until: {all: [{with: {type: t}}]}}, read: raw}}
)");
  const auto& a = as<tasks::listen>(*made);
  BOOST_TEST((a.to.how == kind::one));
  BOOST_TEST(a.to.filters.size() == 1U);
  BOOST_TEST((a.read == read_kind::data));
  BOOST_TEST(!a.has_each);
  BOOST_TEST((as<tasks::listen>(*made, 1).to.how == kind::all));
  BOOST_TEST(as<tasks::listen>(*made, 1).to.filters.size() == 2U);
  const auto& c = as<tasks::listen>(*made, 2).to;
  BOOST_TEST((c.how == kind::any));
  BOOST_TEST(c.filters.empty());
  BOOST_TEST(!c.until);
  BOOST_TEST(!c.until_events);
  BOOST_TEST(as<tasks::listen>(*made, 3).to.until->text()
             == "(. | length) > 3");
  const auto& e = as<tasks::listen>(*made, 4);
  BOOST_TEST((e.to.until_events->how == kind::all));
  BOOST_TEST((e.read == read_kind::raw));
}

BOOST_AUTO_TEST_CASE(reads_what_is_done_with_each_event) {
  const auto made = parsed(R"(
  - a:
      listen: {to: {any: [], until: 'false'}}
      foreach:
        item: it
        at: n
        do: [{b: {set: '${ [$it, $n] }'}}]
        output: {as: '${ .x + $n }'}
        export: {as: '${ $context + {last: $it} }'}
  - c: {listen: {to: {any: []}}, foreach: {}}
)");
  const auto& a = as<tasks::listen>(*made);
  BOOST_TEST(a.has_each);
  BOOST_TEST(a.item == "it");
  BOOST_TEST(a.at == "n");
  BOOST_TEST(a.body.size() == 1U);
  BOOST_TEST(made->tasks[1].pointer == "/do/0/a/foreach/do/0/b");
  BOOST_TEST(program_text(*a.output.as) == " .x + $n ");
  BOOST_TEST(a.exports.as.has_value());
  BOOST_TEST(as<tasks::listen>(*made, 2).has_each);
  BOOST_TEST(as<tasks::listen>(*made, 2).item == "item");
}

BOOST_AUTO_TEST_CASE(finds_faults_of_strategies) {
  constexpr row rows[] = {
    {"do: [{a: {listen: {to: {one: {with: {type: t}}, any: []}}}}]",
     "/do/0/a/listen/to", 2, 24, "'listen.to' needs exactly one of"},
    {"do: [{a: {listen: {to: {one: {with: {type: t}}, until: .x}}}}]",
     "/do/0/a/listen/to/until", 2, 49, "'until' belongs to 'any'"},
    {"do: [{a: {listen: {to: {any: {with: {type: t}}}}}}]",
     "/do/0/a/listen/to/any", 2, 30, "'any' must be a list of event filters"},
    {"do: [{a: {listen: {to: {any: [], until: {any: [], until: .x}}}}}]",
     "/do/0/a/listen/to/until/until", 2, 51, "the strategy of an 'until' has"},
    {"do: [{a: {listen: {to: {any: [], until: 5}}}}]",
     "/do/0/a/listen/to/until", 2, 41, "'until' must be an object"},
    {"do: [{a: {listen: {to: {any: []}}, foreach: {item: x, at: x}}}]",
     "/do/0/a/foreach/at", 2, 59, "the item and its index cannot both be"},
    {"do: [{a: {listen: {to: {any: []}}, foreach: {each: x}}}]",
     "/do/0/a/foreach/each", 2, 46, "'foreach' has no member 'each'."},
    {"do: [{a: {listen: {to: {one: {with: {source: a b}}}}}}]",
     "/do/0/a/listen/to/one/with/source", 2, 46, "a URI cannot hold spaces"},
    {"do: [{a: {listen: {to: {one: {with: {time: noon}}}}}}]",
     "/do/0/a/listen/to/one/with/time", 2, 44, "a time like"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(takes_regular_expressions_as_sources_of_events) {
  const auto made = parsed(
    "  - a: {listen: {to: {one: {with: {source: 'https://x/[0-9]{2,}$'}}}}}\n");
  BOOST_TEST(made->warnings.empty());
}

BOOST_AUTO_TEST_CASE(reads_schedules) {
  const auto every = parsed("  []", "schedule: {every: PT5M}\n");
  BOOST_TEST(fixed(every->scheduled->every).count() == 300'000);
  BOOST_TEST(every->scheduled->may_overlap);
  const auto cron = parsed("  []", "schedule: {cron: '0 0 * * *'}\n");
  BOOST_TEST(cron->scheduled->cron == "0 0 * * *");
  const auto after = parsed("  []", "schedule: {after: {seconds: 0}}\n");
  BOOST_TEST(fixed(after->scheduled->after).count() == 0);
  const auto on = parsed("  []", R"(schedule:
  on: {any: [{with: {type: t, data: '${ .x > 1 }'}}]}
  read: envelope
)");
  BOOST_TEST(on->scheduled->on->filters.size() == 1U);
  BOOST_TEST((on->scheduled->read == read_kind::envelope));
  const auto skips = parse_definition(R"(
document: {dsl: 1.0.3, namespace: t, name: f, version: 0.1.0,
           metadata: {overlap: skip}}
schedule: {every: PT5M}
do: []
)");
  BOOST_TEST_REQUIRE(static_cast<bool>(skips));
  BOOST_TEST(!(*skips)->scheduled->may_overlap);
  BOOST_TEST(!parsed("  []")->scheduled);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_schedules) {
  constexpr row rows[] = {
    {"do: []\nschedule: {}", "/schedule", 3, 11,
     "'schedule' needs exactly one of"},
    {"do: []\nschedule: {every: PT1S, after: PT1S}", "/schedule", 3, 11,
     "'schedule' needs exactly one of"},
    {"do: []\nschedule: {cron: '0 25 * * *'}", "/schedule/cron", 3, 18,
     "The hour \"25\" of the cron"},
    {"do: []\nschedule: {every: PT0S}", "/schedule/every", 3, 19,
     "the interval must be longer than nothing"},
    {"do: []\nschedule: {every: '${ .x }'}", "/schedule/every", 3, 19,
     "a duration that is written down is needed"},
    {"do: []\nschedule: {every: PT1S, read: raw}", "/schedule/read", 3, 25,
     "'read' belongs to 'on'"},
    {"do: []\nschedule: {evry: PT1S, cron: '* * * * *'}", "/schedule/evry", 3,
     12, "'schedule' has no member 'evry'. Did you mean 'every'?"},
    {"do: []\nschedule: {on: {one: {with: {data: '${ $context.x }'}}}}",
     "/schedule/on/one/with/data", 3, 36,
     "the variable $context cannot be used in 'schedule'; there is none"},
    {"do: []\nschedule: {on: {one: {with: {data: '${ repeat(.) }'}}}}",
     "/schedule/on/one/with/data", 3, 36,
     "this expression is evaluated before there is an instance, but no helper"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(warns_of_events_that_cloudevents_refuse) {
  constexpr std::string_view rows[][3] = {
    {"Upper: x", "Upper", "name is of a-z and 0-9 only."},
    {"Upper: '${ .x }'", "Upper", "name is of a-z and 0-9 only."},
    {"a_b: 1", "a_b", "name is of a-z and 0-9 only."},
    {"size: 1.5", "size", "a whole number of 32 bits."},
    {"size: 2147483648", "size", "a whole number of 32 bits."},
    {"specversion: '0.3'", "specversion", "Must be \"1.0\"."},
    {"specversion: 1", "specversion", "Must be a text"},
    {"subject: ''", "subject", "Must be a text that is not empty."},
    {"dataschema: 'x<y'", "dataschema", "Must be a URI reference."},
    {"data_base64: '?'", "data_base64", "Must be Base64."},
  };
  for (const auto& [attribute, name, why] : rows)
    BOOST_TEST_CONTEXT(attribute) {
      const auto made = parsed("  - a: {emit: {event: {with: {type: t, "
                               + std::string{attribute} + "}}}}");
      BOOST_TEST_REQUIRE(made->warnings.size() == 1U);
      const auto& told = made->warnings[0];
      BOOST_TEST(told.pointer
                 == "/do/0/a/emit/event/with/" + std::string{name});
      BOOST_TEST(
        (told.detail.find("so the task would fail.") != std::string::npos));
      BOOST_TEST((told.detail.find(why) != std::string::npos), told.detail);
    }
  BOOST_TEST(parsed(R"(
  - a: {emit: {event: {with: {type: t, n: 1, b: true, none: null, ext: x, subject: '${ .s }',
        ext2: '${ .e }', specversion: '1.0', data: {Any_: 1.5}}}}}
  - b: {emit: {event: {with: {type: t, data_base64: '${ .d }'}}}}
  - c: {emit: {event: {with: {type: t, data_base64: AA==}}}}
)")
               ->warnings.empty());
}
