#include "base/overload.hpp"
#include "workflow/planner.hpp"

/// By what instances can be listed: `document.metadata.index`.
namespace pawl {

namespace {

constexpr std::size_t attribute_bytes_max = 256;

// A text stands for itself, a number or a boolean as JSON writes it; nothing
// else can be listed by.
std::optional<std::string> attribute_of(const json::value& value) {
  if (value.is_null() || value.is_structured())
    return std::nullopt;
  auto text
    = value.is_string() ? std::string{value.get_string()} : to_text(value);
  if (text.empty() || text.size() > attribute_bytes_max)
    return std::nullopt;
  return text;
}

} // namespace

bool changes_index(const definition& of, const event& fact) {
  if (of.index.empty())
    return false;
  const auto exports = [](const auto& x) { return x.context != nullptr; };
  return std::visit(
    overload{[](const events::instance_created&) { return true; },
             [](const events::instance_started&) { return true; },
             [&](const events::task_completed& x) { return exports(x); },
             [&](const events::task_skipped& x) { return exports(x); },
             [&](const events::event_handled& x) { return exports(x); },
             [](const auto&) { return false; }},
    fact);
}

// An expression that fails gives nothing: that it cannot be found so is no
// reason for an instance to end.
void planner::plan_index(const datum& output) {
  if (of_.index.empty())
    return;
  const auto root = state_.frames.find(0);
  const auto given
    = root == state_.frames.end() ? state_.raw_input : root->second.input;
  auto at = seen_from_outside();
  at.input = given;
  at.output = output ? output : null_datum();
  std::map<std::string, std::string> values;
  for (const auto& [name, rule] : of_.index)
    if (const auto made = values_.evaluate(rule, *given, at))
      if (auto text = attribute_of(**made))
        values.emplace(name, std::move(*text));
  if (values != state_.index)
    plan.emplace_back(events::instance_indexed{std::move(values)});
}

} // namespace pawl
