#include "trial/verdict.hpp"

#include "trial/script.hpp"
#include "workflow/problem.hpp"

#include <algorithm>
#include <array>

namespace pawl::trial {

namespace {

/// Puts what is expected beside what came.
class judge {
public:
  judge(const expectation& expected, verdict& out)
      : expected_{expected}, came_{out.came}, out_{out.differences} {}

  void look_at_all() {
    status();
    value("output", expected_.output, expected_.output_has);
    value("context", expected_.context, expected_.context_has);
    value("outcome", expected_.outcome, {});
    if (expected_.state)
      differ("state", json::value(*expected_.state), part("state"), out_);
    error();
    emitted();
    ran_tasks();
    counts("visits", expected_.visits, true);
    counts("attempts", expected_.attempts, false);
    calls();
    usage();
    span();
    for (const auto& one : came_.surprises)
      out_.push_back({one.label, one.expected, one.got});
  }

private:
  [[nodiscard]] json::value part(std::string_view name) const {
    const auto* found = came_.shown.if_contains(name);
    return found == nullptr ? json::value{} : *found;
  }

  // With what is behind it, since that is what one asks next.
  [[nodiscard]] std::string status_and_why() const {
    auto said = came_.status;
    if (const auto error = line_of_error(came_.error); !error.empty())
      said += " (" + error + ")";
    const auto current = part("current");
    const auto* active = current.if_array();
    if (active == nullptr)
      return said;
    for (const auto& one : *active)
      if (const auto* waits = one.get_object().if_contains("waitingFor"))
        said += " (" + std::string{one.at("task").as_string()} + " waits for "
                + brief(*waits) + ")";
    return said;
  }

  void status() {
    if (came_.status != expected_.status)
      out_.push_back({"status", expected_.status, status_and_why()});
  }

  void value(const std::string& name, const std::optional<json::value>& whole,
             const std::optional<json::value>& some) {
    const auto got = part(name);
    if (whole)
      differ(name, *whole, got, out_);
    if (some)
      differ_partly(name, *some, got, out_);
  }

  // Types of standard errors by their last word too, and over all bases.
  static json::value normal(json::value problem) {
    auto* members = problem.if_object();
    auto* type = members == nullptr ? nullptr : members->if_contains("type");
    if (type == nullptr || !type->is_string())
      return problem;
    const std::string written{type->get_string()};
    *type = normal_error_type(written);
    constexpr std::array kinds
      = {error_kind::configuration, error_kind::validation,
         error_kind::expression,    error_kind::authentication,
         error_kind::authorization, error_kind::timeout,
         error_kind::communication, error_kind::runtime};
    for (const auto kind : kinds)
      if (error_type(kind).ends_with("/" + written))
        *type = error_type(kind);
    return problem;
  }

  void error() {
    if (expected_.error)
      differ_partly("error", normal(*expected_.error), normal(came_.error),
                    out_);
  }

  void emitted() {
    if (!expected_.emitted)
      return;
    json::array got;
    for (const auto& one : came_.emitted)
      got.push_back(*one);
    each("emitted", "events", *expected_.emitted, got);
  }

  // As many as are wanted, each partly as it is wanted.
  void each(const std::string& where, const std::string& what,
            const json::array& wanted, const json::array& got) {
    if (got.size() == wanted.size())
      return differ_partly(where, wanted, got, out_);
    out_.push_back(
      {where, std::to_string(wanted.size()) + " " + what,
       std::to_string(got.size()) + " " + what + ": " + brief(got)});
  }

  void calls() {
    for (const auto& [pointer, rule] : expected_.calls) {
      json::array got;
      for (const auto& one : came_.calls)
        if (one.task == pointer)
          got.push_back(to_json(one, came_.start));
      if (rule.each)
        each("calls" + pointer, "calls", *rule.each, got);
      if (const auto count = static_cast<std::int64_t>(got.size());
          rule.count && *rule.count != count)
        out_.push_back({"calls" + pointer, std::to_string(*rule.count),
                        std::to_string(count)});
    }
  }

  void usage() {
    if (!expected_.usage)
      return;
    const auto all = part("usage");
    const auto* members = all.if_object();
    differ_partly("usage", *expected_.usage,
                  members == nullptr ? json::value{} : members->at("total"),
                  out_);
  }

  void ran_tasks() {
    if (!expected_.ran)
      return;
    const auto all = ran(came_);
    const auto& wanted = *expected_.ran;
    for (std::size_t i = 0; i < std::max(all.size(), wanted.size()); ++i) {
      const auto want = i < wanted.size() ? wanted[i] : "nothing more";
      if (i >= all.size())
        return add_ran(i, want, "nothing more");
      const auto& got = want.starts_with('/') ? all[i]->task : all[i]->name;
      if (got != want)
        return add_ran(i, want, got);
    }
  }
  // One that is wrong makes all behind it wrong.
  void add_ran(std::size_t i, const std::string& want, const std::string& got) {
    out_.push_back({"ran/" + std::to_string(i), want, got});
  }

  void counts(const std::string& what,
              const std::map<std::string, std::int64_t>& wanted,
              bool first_attempts) {
    for (const auto& [pointer, count] : wanted) {
      const auto got = std::ranges::count_if(
        came_.path, [&, name = pointer](const path_step& step) {
          return step.is_task && step.task == name && step.outcome != "skipped"
                 && (!step.again || !first_attempts);
        });
      if (got != count)
        out_.push_back(
          {what + pointer, std::to_string(count), std::to_string(got)});
    }
  }

  void span() {
    if (!expected_.span)
      return;
    const auto text = [](duration d) {
      return to_text(calendar_duration{.months = 0, .rest = d});
    };
    const auto& rule = *expected_.span;
    const auto got = text(came_.span);
    if (rule.exactly && came_.span != *rule.exactly)
      out_.push_back({"duration", text(*rule.exactly), got});
    if (rule.at_least && came_.span < *rule.at_least)
      out_.push_back({"duration", "at least " + text(*rule.at_least), got});
    if (rule.at_most && came_.span > *rule.at_most)
      out_.push_back({"duration", "at most " + text(*rule.at_most), got});
  }

  const expectation& expected_;
  const ending& came_;
  std::vector<difference>& out_;
};

} // namespace

verdict run_test(const test& what, const definition_ptr& of,
                 const helper& help) {
  verdict out{.name = what.name};
  script around{what, *of};
  out.came = world{of, what.by, around, help}.run();
  if (out.came.how == ending::kind::stuck)
    out.trouble = out.came.why;
  else if (out.came.how == ending::kind::bounded)
    out.trouble = "it does not end: " + out.came.why;
  else
    judge{what.expected, out}.look_at_all();
  out.passed = out.trouble.empty() && out.differences.empty();
  return out;
}

std::vector<const path_step*> ran(const ending& came) {
  std::vector<const path_step*> all;
  for (const auto& step : came.path)
    if (step.is_task && !step.holds_others && step.outcome != "skipped")
      all.push_back(&step);
  return all;
}

} // namespace pawl::trial
