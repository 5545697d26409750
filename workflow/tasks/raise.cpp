#include "workflow/planner.hpp"

namespace pawl {

namespace {

// Adds one member of the error template; a text is wanted.
or_raised<bool> add_text(planner& p, const entry& e, json::object& problem,
                         std::string_view key, const dynamic_value& rule) {
  auto value = p.values().evaluate(rule, *e.input, p.seen_from(e));
  if (!value)
    return value.error();
  const auto& v = **value;
  problem[key] = v.is_string() ? v : json::value(to_text(v));
  return true;
}

or_raised<json::object> problem_of(planner& p, const entry& e,
                                   const error_template& rule) {
  json::object problem;
  auto added = add_text(p, e, problem, "type", rule.type);
  problem["status"] = rule.status;
  if (added && rule.title)
    added = add_text(p, e, problem, "title", *rule.title);
  if (added && rule.detail)
    added = add_text(p, e, problem, "detail", *rule.detail);
  if (added && rule.instance)
    added = add_text(p, e, problem, "instance", *rule.instance);
  if (!added)
    return added.error();
  return problem;
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::raise& what) {
  auto problem = problem_of(p, e, what.error);
  (void)p.start(e, false);
  p.fail(e, problem ? raised{std::in_place, std::move(*problem)}
                    : problem.error());
}

} // namespace pawl
