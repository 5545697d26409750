#include "workflow/listening.hpp"
#include "workflow/planner.hpp"
#include "workflow/sharing.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl {

namespace {

json::array outputs_of(const frame& f) {
  json::array all;
  all.reserve(f.gathered.size() + 1);
  for (const auto& [number, value] : f.gathered)
    all.push_back(*value);
  return all;
}

std::vector<std::uint32_t> with_filter(std::vector<std::uint32_t> matched,
                                       std::uint32_t filter) {
  if (filter > 0)
    matched.push_back(filter);
  return matched;
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::listen& what) {
  const bool has_all
    = what.to.how == event_strategy::kind::all && what.to.filters.empty();
  if (p.start(e, !has_all) && has_all) // Else it looks through the inbox.
    p.finish(e, make_datum(json::array{}));
}

void planner::examine(const frame& f, const inbox_event& kept) {
  const auto& node = of_.tasks[*f.node];
  const auto& what = std::get<tasks::listen>(node.kind);
  const auto& so_far = f.listening.value();
  const auto at = seen_from(f);
  const auto share = share_of(state_, f, kept);
  if (!share)
    return;
  auto match = match_event(
    values_, what.to, {so_far.matched, so_far.correlation}, *kept.event, at);
  if (!match)
    return fail(f, match.error());
  if (!*match)
    return;
  plan.emplace_back(
    events::event_consumed{.frame = f.id,
                           .task = node.pointer,
                           .number = kept.number,
                           .filter = (*match)->filter,
                           .ends = (*match)->ends,
                           .correlation = (*match)->correlation,
                           .also = others_for(f, *share, *kept.event)});
  take_event(f, what, **match, kept.event);
}

void planner::take_event(const frame& f, const tasks::listen& what,
                         const event_match& match, const datum& arrived) {
  auto outputs = outputs_of(f);
  // An `until` of any event whatever is over with the first.
  const bool last = match.ends && match.filter == 0;
  if (!match.ends) {
    if (what.has_each)
      return; // Its tasks come next.
    outputs.push_back(*read_event(what.read, arrived));
  }
  const auto all = make_datum(std::move(outputs));
  if (auto why = values_.unfit(*all, seen_from(f)))
    return fail(f, *why);
  auto over
    = is_over(values_, what.to, with_filter(f.listening->matched, match.filter),
              *all, seen_from(f));
  if (!over)
    return fail(f, over.error());
  if (*over || last)
    finish(f, all);
}

void planner::end_item(const frame& f) {
  const auto& node = of_.tasks[*f.node];
  const auto& what = std::get<tasks::listen>(node.kind);
  auto at = seen_from(f);
  at.names.emplace_back(what.item, f.listening->item);
  at.names.emplace_back(what.at, make_datum(f.iterations - 1));
  auto made = transform(what.output, what.exports, f.data, at);
  if (!made)
    return fail(f, made.error());
  plan.emplace_back(
    events::event_handled{f.id, node.pointer, made->output, made->context});
  auto outputs = outputs_of(f);
  outputs.push_back(*made->output);
  const auto all = make_datum(std::move(outputs));
  if (auto why = values_.unfit(*all, at))
    return fail(f, *why);
  auto over = is_over(values_, what.to, f.listening->matched, *all, at);
  if (!over)
    return fail(f, over.error());
  if (*over || f.cursor == cursor_end) // `exit` ends the listening.
    finish(f, all);
}

} // namespace pawl
