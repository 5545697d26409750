#include "workflow/planner.hpp"

#include <boost/json/array.hpp>

namespace pawl {

namespace {

or_raised<json::value> items_of(planner& p, const entry& e,
                                const tasks::for_each& what) {
  const auto at = p.seen_from(e);
  if (const auto* program = std::get_if<expression::program_ptr>(&what.in.form))
    return p.values().evaluate_list(**program, *e.input, at);
  auto value = p.values().evaluate(what.in, *e.input, at);
  if (!value)
    return value.error();
  return json::value(**value);
}

// Side by side there is no turn of the loop at which `while` could be asked, so
// it ends the list before any item begins.
or_raised<json::value> until_while_fails(planner& p, const entry& e,
                                         const tasks::for_each& what,
                                         json::value items) {
  if (!what.while_ || what.concurrency == 0)
    return items;
  auto& all = items.get_array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto at = p.seen_from(e);
    at.names.emplace_back(what.each, make_datum(all[i]));
    at.names.emplace_back(what.at, make_datum(json::value(i)));
    auto wanted = p.values().holds(*what.while_, *e.input, at);
    if (!wanted)
      return wanted.error();
    if (*wanted)
      continue;
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(i), all.end());
    break;
  }
  return items;
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::for_each& what) {
  auto items = items_of(p, e, what);
  if (items && !items->is_array())
    items = raised{std::in_place,
                   make_problem(error_kind::expression,
                                "`for.in` gives no array to go through",
                                e.node->pointer)};
  if (items)
    items = until_while_fails(p, e, what, std::move(*items));
  if (!items) {
    (void)p.start(e, false);
    return p.fail(e, items.error());
  }
  (void)p.start(e, true, make_datum(std::move(*items)));
}

void advance_loop(planner& p, const frame& f, const tasks::for_each& what) {
  const auto& items = f.arguments->as_array();
  const bool left = f.cursor == cursor_end && f.iterations > 0; // `exit`
  if (left || f.iterations >= items.size())
    return p.finish(f, f.data);
  if (what.while_) {
    auto at = p.seen_from(f);
    at.names.emplace_back(what.each, make_datum(items[f.iterations]));
    at.names.emplace_back(what.at, make_datum(f.iterations));
    auto wanted = p.values().holds(*what.while_, *f.data, at);
    if (!wanted)
      return p.fail(f, wanted.error());
    if (!*wanted)
      return p.finish(f, f.data);
  }
  p.plan.emplace_back(
    events::task_iterated{f.id, p.of().tasks[*f.node].pointer, f.iterations});
}

} // namespace pawl
