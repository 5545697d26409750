#define BOOST_TEST_MODULE workflow.hostile

#include "workflow/parse.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace pawl;

namespace {

constexpr std::string_view everything = R"(
document:
  dsl: 1.0.3
  namespace: test
  name: flow
  version: 0.1.0
  metadata: {supervision: {strategy: oneForOne, backoff: {initial: PT1S}}}
input: {schema: {document: {type: object, required: [a]}}, from: .a}
output: {as: '${ {x: .y} }'}
timeout: slow
use:
  errors: {bad: {type: 'https://x/bad', status: 400}}
  retries: {r: {delay: PT1S, backoff: {linear: {}}, limit: {attempt: {count: 3}}}}
  timeouts: {slow: {after: {hours: 1}}}
do:
  - set1: {set: {a: 1, b: ['${ .c }']}, if: .go, then: switch1}
  - switch1:
      switch: [{one: {when: .a, then: for1}}, {two: {then: continue}}]
  - for1:
      for: {each: x, at: i, in: .list}
      while: $i < 3
      do: [{inner: {set: '${ $x }', export: {as: '{o: $output}'}}}]
  - try1:
      try: [{call1: {call: http, with: {method: get, endpoint: 'https://x/{a}',
        headers: {h: v}, query: {q: '${ .q }'}, body: {}, output: raw}}}]
      catch:
        errors: {with: {type: 'https://x/bad', status: 400}}
        when: $error.status == 400
        retry: r
        do: [{handle: {raise: {error: bad}}}]
  - wait1: {wait: {seconds: 1}, timeout: {after: PT2S}}
  - emit1: {emit: {event: {with: {type: t, source: 'https://s', data: {}}}}}
  - listen1:
      listen: {to: {one: {with: {type: t}, correlate: {k: {from: .k}}}}, read: raw}
)";

/// Changes one thing, somewhere: what people and hostile senders do to a
/// document.
class mutator {
public:
  explicit mutator(std::uint64_t seed) : random_{seed} {}

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  void change(json::value& value, int depth = 0) {
    const bool stop = depth > 8 || below(4) == 0;
    if (auto* object = value.if_object();
        object != nullptr && !object->empty()) {
      auto at = object->begin() + below(object->size());
      if (!stop)
        return change(at->value(), depth + 1);
      return change_member(*object, std::string{at->key()});
    }
    if (auto* list = value.if_array(); list != nullptr && !list->empty()) {
      const auto i = below(list->size());
      if (!stop)
        return change((*list)[i], depth + 1);
      if (below(2) == 0)
        list->erase(list->begin() + static_cast<std::ptrdiff_t>(i));
      else
        list->push_back((*list)[i]);
      return;
    }
    value = other();
  }

  void change_text(std::string& text) {
    if (text.empty())
      return;
    const auto i = below(text.size());
    switch (below(4)) {
    case 0:
      text.erase(i, 1 + below(5));
      break;
    case 1:
      text.insert(i, text.substr(below(text.size()), below(40)));
      break;
    case 2: {
      constexpr std::string_view signs = "{}[]:,-?&*!|>'\"%@`#\n \t\\$~<0.e";
      text[i] = signs[below(signs.size())];
      break;
    }
    default:
      text[i] = static_cast<char>(below(256));
    }
  }

private:
  void change_member(json::object& object, const std::string& key) {
    switch (below(4)) {
    case 0:
      object.erase(key);
      break;
    case 1: {
      const json::value kept = object.at(key);
      object.erase(key);
      auto renamed = key;
      change_text(renamed);
      object[renamed] = kept;
      break;
    }
    case 2:
      object[key] = other();
      break;
    default: {
      const json::value kept = object.at(key); // The insertion may move it.
      object[key + "2"] = kept;
    }
    }
  }

  json::value other() {
    static const json::array values{nullptr,
                                    true,
                                    0,
                                    -1,
                                    1.5,
                                    1e300,
                                    "",
                                    "x",
                                    "${ .a }",
                                    "${ }",
                                    "${",
                                    "P1D",
                                    "-P1D",
                                    "$x",
                                    ".a | .b",
                                    json::array{},
                                    json::object{},
                                    json::value{json::object{}},
                                    json::object{{"a", json::object{}}},
                                    "https://x/{",
                                    std::string(300, 'x'),
                                    18446744073709551615ULL,
                                    "continue",
                                    "set1"};
    return values[below(values.size())];
  }

  std::mt19937_64 random_;
};

/// What holds for every answer of the parser.
void check_answer(const result<definition_ptr>& got) {
  if (got) {
    BOOST_TEST((*got)->digest.size() == 64U);
    for (const auto& task : (*got)->tasks) {
      BOOST_TEST(task.end > task.index);
      BOOST_TEST(task.end <= (*got)->tasks.size());
      if (task.then.to == flow::kind::jump)
        BOOST_TEST(task.then.target < (*got)->tasks.size());
    }
    return;
  }
  const auto why = got.error();
  BOOST_TEST((why.code == errc::invalid_definition
              || why.code == errc::unsupported || why.code == errc::malformed));
  BOOST_TEST(!why.detail.empty());
  BOOST_TEST(!why.faults.empty());
  for (const auto& each : why.faults)
    BOOST_TEST(!each.detail.empty());
}

} // namespace

BOOST_AUTO_TEST_CASE(accepts_the_document_that_is_mutated) {
  const auto got = parse_definition(everything);
  BOOST_TEST_REQUIRE(static_cast<bool>(got), got.error().detail);
  BOOST_TEST((*got)->warnings.empty());
}

BOOST_AUTO_TEST_CASE(answers_to_any_change_of_the_structure) {
  const auto original = (*parse_definition(everything))->document;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    mutator random{seed};
    auto changed = original;
    for (auto n = 1 + random.below(3); n > 0; --n)
      random.change(changed);
    BOOST_TEST_CONTEXT("seed " << seed)
    check_answer(definition_from_json(changed));
  }
}

BOOST_AUTO_TEST_CASE(answers_to_any_change_of_the_text) {
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    mutator random{seed};
    std::string changed{everything};
    for (auto n = 1 + random.below(4); n > 0; --n)
      random.change_text(changed);
    BOOST_TEST_CONTEXT("seed " << seed)
    check_answer(parse_definition(changed));
  }
}

BOOST_AUTO_TEST_CASE(answers_to_every_beginning_of_the_text) {
  for (std::size_t size = 0; size < everything.size(); size += 3)
    check_answer(parse_definition(everything.substr(0, size)));
}

BOOST_AUTO_TEST_CASE(bounds_the_number_of_tasks) {
  std::string text = R"({"document":{"dsl":"1.0.3","namespace":"t","name":"f",)"
                     R"("version":"1.0.0"},"do":[{"t":{"wait":"PT1S"}})";
  for (int i = 0; i < 10'000; ++i)
    text += ",{\"t" + std::to_string(i) + R"(":{"wait":"PT1S"}})";
  const auto got = parse_definition(text + "]}");
  BOOST_TEST_REQUIRE(!got);
  BOOST_TEST(got.error().detail.find("10,000 tasks") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(bounds_the_names_of_tasks) {
  const auto long_name
    = std::string{everything.substr(0, everything.find("do:\n"))} + "do:\n  - "
      + std::string(257, 'a') + ": {wait: PT1S}\n";
  const auto refused = parse_definition(long_name);
  BOOST_TEST_REQUIRE(!refused);
  BOOST_TEST(refused.error().detail.find("256 bytes") != std::string::npos);
}
