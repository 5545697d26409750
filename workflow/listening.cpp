#include "workflow/listening.hpp"

#include "base/bytes.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
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

// An event that an expression over its data fails on is not one that the filter
// is for: it could not be told by anybody who writes to us otherwise, who would
// fault every instance that listens. What runs out of its bounds is a mistake
// of the workflow.
or_raised<bool> no_fit(raised why) {
  if (why.spent)
    return why;
  return false;
}

or_raised<bool> property_fits(evaluator& values, std::string_view key,
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
  auto wanted = values.evaluate(rule, predicate ? value : *at.input, at);
  if (!wanted)
    return predicate ? no_fit(wanted.error()) : wanted.error();
  if (predicate && (*wanted)->is_bool())
    return (*wanted)->get_bool();
  return found != nullptr && constant_fits(**wanted, value);
}

or_raised<bool> correlates(evaluator& values,
                           const event_filter::correlation& rule,
                           const json::value& arrived, const vantage& at,
                           json::object& known) {
  auto value = values.evaluate(*rule.from, arrived, at);
  if (!value)
    return no_fit(value.error());
  if (value->is_null())
    return false; // Also where an `expect` gives null by mistake.
  if (rule.expect) {
    auto wanted = values.evaluate(*rule.expect, *at.input, at);
    if (!wanted)
      return wanted.error();
    return **wanted == *value;
  }
  if (const auto* first = known.if_contains(rule.key))
    return *first == *value;
  known[rule.key] = std::move(*value);
  return true;
}

bool has_all(const event_strategy& by,
             const std::vector<std::uint32_t>& matched, std::uint32_t offset) {
  const auto had = [&](std::size_t i) {
    return std::ranges::count(matched, offset + 1 + i) > 0;
  };
  if (by.how != event_strategy::kind::all)
    return std::ranges::any_of(matched, [&](std::uint32_t m) {
      return m > offset && m <= offset + by.filters.size();
    });
  for (std::size_t i = 0; i < by.filters.size(); ++i)
    if (!had(i))
      return false;
  return true;
}

/// The filters of one strategy alone, numbered on from `offset`.
struct own_filters {
  const event_strategy& by;
  std::uint32_t offset;
};

// As match_event.
or_raised<std::optional<event_match>> match_own(evaluator& values,
                                                const own_filters& own,
                                                const matched_before& before,
                                                const json::value& arrived,
                                                const vantage& at) {
  const auto& by = own.by;
  const auto& correlation = before.correlation;
  if (by.filters.empty() && by.how == event_strategy::kind::any)
    return std::optional{event_match{}};
  for (std::uint32_t i = 0; i < by.filters.size(); ++i) {
    const auto number = own.offset + i + 1;
    if (by.how == event_strategy::kind::all
        && std::ranges::count(before.filters, number) > 0)
      continue;
    auto known
      = correlation->is_object() ? correlation->get_object() : json::object{};
    auto fits = takes(values, by.filters[i], arrived, at, known);
    if (!fits)
      return fits.error();
    if (!*fits)
      continue;
    event_match match{.filter = number};
    if (!by.filters[i].correlate.empty() && json::value(known) != *correlation)
      match.correlation = make_datum(std::move(known));
    return std::optional{std::move(match)};
  }
  return std::optional<event_match>{};
}

} // namespace

or_raised<bool> takes(evaluator& values, const event_filter& filter,
                      const json::value& arrived, const vantage& at,
                      json::object& known) {
  // Constants first: an expression written for events of one type shall not
  // meet the data of another, and fail on it.
  for (const bool fixed : {true, false})
    for (const auto& [key, rule] : filter.with) {
      if (std::holds_alternative<datum>(rule.form) != fixed)
        continue;
      auto fits = property_fits(values, key, rule, arrived, at);
      if (!fits || !*fits)
        return fits;
    }
  for (const auto& rule : filter.correlate) {
    auto fits = correlates(values, rule, arrived, at, known);
    if (!fits || !*fits)
      return fits;
  }
  return true;
}

or_raised<std::optional<event_match>> match_event(evaluator& values,
                                                  const event_strategy& by,
                                                  const matched_before& before,
                                                  const json::value& arrived,
                                                  const vantage& at) {
  if (by.until_events) {
    auto last = match_own(
      values, {*by.until_events, static_cast<std::uint32_t>(by.filters.size())},
      before, arrived, at);
    if (!last)
      return last.error();
    if (*last) {
      (*last)->ends = true;
      return last;
    }
  }
  return match_own(values, {by, 0}, before, arrived, at);
}

bool may_take(const event_strategy& by, const json::value& arrived) {
  bool possible = by.filters.empty()
                  || (by.until_events && by.until_events->filters.empty());
  for_each_filter(by, [&](const event_filter& filter) {
    possible
      = possible || std::ranges::all_of(filter.with, [&](const auto& member) {
          const auto& [key, rule] = member;
          const auto* fixed = std::get_if<datum>(&rule.form);
          const auto* value = arrived.as_object().if_contains(key);
          return fixed == nullptr
                 || (value != nullptr && constant_fits(**fixed, *value));
        });
  });
  return possible;
}

or_raised<bool> is_over(evaluator& values, const event_strategy& by,
                        const std::vector<std::uint32_t>& matched,
                        const json::value& gathered, const vantage& at) {
  using kind = event_strategy::kind;
  const auto count = static_cast<std::uint32_t>(by.filters.size());
  if (by.until_events) {
    if (by.until_events->filters.empty())
      return false; // Every event ends it, but none has come.
    return has_all(*by.until_events, matched, count);
  }
  if (by.until)
    return values.holds(*by.until, gathered, at);
  if (by.how == kind::any)
    return !gathered.as_array().empty();
  return has_all(by, matched, 0);
}

bool is_pattern(std::string_view text) {
  // A full stop alone does not make a pattern: most event types hold some.
  return text.find_first_of("*+?[(|\\^$") != std::string_view::npos;
}

datum read_event(read_kind read, const datum& arrived) {
  if (read != read_kind::data)
    return arrived;
  const auto* data = arrived->as_object().if_contains("data");
  return data != nullptr ? make_datum(*data) : null_datum();
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

} // namespace pawl
