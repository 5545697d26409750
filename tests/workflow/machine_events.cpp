// emit and listen: what is published, what is awaited, what is kept.
#define BOOST_TEST_MODULE workflow.machine_events
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;
using test::trial;
using policy = requests::deliver::if_unawaited;

namespace {

trial listening(std::string_view with, std::string_view more = "") {
  return trial{"do:\n- hear:\n    listen: {to: {one: {with: {"
                 + std::string{with} + "}}}" + std::string{more} + "}\n",
               {{"n", 3}, {"who", "ann"}}};
}

// Whether a listen with this filter takes an event.
bool takes(std::string_view with, std::string_view type,
           json::value data = nullptr) {
  auto f = listening(with);
  BOOST_TEST(f.deliver(type, std::move(data)).has_value());
  return f.status() == "completed";
}

} // namespace

BOOST_AUTO_TEST_CASE(emit_makes_a_whole_cloudevent) {
  const trial f{R"(
do:
- tell: {emit: {event: {with: {type: told, data: {n: '${ .n }'}}}}}
)",
                {{"n", 1}}};
  BOOST_REQUIRE(f.emitted.size() == 1U);
  const auto& made = f.emitted.front()->as_object();
  BOOST_TEST(made.at("specversion").as_string() == "1.0");
  BOOST_TEST(made.at("type").as_string() == "told");
  BOOST_TEST(made.at("source").as_string() == "/test/flow/1.0.0");
  BOOST_TEST(made.at("time").as_string() == "2025-06-15T15:06:40.000Z");
  BOOST_TEST(made.at("id").as_string().size() == 26U);
  BOOST_TEST(to_text(made.at("data")) == R"({"n":1})");
  BOOST_TEST(f.output() == to_text(json::value(made)));
}

BOOST_AUTO_TEST_CASE(what_the_author_says_wins) {
  const trial f{R"(
do:
- tell:
    emit:
      event:
        with: {type: '${ .t }', id: mine, source: 'https://x.test',
               time: '2020-01-01T00:00:00Z', subject: s, extra: '1'}
)",
                {{"t", "told"}}};
  BOOST_TEST(f.output()
             == R"({"specversion":"1.0","type":"told","id":"mine",)"
                R"("source":"https://x.test","time":"2020-01-01T00:00:00Z",)"
                R"("subject":"s","extra":"1"})");
}

BOOST_AUTO_TEST_CASE(ids_of_events_differ) {
  const trial f{R"(
do:
- all:
    for: {in: '${ [range(50)] }'}
    do: [{tell: {emit: {event: {with: {type: told}}}}}]
)"};
  std::set<std::string> ids;
  for (const auto& one : f.emitted)
    ids.emplace(one->at("id").as_string());
  BOOST_TEST(ids.size() == 50U);
}

BOOST_AUTO_TEST_CASE(an_event_without_a_sound_type_is_an_error) {
  for (const auto* type : {"${ .n }", "${ null }", "${ \"\" }"}) {
    const trial f{"do:\n- tell: {emit: {event: {with: {type: '"
                    + std::string{type} + "'}}}}\n",
                  {{"n", 1}}};
    BOOST_TEST(f.fault() == "expression 400 /do/0/tell");
    BOOST_TEST(f.emitted.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_event_that_cloudevents_refuse_is_not_written) {
  const std::pair<std::string, std::string> rows[] = {
    {"subject: '${ \"\" }'", "/subject: Must be a text that is not empty."},
    {"subject: '${ .n }'", "/subject: Must be a text that is not empty."},
    {"time: '${ \"noon\" }'", "/time: Must be a time as in RFC 3339."},
    {"source: '${ \"a b\" }'", "/source: Must be a URI reference."},
    {"id: '${ null }'", "/id: Is missing."},
    {"specversion: '0.3'", "/specversion: Must be \"1.0\"."},
    {"Upper: x", "/Upper: An attribute's name is of a-z and 0-9 only."},
    {"size: 3000000000", "/size: An attribute is a text"},
    {"tags: '${ [] }'", "/tags: An attribute is a text"},
    {"data_base64: '${ \"%\" }'", "/data_base64: Must be Base64."},
    {"data: 1, data_base64: AA==", "/data_base64: Must not stand beside"},
  };
  for (const auto& [attribute, why] : rows)
    BOOST_TEST_CONTEXT(attribute) {
      const trial f{"do:\n- tell: {emit: {event: {with: {type: told, "
                      + attribute + "}}}}\n",
                    {{"n", 1}}};
      BOOST_TEST(f.fault() == "expression 400 /do/0/tell");
      BOOST_TEST(f.emitted.empty());
      const auto problem = f.error();
      const std::string_view detail = problem.at("detail").as_string();
      BOOST_TEST(detail.starts_with("the event is no CloudEvent. " + why),
                 detail);
    }
}

BOOST_AUTO_TEST_CASE(an_event_has_its_attributes_of_every_type) {
  const trial f{R"(
do:
- tell: {emit: {event: {with: {type: t, id: i, source: s, time: '2020-01-01T00:00:00Z',
         subject: '${ null }', n: -1, b: true, none: null, data: null}}}}
)"};
  BOOST_TEST(
    to_canonical_text(*f.emitted.at(0))
    == R"({"b":true,"data":null,"id":"i","n":-1,"source":"s",)"
       R"("specversion":"1.0","time":"2020-01-01T00:00:00Z","type":"t"})");
}

BOOST_AUTO_TEST_CASE(an_emit_that_fails_behind_its_event_publishes_nothing) {
  const trial f{"do:\n- tell: {emit: {event: {with: {type: told}}}, output: "
                "{as: '${ error }'}}\n"};
  BOOST_TEST(f.fault() == "expression 400 /do/0/tell");
  BOOST_TEST(f.emitted.empty());
}

BOOST_AUTO_TEST_CASE(a_filter_compares_constants_and_patterns) {
  BOOST_TEST(takes("type: a.b", "a.b"));
  BOOST_TEST(!takes("type: a.b", "axb")); // A full stop is no pattern.
  BOOST_TEST(!takes("type: a.b", "a.b.c"));
  BOOST_TEST(takes("type: 'a[.].*'", "a.b.c"));
  BOOST_TEST(takes("type: 'a|b'", "b"));
  BOOST_TEST(!takes("type: 'a+'", "aab")); // The whole value.
  BOOST_TEST(takes("type: 'a[('", "a[(")); // No pattern at all: as it stands.
  BOOST_TEST(takes("type: a, source: 'https://pawl[.]test'", "a"));
  BOOST_TEST(!takes("type: a, subject: '.*'", "a")); // It has none.
}

BOOST_AUTO_TEST_CASE(a_filter_may_compute_what_it_wants) {
  BOOST_TEST(takes("type: '${ .who }'", "ann"));
  BOOST_TEST(!takes("type: '${ .who }'", "bob"));
  BOOST_TEST(takes("type: a, data: '${ .n > 2 }'", "a", {{"n", 3}}));
  BOOST_TEST(!takes("type: a, data: '${ .n > 2 }'", "a", {{"n", 1}}));
  BOOST_TEST(takes("type: a, data: '${ .n == $input.n }'", "a", {{"n", 3}}));
  BOOST_TEST(takes("type: a, data: {n: 1}", "a", {{"n", 1}}));
  BOOST_TEST(!takes("type: a, data: {n: 1}", "a", {{"n", 2}}));
}

BOOST_AUTO_TEST_CASE(a_predicate_does_not_meet_the_events_of_others) {
  // It would fail on a text.
  auto f = listening("data: '${ .n.deep > 2 }', type: mine");
  BOOST_TEST(f.deliver("other", {{"n", "text"}}).has_value());
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(f.deliver("mine", {{"n", {{"deep", 3}}}}).has_value());
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(an_event_that_a_filter_fails_on_is_not_taken) {
  for (const auto* rule :
       {"with: {type: a, data: '${ .n.deep > 2 }'}",
        "with: {type: a}, correlate: {k: {from: .data.n.deep, expect: '3'}}"}) {
    trial f{"do:\n- hear: {listen: {to: {one: {" + std::string{rule}
            + "}}}}\n"};
    BOOST_TEST(f.deliver("a", {{"n", "text"}}).has_value());
    BOOST_TEST(f.status() == "waiting", rule);
    BOOST_TEST(!f.deliver("a", {{"n", "text"}}, "", policy::refuse));
  }
  // What fails on the task's own data would fail on every event.
  auto own = listening("type: '${ error }'");
  BOOST_TEST(own.deliver("a").has_value());
  BOOST_TEST(own.fault() == "expression 400 /do/0/hear");
  auto spent = listening("type: a, data: '${ [range(.n)] | length > 0 }'");
  BOOST_TEST(spent.deliver("a", {{"n", 900'000'000}}).has_value());
  BOOST_TEST(spent.fault() == "expression 400 /do/0/hear");
}

BOOST_AUTO_TEST_CASE(all_of_no_events_have_come_at_once) {
  const trial f{"do:\n- hear: {listen: {to: {all: []}}}\n"};
  BOOST_TEST(f.output() == "[]");
}

BOOST_AUTO_TEST_CASE(correlations_must_hold_as_well) {
  const auto with = [](std::string_view rule, json::value data) {
    trial f{"do:\n- hear:\n    listen: {to: {one: {with: {type: a}, correlate: "
            "{order: {"
              + std::string{rule} + "}}}}}\n",
            {{"id", "7"}}};
    (void)f.deliver("a", std::move(data));
    return f.status() == "completed";
  };
  BOOST_TEST(with("from: .data.id, expect: '7'", {{"id", "7"}}));
  BOOST_TEST(!with("from: .data.id, expect: '7'", {{"id", "8"}}));
  BOOST_TEST(with("from: .data.id, expect: '${ .id }'", {{"id", "7"}}));
  BOOST_TEST(!with("from: .data.id, expect: '${ .id }'", {{"id", 7}}));
  BOOST_TEST(with("from: .data.id", {{"id", "any"}}));
  BOOST_TEST(!with("from: .data.id", {{"no", 1}}));
  // A mistake in `expect` must not take what does not even have the key.
  BOOST_TEST(!with("from: .data.id, expect: '${ .nothing }'", {{"no", 1}}));
}

BOOST_AUTO_TEST_CASE(what_is_read_is_a_list_of_one) {
  auto data = listening("type: a");
  (void)data.deliver("a", {{"n", 1}});
  BOOST_TEST(data.output() == R"([{"n":1}])");
  for (const auto* read : {"envelope", "raw"}) {
    auto whole = listening("type: a", ", read: " + std::string{read});
    (void)whole.deliver("a", 5, "id-1");
    BOOST_TEST(whole.output()
               == R"([{"specversion":"1.0","id":"id-1",)"
                  R"("source":"https://pawl.test","type":"a","data":5}])");
  }
  auto none = listening("type: a");
  BOOST_TEST(none
               .decide(requests::deliver{
                 make_datum({{"id", "1"}, {"source", "s"}, {"type", "a"}})})
               .has_value());
  BOOST_TEST(none.output() == "[null]");
}

BOOST_AUTO_TEST_CASE(an_event_before_its_listen_is_kept) {
  trial f{"do:\n- nap: {wait: PT1S}\n- hear: {listen: {to: {one: {with: {type: "
          "a}}}}}\n- next: {listen: {to: {one: {with: {type: a}}}}, output: "
          "{as: '${ [$input, .] }'}}\n"};
  (void)f.deliver("a", 1);
  (void)f.deliver("b", 2);
  (void)f.deliver("a", 3);
  BOOST_TEST(f.state().inbox.size() == 3U);
  f.crash();
  f.to_next_timer();
  BOOST_TEST(f.output() == "[[1],[3]]"); // In the order of arrival.
}

BOOST_AUTO_TEST_CASE(an_event_counts_once) {
  auto f = listening("type: a");
  (void)f.deliver("other", 1, "same");
  const auto before = f.history.size();
  BOOST_TEST(f.deliver("other", 2, "same").has_value());
  BOOST_TEST(f.history.size() == before);
  f.now += std::chrono::hours{25}; // Remembered for a day.
  BOOST_TEST(f.deliver("other", 3, "same").has_value());
  BOOST_TEST(f.history.size() == before + 1);
}

BOOST_AUTO_TEST_CASE(an_event_that_was_consumed_does_not_come_again) {
  trial f{"do:\n- one: {listen: {to: {one: {with: {type: a}}}}}\n"
          "- two: {listen: {to: {one: {with: {type: a}}}}}\n"};
  (void)f.deliver("a", 1, "same");
  (void)f.deliver("a", 1, "same");
  BOOST_TEST(f.status() == "waiting");
  (void)f.deliver("a", 2, "other");
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(an_event_that_nobody_awaits_can_be_refused) {
  auto f = listening("type: a, source: 'https://pawl.test'");
  const auto made = f.deliver("b", nullptr, "1", policy::refuse);
  BOOST_REQUIRE(!made);
  const auto why = made.error();
  BOOST_TEST((why.what.code == errc::invalid_state));
  BOOST_TEST(why.members.at("from").as_string() == "waiting");
  BOOST_TEST(
    to_text(why.members.at("awaits"))
    == R"([{"task":"/do/0/hear","type":"a","source":"https://pawl.test"}])");
  // Refused is not remembered.
  BOOST_TEST(f.deliver("a", 7, "1", policy::refuse).has_value());
  BOOST_TEST(f.output() == "[7]");
}

BOOST_AUTO_TEST_CASE(an_awaited_event_is_welcome_while_paused) {
  auto f = listening("type: a");
  f.grant(requests::pause{});
  BOOST_TEST(f.deliver("a", 7, "1", policy::refuse).has_value());
  BOOST_TEST(!f.deliver("b", 7, "2", policy::refuse).has_value());
  f.grant(requests::resume{});
  BOOST_TEST(f.output() == "[7]");
}

BOOST_AUTO_TEST_CASE(a_published_event_is_a_fact_only_if_it_is_awaited) {
  auto f = listening("type: a");
  const auto before = f.history.size();
  BOOST_TEST(f.deliver("b", 1, "1", policy::ignore).has_value());
  BOOST_TEST(f.history.size() == before);
  BOOST_TEST(f.deliver("a", 2, "2", policy::ignore).has_value());
  BOOST_TEST(f.output() == "[2]");
  BOOST_TEST(f.deliver("a", 3, "3", policy::ignore).has_value());
}

BOOST_AUTO_TEST_CASE(a_full_inbox_sheds_all_but_what_is_awaited) {
  machine_limits small;
  small.inbox_max = 3;
  trial f{test::flow_of("do:\n- hear: {listen: {to: {one: {with: {type: "
                        "a}}}}}\n"),
          nullptr, small};
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(f.deliver("junk").has_value());
  const auto made = f.deliver("junk");
  BOOST_REQUIRE(!made);
  BOOST_TEST((made.error().what.code == errc::overloaded));
  BOOST_TEST(f.deliver("a", 1).has_value());
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_full_inbox_sheds_also_the_awaited_while_paused) {
  machine_limits small;
  small.inbox_max = 1;
  trial f{test::flow_of("do:\n- hear: {listen: {to: {one: {with: {type: "
                        "a}}}}}\n"),
          nullptr, small};
  f.grant(requests::pause{});
  BOOST_TEST(f.deliver("a", 1).has_value());
  BOOST_TEST(!f.deliver("a", 2).has_value());
}

BOOST_AUTO_TEST_CASE(a_listen_can_time_out) {
  trial f{"do:\n- guard:\n    try: [{hear: {listen: {to: {one: {with: {type: "
          "a}}}}, timeout: {after: PT5S}}}]\n    catch: {errors: {with: "
          "{status: 408}}}\n"};
  f.to_next_timer();
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.run.awaited().empty());
}

BOOST_AUTO_TEST_CASE(what_is_awaited_is_told) {
  auto f = listening("type: a.b, data: '${ .x }'");
  const auto awaited = f.run.awaited();
  BOOST_REQUIRE(awaited.size() == 1U);
  BOOST_TEST(awaited[0].type == "a.b");
  BOOST_TEST(awaited[0].task == "/do/0/hear");
  BOOST_TEST(listening("type: 'a.*'").run.awaited().at(0).type == "");
  BOOST_TEST(listening("type: '${ .who }'").run.awaited().at(0).type == "");
  const auto shown = f.shown();
  BOOST_TEST(to_text(shown.at("current").at(0).at("waitingFor"))
             == R"({"kind":"event","with":{"type":"a.b"}})");
}
