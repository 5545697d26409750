#include "actors/left_children.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

namespace pawl::actors {

namespace {

// One that is not there may be about to be made.
bool has_ended(const context& ctx, const instance_key& key) {
  const auto of = ctx.store.read_head(key);
  return of && ended(of->status);
}

void forget(const context& ctx, const instance_key& key) {
  caf::anon_send(ctx.writer.get(), write_job{[key](storage::store& s) {
                   return s.forget_left_child(key);
                 }});
}

} // namespace

std::vector<instance_key> living(const context& ctx,
                                 const std::vector<left_child>& left) {
  std::vector<instance_key> out;
  for (const auto& child : left)
    if (const auto key = key_of(child.ns, child.id); !has_ended(ctx, key))
      out.push_back(key);
  return out;
}

void cancel_left_child(context& ctx, const instance_key& key,
                       std::shared_ptr<void> errand) {
  if (has_ended(ctx, key))
    return forget(ctx, key);
  caf::anon_send(
    ctx.registry.get(),
    wish{.key = key,
         .what = requests::cancel{"its parent waits for it no more"},
         .errand = std::move(errand)});
}

void settle_left_child(context& ctx, const instance_key& key,
                       std::shared_ptr<void> errand) {
  const auto of = ctx.store.read_head(key);
  if (!of && of.error().code == errc::not_found)
    return forget(ctx, key);
  cancel_left_child(ctx, key, std::move(errand));
}

} // namespace pawl::actors
