#include "actors/stored_machine.hpp"

namespace pawl::actors {

result<stored_machine> load_machine(context& ctx, const instance_key& key) {
  auto head = ctx.store.read_head(key);
  if (!head)
    return head.error();
  const auto of = ctx.definitions.by_digest(head->digest);
  if (!of)
    return of.error();
  const auto snapshot = ctx.store.read_snapshot(key);
  if (!snapshot)
    return snapshot.error();
  stored_machine loaded{machine{*of, ctx.limits()}, {}};
  auto& flow = loaded.flow;
  auto& stands = loaded.stands;
  if (snapshot->first != 0)
    if (auto restored = flow.restore(snapshot->second); !restored)
      return restored.error();
  stands.snapshot_bytes = snapshot->second.size();
  const auto last
    = ctx.store.replay(key, snapshot->first, [&](storage::history_item&& item) {
        flow.apply(item.fact, item.at);
        ++stands.tail_events;
        return true;
      });
  if (!last)
    return last.error();
  stands.head = std::move(*head);
  stands.listens = flow.awaited();
  stands.jobs = jobs_of(flow);
  return loaded;
}

result<datum> last_input_of(context& ctx, const instance_key& key,
                            const std::string& task) {
  const auto head = ctx.store.read_head(key);
  if (!head)
    return head.error();
  const auto of = ctx.definitions.by_digest(head->digest);
  if (!of)
    return of.error();
  machine flow{*of, ctx.limits()};
  datum found;
  const auto last = ctx.store.replay(key, 0, [&](storage::history_item&& item) {
    flow.apply(item.fact, item.at);
    if (const auto* begun = std::get_if<events::task_started>(&item.fact);
        begun != nullptr && begun->task == task)
      found = flow.state().frames.at(begun->frame).raw;
    return true;
  });
  if (!last)
    return last.error();
  if (!found)
    return error{errc::invalid_request, "'" + task + "' has not run yet"};
  return found;
}

result<> look_back(context& ctx, const instance_key& key, const machine& flow,
                   request& what) {
  auto* again = std::get_if<requests::retry>(&what);
  if (again == nullptr || again->from.empty() || again->input
      || flow.state().status != instance_status::faulted
      || !flow.flow().by_pointer.contains(again->from))
    return {};
  auto input = last_input_of(ctx, key, again->from);
  if (!input)
    return input.error();
  again->input = std::move(*input);
  return {};
}

} // namespace pawl::actors
