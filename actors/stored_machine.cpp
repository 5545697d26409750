#include "actors/stored_machine.hpp"

#include "workflow/redo.hpp"

namespace pawl::actors {

result<stored_machine> load_machine(context& ctx, const instance_key& key) {
  return load_machine({ctx.store, ctx.definitions, ctx.limits()}, key);
}

result<stored_machine> load_machine(const machine_source& from,
                                    const instance_key& key) {
  auto head = from.store.read_head(key);
  if (!head)
    return head.error();
  const auto of = from.definitions.by_digest(head->digest);
  if (!of)
    return of.error();
  const auto snapshot = from.store.read_snapshot(key);
  if (!snapshot)
    return snapshot.error();
  stored_machine loaded{machine{*of, from.limits}, {}};
  auto& flow = loaded.flow;
  auto& stands = loaded.stands;
  if (snapshot->first != 0)
    if (auto restored = flow.restore(snapshot->second); !restored)
      return restored.error();
  stands.snapshot_bytes = snapshot->second.size();
  const auto last = from.store.replay(key, snapshot->first,
                                      [&](storage::history_item&& item) {
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

result<machine> replay_from_the_beginning(context& ctx, const instance_key& key,
                                          const onlooker& eyes) {
  const auto head = ctx.store.read_head(key);
  if (!head)
    return head.error();
  const auto of = ctx.definitions.by_digest(head->digest);
  if (!of)
    return of.error();
  machine flow{*of, ctx.limits()};
  const auto last = ctx.store.replay(key, 0, [&](storage::history_item&& item) {
    if (eyes.before)
      eyes.before(flow, item);
    flow.apply(item.fact, item.at);
    eyes.after(flow, item);
    return true;
  });
  if (!last)
    return last.error();
  return flow;
}

namespace {

// When an instance entered a task last, and what flowed into it then.
struct last_entry {
  sequence begun = 0; ///< The fact.
  datum input = null_datum();
};

result<last_entry> last_entry_of(context& ctx, const instance_key& key,
                                 const std::string& task) {
  last_entry found;
  const auto after = [&](const machine& flow, const storage::history_item& of) {
    if (const auto* begun = std::get_if<events::task_started>(&of.fact);
        begun != nullptr && begun->task == task)
      found = {of.number, flow.state().frames.at(begun->frame).raw};
  };
  if (const auto flow = replay_from_the_beginning(ctx, key, {.after = after});
      !flow)
    return flow.error();
  if (found.begun == 0)
    return error{errc::invalid_request, "'" + task + "' has not run yet"};
  return found;
}

// Fills in what a redo of `wish` goes out from.
result<> recall_redo(context& ctx, const instance_key& key,
                     requests::redo& wish) {
  redo_finder finder{wish.task, wish.item};
  const auto before
    = [&](const machine& flow, const storage::history_item& of) {
        finder.before(flow.state(), flow.flow(), of.fact);
      };
  const auto after = [&](const machine& flow, const storage::history_item& of) {
    finder.after(flow.state(), flow.flow(), of.fact);
  };
  const auto flow
    = replay_from_the_beginning(ctx, key, {.before = before, .after = after});
  if (!flow)
    return flow.error();
  finder.tell(wish);
  return {};
}

} // namespace

result<> look_back(context& ctx, const instance_key& key, const machine& flow,
                   request& what) {
  const auto& known = flow.flow().by_pointer;
  if (auto* back = std::get_if<requests::rollback>(&what);
      back != nullptr && known.contains(back->to)
      && may_roll_back(flow.state())) {
    auto entry = last_entry_of(ctx, key, back->to);
    if (!entry)
      return entry.error();
    back->since = entry->begun;
    back->input = std::move(entry->input);
  }
  if (auto* redo = std::get_if<requests::redo>(&what);
      redo != nullptr && known.contains(redo->task))
    return recall_redo(ctx, key, *redo);
  auto* again = std::get_if<requests::retry>(&what);
  if (again == nullptr || again->from.empty() || again->input
      || flow.state().status != instance_status::faulted
      || !known.contains(again->from))
    return {};
  auto entry = last_entry_of(ctx, key, again->from);
  if (!entry)
    return entry.error();
  again->input = std::move(entry->input);
  return {};
}

} // namespace pawl::actors
