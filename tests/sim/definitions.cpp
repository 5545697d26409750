#include "tests/sim/definitions.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <array>
#include <string>

namespace pawl::sim {

namespace {

class author {
public:
  explicit author(std::uint64_t seed) : random_{seed} {}

  json::value document() {
    json::object doc{{"document",
                      {{"dsl", "1.0.3"},
                       {"namespace", "sim"},
                       {"name", "random"},
                       {"version", "1.0.0"}}},
                     {"use",
                      {{"retries", {{"often", policy()}}},
                       {"timeouts", {{"soon", {{"after", length()}}}}},
                       {"errors", {{"broken", problem()}}},
                       {"functions", {{"lent", lent()}}}}}};
    if (chance(15))
      doc["use"].as_object()["extensions"] = extensions();
    if (chance(10))
      doc["timeout"] = {{"after", {{"seconds", 1 + pick(60)}}}};
    if (chance(15))
      doc["input"] = {{"from", "${ . + {n: (.n // 0)} }"}};
    if (chance(15))
      doc["output"] = {{"as", early_expression()}};
    json::object metadata;
    if (chance(10))
      metadata["commit"] = "each";
    if (chance(30))
      metadata["saga"] = true;
    if (chance(20))
      metadata["onExhausted"] = "suspend";
    undoes_ = chance(50);
    if (chance(20))
      metadata["index"] = {{"n", "${ $context.n // .n }"}};
    if (chance(20))
      metadata["sla"] = {{"seconds", 1 + pick(60)}};
    if (chance(20))
      metadata["outcome"] = "${ .n? // null }";
    if (!metadata.empty())
      doc["document"].as_object()["metadata"] = std::move(metadata);
    doc["do"] = list(0, 1 + pick(5));
    return doc;
  }

private:
  std::uint32_t pick(std::uint32_t below) {
    return static_cast<std::uint32_t>(random_() % below);
  }
  bool chance(std::uint32_t percent) { return pick(100) < percent; }
  template <std::size_t N>
  std::string one_of(const std::array<const char*, N>& all) {
    return all.at(pick(N));
  }

  // Most never fail; some fail on some data, and one is for the helper.
  std::string expression() {
    return one_of(std::array{
      "${ . }", "${ {n: ((.n // 0) + 1)} }", "${ . + {a: 1} }",
      "${ {n: (.n // 0), list: [1, 2, 3]} }", "${ $context + {seen: true} }",
      "${ {n: (.n | tonumber)} }", "${ $input }", "${ {id: $workflow.id} }",
      "${ {t: $task.name} }", "${ {n: ([limit(2; repeat(1))] | length)} }",
      "${ .n / (.n - 2) | {n: .} }"});
  }
  // Where the task's own input is not there yet.
  std::string early_expression() {
    return one_of(std::array{
      "${ . }", "${ {n: ((.n // 0) + 1)} }", "${ $context + {n: 1} }",
      "${ {id: $workflow.id} }", "${ {n: (.n | tonumber)} }"});
  }
  std::string predicate() {
    return one_of(std::array{"${ (.n // 0) > 1 }", "${ true }", "${ false }",
                             "${ .a == 1 }", "${ (.n // 0) < 4 }",
                             "${ .n.x.y }",
                             "${ ([limit(1; repeat(1))] | length) == 1 }"});
  }
  json::value length() {
    switch (pick(4)) {
    case 0:
      return {{"milliseconds", pick(3) * 400}};
    case 1:
      return {{"seconds", 1 + pick(3)}};
    case 2:
      return "PT1.5S";
    default:
      return "${ \"PT\" + ((.n // 1) | tostring) + \"S\" }";
    }
  }
  json::value problem() {
    json::object error{{"type", "https://pawl.test/errors/broken"},
                       {"status", 400 + pick(3)}};
    if (chance(50))
      error["title"] = "Broken";
    if (chance(30))
      error["detail"] = "${ \"n is \" + ((.n // 0) | tostring) }";
    return error;
  }
  json::value policy() {
    static constexpr std::array shapes{"constant", "linear", "exponential"};
    json::object p{{"limit", {{"attempt", {{"count", pick(4)}}}}}};
    if (chance(70))
      p["delay"] = {{"milliseconds", pick(3) * 500}};
    if (chance(60))
      p["backoff"] = {{one_of(shapes), json::object{}}};
    if (chance(30))
      p["jitter"]
        = {{"from", {{"milliseconds", 1}}}, {"to", {{"milliseconds", 300}}}};
    if (chance(20))
      p["when"] = "${ (.status // 0) != 401 }";
    if (chance(15))
      p["limit"].as_object()["duration"] = {{"seconds", 5}};
    if (chance(15))
      p["limit"].as_object()["attempt"].as_object()["duration"]
        = {{"seconds", 2}};
    return p;
  }

  json::array list(int depth, std::uint32_t count) {
    json::array tasks;
    for (std::uint32_t i = 0; i < count; ++i)
      tasks.emplace_back(json::object{{name(i), make(depth, i, count)}});
    return tasks;
  }
  static std::string name(std::uint32_t i) { return "t" + std::to_string(i); }

  json::object make(int depth, std::uint32_t i, std::uint32_t count) {
    auto t = kind(depth, i, count);
    if (chance(12))
      t["if"] = predicate();
    if (chance(10))
      t["input"] = {{"from", early_expression()}};
    if (chance(12))
      t["output"] = {{"as", expression()}};
    if (chance(12))
      t["export"] = {{"as", expression()}};
    if (chance(8))
      t["timeout"]
        = chance(50) ? json::value("soon") : json::value{{"after", length()}};
    if (chance(8) && !t.contains("switch"))
      t["then"] = target(i, count);
    if (chance(5))
      t["output"] = {{"schema",
                      {{"format", "json"},
                       {"document",
                        {{"type", "object"},
                         {"properties", {{"n", {{"type", "integer"}}}}}}}}}};
    if (undoes_ && chance(25) && !t.contains("metadata"))
      t["metadata"] = {{"compensate", compensation()}};
    if (undoes_ && chance(25)) {
      auto& metadata = t["metadata"];
      if (!metadata.is_object())
        metadata = json::object{};
      metadata.as_object()["onRetry"] = compensation();
    }
    return t;
  }
  // Jumps back are rare, or most instances would never end.
  std::string target(std::uint32_t i, std::uint32_t count) {
    if (chance(25))
      return "exit";
    if (chance(15))
      return "end";
    if (chance(15))
      return name(pick(count));
    return i + 1 < count ? name(i + 1 + pick(count - i - 1)) : "continue";
  }

  json::object kind(int depth, std::uint32_t i, std::uint32_t count) {
    const auto leaf = depth >= 3;
    switch (leaf ? pick(10) : pick(16)) {
    case 0:
      return {{"set", chance(50)
                        ? json::value(expression())
                        : json::value{{"n", pick(5)}, {"was", "${ .n }"}}}};
    case 1:
      return {{"call", "http"},
              {"with",
               {{"method", "post"},
                {"endpoint", "http://effects.test/{n}"},
                {"body", {{"n", "${ .n }"}}}}}};
    case 2:
      return {{"wait", length()}};
    case 3:
      return {{"emit",
               {{"event",
                 {{"with",
                   {{"type", "test.made"},
                    {"source", "https://pawl.test"},
                    {"data", {{"n", "${ .n }"}}}}}}}}}};
    case 4:
      return listen(leaf, depth);
    case 5:
      return {
        {"raise", {{"error", chance(50) ? json::value("broken") : problem()}}}};
    case 6:
      return switch_on(i, count);
    case 7:
      return {{"run", {{"shell", {{"command", "work"}}}}}};
    case 8:
      return {{"call", "lent"}};
    case 9:
      return approval();
    case 10:
      return {{"do", list(depth + 1, 1 + pick(3))}};
    case 11:
    case 12:
      return fork(depth);
    case 13: {
      json::object t{
        {"for", {{"in", "${ [1, 2, 3][0:" + std::to_string(pick(4)) + "] }"}}},
        {"do", list(depth + 1, 1 + pick(2))}};
      if (chance(20))
        t["while"] = predicate();
      if (chance(40))
        t["metadata"] = {{"concurrency", 1 + pick(3)}};
      return t;
    }
    case 14:
      return {{"run",
               {{"workflow",
                 {{"namespace", "sim"},
                  {"name", "child"},
                  {"version", "latest"},
                  {"input", {{"n", "${ .n }"}}}}}}}};
    default:
      return guard(depth);
    }
  }
  json::object approval() {
    static constexpr std::array ways{"fault", "approve", "reject", "escalate"};
    json::object with{{"title", "${ \"n is \" + ((.n // 0) | tostring) }"}};
    switch (pick(5)) {
    case 0:
      with["approvers"]
        = {{"users", json::array{"ann", "bob"}}, {"mode", "all"}};
      break;
    case 1:
      with["approvers"] = {{"groups", json::array{"peer"}}, {"quorum", 2}};
      break;
    case 2:
      with["approvers"] = {{"users", json::array{"ann"}},
                           {"groups", json::array{"peer"}},
                           {"mode", "sequence"}};
      break;
    case 3:
      with["approvers"] = {{"groups", json::array{"peer"}}};
      break;
    default:
      break; // Nobody is named.
    }
    if (chance(25))
      with["autoApprove"] = predicate();
    if (chance(20))
      with["dataSchema"] = {{"type", "integer"}};
    if (chance(50)) {
      with["due"] = "PT3S";
      with["onDue"] = one_of(ways);
      if (chance(50))
        with["remind"] = "PT1S";
      if (with["onDue"] == "escalate")
        with["escalateTo"] = {{"users", json::array{"eve"}}};
    }
    return {{"call", "approval"}, {"with", std::move(with)}};
  }
  json::object switch_on(std::uint32_t i, std::uint32_t count) {
    json::array cases;
    json::object first{{"when", predicate()}, {"then", target(i, count)}};
    cases.emplace_back(json::object{{"first", std::move(first)}});
    if (chance(50)) {
      json::object other{{"then", target(i, count)}};
      cases.emplace_back(json::object{{"other", std::move(other)}});
    }
    return {{"switch", std::move(cases)}};
  }
  json::object fork(int depth) {
    json::array branches;
    for (std::uint32_t i = 0, count = 1 + pick(3); i < count; ++i) {
      json::object branch
        = chance(60)
            ? json::object{{"do", list(depth + 1, 1 + pick(2))}}
            : json::object{{"wait", {{"milliseconds", pick(3) * 700}}}};
      branches.emplace_back(json::object{{name(i), std::move(branch)}});
    }
    json::object what{{"branches", std::move(branches)}};
    if (chance(35))
      what["compete"] = true;
    return {{"fork", std::move(what)}};
  }
  json::object filter(const char* type) {
    json::object f{{"with", {{"type", type}}}};
    if (chance(20))
      f["correlate"] = {{"key", {{"from", "${ .data.n % 2 }"}}}};
    return f;
  }
  json::object listen(bool leaf, int depth) {
    json::object to;
    switch (pick(5)) {
    case 0:
      to["all"] = {filter("test.asked"), filter("test.other")};
      break;
    case 1:
      to["any"] = {filter("test.asked"), filter("test.other")};
      break;
    case 2:
      to["any"] = json::array{filter("test.asked")};
      to["until"] = chance(50) ? json::value("${ length >= 2 }")
                               : json::value{{"one", filter("test.other")}};
      break;
    default:
      to["one"] = filter("test.asked");
    }
    json::object t{{"listen", {{"to", std::move(to)}}}};
    if (!leaf && chance(30))
      t["foreach"] = {{"item", "it"}, {"do", list(depth + 1, 1)}};
    return t;
  }
  /// What a function does; it ends by itself, whoever calls it.
  json::object lent() {
    json::array steps{
      json::object{{"a", {{"set", expression()}}}},
      json::object{
        {"b",
         {{"call", "http"},
          {"with",
           {{"method", "get"}, {"endpoint", "http://effects.test/lent"}}}}}}};
    return {{"do", std::move(steps)}};
  }
  json::array extensions() {
    static constexpr std::array whom{"set", "call", "all", "try", "for"};
    json::object one{{"extend", one_of(whom)}};
    if (chance(40))
      one["when"] = predicate();
    if (chance(70)) {
      json::object step{{"set", expression()}};
      if (chance(20))
        step["then"] = "exit";
      one["before"] = json::array{json::object{{"x", std::move(step)}}};
    }
    if (!one.contains("before") || chance(50))
      one["after"]
        = json::array{json::object{{"y", {{"wait", {{"milliseconds", 300}}}}}}};
    return {json::object{{"around", std::move(one)}}};
  }
  json::object guard(int depth) {
    json::object handler;
    if (chance(30))
      handler["errors"] = {{"with", {{"status", 400 + pick(3)}}}};
    if (chance(20))
      handler["when"] = "${ (.status // 500) >= 400 }";
    if (chance(60))
      handler["retry"] = chance(50) ? json::value("often") : policy();
    if (chance(60))
      handler["do"] = list(depth + 1, 1 + pick(2));
    return {{"try", list(depth + 1, 1 + pick(3))},
            {"catch", std::move(handler)}};
  }

  /// What takes a task back.
  json::array compensation() {
    json::object step{
      {"call", "http"},
      {"with", {{"method", "delete"}, {"endpoint", "http://effects.test/u"}}}};
    if (chance(30))
      step = {{"wait", {{"milliseconds", 400}}}};
    return {json::object{{"undo", std::move(step)}}};
  }

  std::mt19937_64 random_;
  bool undoes_ = false; ///< Tasks have compensations.
};

} // namespace

json::value random_document(std::uint64_t seed) {
  return author{seed}.document();
}

} // namespace pawl::sim
