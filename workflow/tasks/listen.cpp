#include "base/bytes.hpp"
#include "workflow/planner.hpp"

#include <boost/json/array.hpp>

#include <re2/re2.h>

namespace pawl {

namespace {

// A constant matches what is equal, or, as a regular expression, the whole
// text (decision 22b). RE2 takes time linear in the text.
bool constant_fits(const json::value& wanted, const json::value& value) {
  if (wanted == value)
    return true;
  if (!wanted.is_string() || !value.is_string())
    return false;
  const std::string_view pattern = wanted.get_string();
  if (!is_pattern(pattern))
    return false;
  const RE2 compiled{re2::StringPiece{pattern.data(), pattern.size()},
                     RE2::Quiet};
  const std::string_view text = value.get_string();
  return compiled.ok()
         && RE2::FullMatch(re2::StringPiece{text.data(), text.size()},
                           compiled);
}

or_raised<bool> property_fits(planner& p, std::string_view key,
                              const dynamic_value& rule,
                              const json::value& arrived, const vantage& at) {
  const auto* found = arrived.as_object().if_contains(key);
  const json::value absent;
  const auto& value = found != nullptr ? *found : absent;
  if (const auto* fixed = std::get_if<datum>(&rule.form))
    return found != nullptr && constant_fits(**fixed, value);
  // An expression over `data` is a predicate that sees the event's data; any
  // other is a value to compare with, computed from the task's own data.
  const bool predicate
    = key == "data"
      && std::holds_alternative<expression::program_ptr>(rule.form);
  auto wanted = p.values().evaluate(rule, predicate ? value : *at.input, at);
  if (!wanted)
    return wanted.error();
  if (predicate && (*wanted)->is_bool())
    return (*wanted)->get_bool();
  return found != nullptr && constant_fits(**wanted, value);
}

or_raised<bool> correlates(planner& p, const event_filter::correlation& rule,
                           const json::value& arrived, const vantage& at) {
  auto value = p.values().evaluate(*rule.from, arrived, at);
  if (!value)
    return value.error();
  if (!rule.expect)
    return !value->is_null();
  auto wanted = p.values().evaluate(*rule.expect, *at.input, at);
  if (!wanted)
    return wanted.error();
  return **wanted == *value;
}

} // namespace

or_raised<bool> takes(planner& p, const tasks::listen& what,
                      const json::value& arrived, const vantage& at) {
  // Constants first: an expression written for events of one type shall not
  // meet the data of another, and fail on it.
  for (const bool fixed : {true, false})
    for (const auto& [key, rule] : what.one.with) {
      if (std::holds_alternative<datum>(rule.form) != fixed)
        continue;
      auto fits = property_fits(p, key, rule, arrived, at);
      if (!fits || !*fits)
        return fits;
    }
  for (const auto& rule : what.one.correlate) {
    auto fits = correlates(p, rule, arrived, at);
    if (!fits || !*fits)
      return fits;
  }
  return true;
}

bool is_pattern(std::string_view text) {
  // A full stop alone does not make a pattern: most event types hold some.
  return text.find_first_of("*+?[(|\\^$") != std::string_view::npos;
}

datum read_event(const tasks::listen& what, const datum& arrived) {
  if (what.read != tasks::listen::read_kind::data)
    return make_datum(json::array{*arrived});
  const auto* data = arrived->as_object().if_contains("data");
  return make_datum(json::array{data != nullptr ? *data : json::value{}});
}

std::uint64_t event_hash(const json::value& arrived) {
  const auto text_of = [&](std::string_view key) -> std::string_view {
    const auto* value = arrived.as_object().if_contains(key);
    return value != nullptr && value->is_string()
             ? std::string_view{value->get_string()}
             : std::string_view{};
  };
  return xxh3(text_of("id"), xxh3(text_of("source"), 0));
}

void begin_task(planner& p, const entry& e, const tasks::listen& what) {
  if (!p.start(e, true))
    return;
  const auto at = p.seen_from(e);
  for (const auto& kept : p.state().inbox) {
    auto wanted = takes(p, what, *kept.event, at);
    if (!wanted)
      return p.fail(e, wanted.error());
    if (!*wanted)
      continue;
    p.plan.emplace_back(
      events::event_consumed{e.id, e.node->pointer, kept.number});
    return p.finish(e, read_event(what, kept.event));
  }
}

void planner::examine(const frame& f) {
  const auto& node = of_.tasks[*f.node];
  const auto& what = std::get<tasks::listen>(node.kind);
  for (const auto& kept : state_.inbox) {
    auto wanted = takes(*this, what, *kept.event, seen_from(f));
    if (!wanted)
      return fail(f, wanted.error());
    if (!*wanted)
      continue;
    plan.emplace_back(events::event_consumed{f.id, node.pointer, kept.number});
    return finish(f, read_event(what, kept.event));
  }
}

} // namespace pawl
