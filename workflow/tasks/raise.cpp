#include "workflow/planner.hpp"
#include "workflow/uri_template.hpp"

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

// A plain text is a URI template; what an expression gives is the URI itself.
or_raised<bool> add_type(planner& p, const entry& e, json::object& problem,
                         const dynamic_value& rule) {
  const auto* fixed = std::get_if<datum>(&rule.form);
  if (fixed == nullptr || !(*fixed)->is_string())
    return add_text(p, e, problem, "type", rule);
  const auto uri = expand_uri_template((*fixed)->get_string(), *e.input);
  if (!uri)
    return raised{std::in_place,
                  make_problem(error_kind::expression,
                               "the type of the error does not expand: "
                                 + uri.error().detail,
                               e.node->pointer)};
  problem["type"] = *uri;
  return true;
}

or_raised<json::object> problem_of(planner& p, const entry& e,
                                   const error_template& rule) {
  json::object problem;
  auto added = add_type(p, e, problem, rule.type);
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
