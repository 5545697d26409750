#define BOOST_TEST_MODULE workflow.parse

#include "tests/support/definitions.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(reads_the_document) {
  const auto made = parse_definition(R"(
document:
  dsl: 1.0.3
  namespace: my-space
  name: order
  version: 1.2.3-rc.1+build.5
  title: ''
  summary: '**bold**'
  tags: {team: a}
  metadata: {owner: me}
input:
  schema: {document: {type: object}}
  from: .order
timeout: {after: PT1H}
evaluate: {language: jq, mode: strict}
do:
  - a: {wait: PT1S}
output:
  schema: {format: json, document: true}
  as: '${ {total: .t} }'
)");
  BOOST_TEST_REQUIRE(static_cast<bool>(made));
  const auto& d = **made;
  BOOST_TEST(d.id.ns == "my-space");
  BOOST_TEST(d.id.name == "order");
  BOOST_TEST(d.id.version == "1.2.3-rc.1+build.5");
  BOOST_TEST(to_text(d.metadata) == R"({"owner":"me"})");
  BOOST_TEST(program_text(*d.input.from) == ".order");
  BOOST_TEST(d.input.schema->check(json::value(1)).size() == 1U);
  BOOST_TEST(program_text(*d.output.as) == " {total: .t} ");
  BOOST_TEST(d.output.schema->check(json::value(1)).empty());
  BOOST_TEST(fixed(d.timeout).count() == (1h / 1ms));
  BOOST_TEST(d.native_count == 2U);
  BOOST_TEST(d.sandboxed_count == 0U);
  BOOST_TEST(d.warnings.empty());
}

BOOST_AUTO_TEST_CASE(numbers_tasks_depth_first_with_their_pointers) {
  const auto made = parsed(R"(
  - outer:
      do:
        - inner: {set: {a: 1}}
        - loop:
            for: {in: '[1]'}
            do:
              - x: {set: {a: 1}}
  - t:
      try:
        - a: {set: {a: 1}}
      catch:
        do:
          - h: {set: {a: 1}}
  - a/b~c: {set: {a: 1}}
)");
  struct row {
    std::string_view name, pointer, kind;
    task_index end;
    std::uint32_t position;
  };
  constexpr row rows[] = {
    {"outer", "/do/0/outer", "do", 4, 0},
    {"inner", "/do/0/outer/do/0/inner", "set", 2, 0},
    {"loop", "/do/0/outer/do/1/loop", "for", 4, 1},
    {"x", "/do/0/outer/do/1/loop/do/0/x", "set", 4, 0},
    {"t", "/do/1/t", "try", 7, 1},
    {"a", "/do/1/t/try/0/a", "set", 6, 0},
    {"h", "/do/1/t/catch/do/0/h", "set", 7, 0},
    {"a/b~c", "/do/2/a~1b~0c", "set", 8, 2},
  };
  BOOST_TEST_REQUIRE(made->tasks.size() == std::size(rows));
  for (task_index i = 0; i < std::size(rows); ++i) {
    const auto& task = made->tasks[i];
    BOOST_TEST_CONTEXT(task.pointer) {
      BOOST_TEST(task.index == i);
      BOOST_TEST(task.name == rows[i].name);
      BOOST_TEST(task.pointer == rows[i].pointer);
      BOOST_TEST(task.kind_name == rows[i].kind);
      BOOST_TEST(task.end == rows[i].end);
      BOOST_TEST(task.position == rows[i].position);
      BOOST_TEST(made->by_pointer.at(task.pointer) == i);
      BOOST_TEST(task.source.is_object());
    }
  }
  BOOST_TEST((made->body == task_list{0, 4, 7}));
  BOOST_TEST((as<tasks::do_block>(*made).body == task_list{1, 2}));
  BOOST_TEST((as<tasks::for_each>(*made, 2).body == task_list{3}));
  BOOST_TEST((as<tasks::try_catch>(*made, 4).body == task_list{5}));
  BOOST_TEST((as<tasks::try_catch>(*made, 4).handler == task_list{6}));
}

BOOST_AUTO_TEST_CASE(reads_what_all_tasks_have) {
  const auto made = parsed(R"(
  - a:
      if: ${ .go }
      input: {from: {x: '${ .y }', z: 1}, schema: {document: {}}}
      output: {as: .out}
      export: {as: '$context + {o: $output}', schema: {document: {}}}
      timeout: quick
      then: c
      metadata: {commit: each, note: free}
      set: {v: 1}
  - b: {set: {v: 1}, then: exit}
  - c: {set: {v: 1}, then: end}
  - d: {set: {v: 1}, then: continue}
)",
                           "use: {timeouts: {quick: {after: {seconds: 5}}}}\n");
  const auto& a = made->tasks[0];
  BOOST_TEST(a.if_->text() == " .go ");
  const auto& from = std::get<dynamic_value::object>(a.input.from->form);
  BOOST_TEST(from.at(0).first == "x");
  BOOST_TEST(program_text(from.at(0).second) == " .y ");
  BOOST_TEST(constant_text(from.at(1).second) == "1");
  BOOST_TEST(a.input.schema != nullptr);
  BOOST_TEST(program_text(*a.output.as) == ".out");
  BOOST_TEST(a.output.schema == nullptr);
  BOOST_TEST(program_text(*a.exports.as) == "$context + {o: $output}");
  BOOST_TEST(a.exports.schema != nullptr);
  BOOST_TEST(fixed(a.timeout).count() == 5000);
  BOOST_TEST((a.then == flow{flow::kind::jump, 2}));
  BOOST_TEST(a.commit_each.value_or(false));
  BOOST_TEST(to_text(a.metadata) == R"({"commit":"each","note":"free"})");
  BOOST_TEST((made->tasks[1].then == flow{flow::kind::exit, 0}));
  BOOST_TEST((made->tasks[2].then == flow{flow::kind::end, 0}));
  BOOST_TEST((made->tasks[3].then == flow{flow::kind::proceed, 0}));
}

BOOST_AUTO_TEST_CASE(folds_constants_and_keeps_expressions) {
  const auto made = parsed(R"(
  - a: {set: {fixed: [1, {x: y}], live: [1, '${ .a }'], text: '.b'}}
  - b: {set: '${ .c }'}
  - c: {set: .d + 1}
)");
  const auto& members
    = std::get<dynamic_value::object>(as<tasks::set>(*made).value.form);
  BOOST_TEST(constant_text(members.at(0).second) == R"([1,{"x":"y"}])");
  const auto& live = std::get<dynamic_value::array>(members.at(1).second.form);
  BOOST_TEST(constant_text(live.at(0)) == "1");
  BOOST_TEST(program_text(live.at(1)) == " .a ");
  BOOST_TEST(constant_text(members.at(2).second) == R"(".b")");
  BOOST_TEST(program_text(as<tasks::set>(*made, 1).value) == " .c ");
  BOOST_TEST(program_text(as<tasks::set>(*made, 2).value) == ".d + 1");
  BOOST_TEST(made->native_count == 3U);
}

BOOST_AUTO_TEST_CASE(reads_switch_and_its_ways) {
  const auto made = parsed(R"(
  - s:
      switch:
        - hot: {when: .t > 30, then: cool}
        - cold: {when: '${ .t < 10 }', then: exit}
        - else: {then: s}
  - warm: {set: {a: 1}}
  - cool: {set: {a: 1}, then: warm}
)");
  const auto& cases = as<tasks::switch_on>(*made).cases;
  BOOST_TEST_REQUIRE(cases.size() == 3U);
  BOOST_TEST(cases[0].name == "hot");
  BOOST_TEST(cases[0].when->text() == ".t > 30");
  BOOST_TEST((cases[0].then == flow{flow::kind::jump, 2}));
  BOOST_TEST((cases[1].then == flow{flow::kind::exit, 0}));
  BOOST_TEST(cases[2].when == nullptr);
  BOOST_TEST((cases[2].then == flow{flow::kind::jump, 0}));
  BOOST_TEST(made->warnings.empty());
}

BOOST_AUTO_TEST_CASE(reads_for_with_its_names) {
  const auto made = parsed(R"(
  - f:
      for: {each: pet, at: i, in: '${ .pets }'}
      while: $pet.ok and $i < 5
      do:
        - x: {if: $pet.sick, set: {n: '${ $pet.name }'}, output: {as: $i}}
  - g:
      for: {in: [{a: 1}, {a: '${ .x }'}]}
      do:
        - y: {set: '${ $item.a + $index }'}
)");
  const auto& f = as<tasks::for_each>(*made);
  BOOST_TEST(f.each == "pet");
  BOOST_TEST(f.at == "i");
  BOOST_TEST(program_text(f.in) == " .pets ");
  BOOST_TEST(f.while_->text() == "$pet.ok and $i < 5");
  const auto& g = as<tasks::for_each>(*made, 2);
  BOOST_TEST(g.each == "item");
  BOOST_TEST(g.at == "index");
  BOOST_TEST(g.while_ == nullptr);
  BOOST_TEST(std::holds_alternative<dynamic_value::array>(g.in.form));
}

BOOST_AUTO_TEST_CASE(reads_try_catch_and_retry) {
  const auto made = parsed(R"(
  - t:
      try:
        - a: {set: {a: 1}}
      catch:
        errors: {with: {type: 'https://x/e', status: 503, details: d}}
        as: err
        when: $err.status == 503
        exceptWhen: ${ .title == "no" }
        retry:
          when: $err.status > 500
          delay: {seconds: 3}
          backoff: {exponential: {}}
          limit: {attempt: {count: 4, duration: PT10S}, duration: PT5M}
          jitter: {from: PT0S, to: PT1S}
        do: []
        then: out
  - u:
      try: []
      catch: {retry: named}
  - out: {set: {a: 1}}
)",
                           "use:\n  retries:\n    named: {when: $error.status "
                           "== 1, delay: '${ .d }', backoff: {linear: {}}}\n");
  const auto& t = as<tasks::try_catch>(*made);
  BOOST_TEST(t.errors.type.value() == "https://x/e");
  BOOST_TEST(t.errors.status.value() == 503);
  BOOST_TEST(t.errors.detail.value() == "d");
  BOOST_TEST(!t.errors.title);
  BOOST_TEST(t.as == "err");
  BOOST_TEST(t.when->text() == "$err.status == 503");
  BOOST_TEST(t.except_when->text() == R"( .title == "no" )");
  const auto& r = t.retry.value();
  BOOST_TEST(r.when->text() == "$err.status > 500");
  BOOST_TEST(fixed(r.delay).count() == 3000);
  BOOST_TEST((r.backoff == retry_policy::backoff_kind::exponential));
  BOOST_TEST(r.attempts_max.value() == 4U);
  BOOST_TEST(fixed(r.attempt_duration).count() == 10'000);
  BOOST_TEST(fixed(r.total_duration).count() == 300'000);
  BOOST_TEST(fixed(r.jitter_to).count() == 1000);
  BOOST_TEST(t.has_handler);
  BOOST_TEST(t.handler.empty());
  BOOST_TEST((t.then == flow{flow::kind::jump, 3}));
  const auto& u = as<tasks::try_catch>(*made, 2);
  BOOST_TEST(u.as == "error");
  BOOST_TEST(!u.has_handler);
  BOOST_TEST((u.retry->backoff == retry_policy::backoff_kind::linear));
  BOOST_TEST(u.retry->when->text() == "$error.status == 1");
  BOOST_TEST(program_text(std::get<dynamic_value>(*u.retry->delay)) == " .d ");
}

BOOST_AUTO_TEST_CASE(reads_raise_inline_and_by_name) {
  const auto made = parsed(R"(
  - a: {if: .x, raise: {error: bad}}
  - b:
      raise:
        error: {type: '${ .t }', status: 400, instance: /do/0/x,
                detail: "${ \"d: \\(.e)\" }"}
)",
                           "use: {errors: {bad: {type: 'https://x/bad', "
                           "status: 422, title: Bad}}}\n");
  const auto& a = as<tasks::raise>(*made).error;
  BOOST_TEST(constant_text(a.type) == R"("https://x/bad")");
  BOOST_TEST(a.status == 422);
  BOOST_TEST(constant_text(*a.title) == R"("Bad")");
  BOOST_TEST(!a.detail);
  const auto& b = as<tasks::raise>(*made, 1).error;
  BOOST_TEST(program_text(b.type) == " .t ");
  BOOST_TEST(constant_text(*b.instance) == R"("/do/0/x")");
  BOOST_TEST(program_text(*b.detail) == R"~( "d: \(.e)" )~");
}

BOOST_AUTO_TEST_CASE(reads_call_http) {
  const auto made = parsed(R"(
  - a:
      call: http
      with:
        method: post
        endpoint: https://x/{id}
        headers: {Accept: application/json, X: '${ .h }'}
        query: '${ .q }'
        body: {n: '${ .n }'}
        output: response
        redirect: true
  - b:
      call: http
      with: {method: GET, endpoint: {uri: '${ .u }'}}
)");
  const auto& a = as<tasks::call_http>(*made);
  BOOST_TEST(a.method == "POST");
  BOOST_TEST(constant_text(a.where.uri) == R"("https://x/{id}")");
  BOOST_TEST(std::holds_alternative<dynamic_value::object>(a.headers->form));
  BOOST_TEST(program_text(*a.query) == " .q ");
  BOOST_TEST(a.body.has_value());
  BOOST_TEST((a.output == output_kind::response));
  BOOST_TEST(a.redirect);
  const auto& b = as<tasks::call_http>(*made, 1);
  BOOST_TEST(program_text(b.where.uri) == " .u ");
  BOOST_TEST(!b.headers);
  BOOST_TEST((b.output == output_kind::content));
  BOOST_TEST(!b.redirect);
}

BOOST_AUTO_TEST_CASE(reads_events) {
  const auto made = parsed(R"(
  - e:
      emit:
        event:
          with: {type: t, source: 'https://s', data: '${ . }', ext: 5}
  - l:
      listen:
        to:
          one:
            with: {type: 'a\..*', data: '${ .x > 1 }'}
            correlate:
              id: {from: .data.id, expect: '${ .id }'}
              k: {from: '${ .k }'}
        read: envelope
)");
  const auto& with
    = std::get<dynamic_value::object>(as<tasks::emit>(*made).with.form);
  BOOST_TEST(with.size() == 4U);
  const auto& l = as<tasks::listen>(*made, 1);
  BOOST_TEST((l.read == read_kind::envelope));
  BOOST_TEST(constant_text(l.to.filters.at(0).with.at(0).second)
             == R"("a\\..*")");
  BOOST_TEST(program_text(l.to.filters.at(0).with.at(1).second) == " .x > 1 ");
  BOOST_TEST(l.to.filters.at(0).correlate.at(0).key == "id");
  BOOST_TEST(l.to.filters.at(0).correlate.at(0).from->text() == ".data.id");
  BOOST_TEST(program_text(*l.to.filters.at(0).correlate.at(0).expect)
             == " .id ");
  BOOST_TEST(!l.to.filters.at(0).correlate.at(1).expect);
}

BOOST_AUTO_TEST_CASE(reads_wait_in_all_forms) {
  const auto made = parsed(R"(
  - a: {wait: PT1.5S}
  - b: {wait: {minutes: 2}}
  - c: {wait: '${ .d }'}
  - d: {wait: P1M}
)");
  const auto length = [&](task_index i) -> const duration_rule& {
    return as<tasks::wait>(*made, i).length;
  };
  BOOST_TEST(fixed(length(0)).count() == 1500);
  BOOST_TEST(fixed(length(1)).count() == 120'000);
  BOOST_TEST(program_text(std::get<dynamic_value>(length(2))) == " .d ");
  BOOST_TEST(std::get<calendar_duration>(length(3)).months == 1);
}

BOOST_AUTO_TEST_CASE(reads_supervision) {
  const auto made = parse_definition(R"(
document:
  dsl: 1.0.3
  namespace: a
  name: b
  version: 1.0.0
  metadata:
    commit: each
    supervision: {strategy: oneForAll, maxRestarts: 3, within: PT1M}
do:
  - a: {wait: PT1S}
  - b:
      wait: PT1S
      metadata:
        supervision: {strategy: restForOne, restart: transient,
                      backoff: {initial: PT1S, max: {seconds: 30}}}
)");
  BOOST_TEST_REQUIRE(static_cast<bool>(made));
  const auto& d = **made;
  BOOST_TEST(d.commit_each);
  BOOST_TEST(
    (d.supervised.strategy == supervision::strategy_kind::one_for_all));
  BOOST_TEST(d.supervised.max_restarts == 3U);
  BOOST_TEST(d.supervised.within.count() == 60'000);
  BOOST_TEST(!d.tasks[0].supervised);
  const auto& b = d.tasks[1].supervised.value();
  BOOST_TEST((b.strategy == supervision::strategy_kind::rest_for_one));
  BOOST_TEST((b.restart == supervision::restart_kind::transient));
  BOOST_TEST(b.max_restarts == 3U); // What is left out is the document's.
  BOOST_TEST(b.backoff_initial.count() == 1000);
  BOOST_TEST(b.backoff_max.count() == 30'000);
}

BOOST_AUTO_TEST_CASE(gives_yaml_and_json_the_same_digest) {
  const auto yaml = parsed("  - a: {set: {x: 1.0, y: 'z'}}\n");
  const auto json = parse_definition(
    R"({"do":[{"a":{"set":{"y":"z","x":1}}}],"document":{"version":"0.1.0",
        "name":"flow","namespace":"test","dsl":"1.0.3"}})");
  BOOST_TEST_REQUIRE(static_cast<bool>(json));
  BOOST_TEST(yaml->digest.size() == 64U);
  BOOST_TEST(yaml->digest == (*json)->digest);
  BOOST_TEST(yaml->digest != parsed("  - a: {set: {x: 2}}\n")->digest);
}

BOOST_AUTO_TEST_CASE(reads_a_stored_document_again) {
  const auto made = parsed("  - a: {set: {x: '${ .y }'}}\n  - b: {wait: PT1S}");
  const auto again = definition_from_json(made->document);
  BOOST_TEST_REQUIRE(static_cast<bool>(again));
  BOOST_TEST((*again)->digest == made->digest);
  BOOST_TEST((*again)->tasks.size() == 2U);
  const auto bad = definition_from_json(json::value{{"do", json::array{}}});
  BOOST_TEST_REQUIRE(!bad);
  BOOST_TEST(bad.error().faults.at(0).line == 0U);
}
