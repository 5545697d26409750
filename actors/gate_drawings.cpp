#include "actors/definition_reader.hpp"
#include "actors/gate.hpp"
#include "actors/stored_machine.hpp"
#include "workflow/diagram/mermaid.hpp"
#include "workflow/diagram/progress.hpp"
#include "workflow/diagram/svg.hpp"

namespace pawl::actors {

namespace {

/// Of a longer history only so many facts, the last, are looked at: a drawing
/// must not take as long as an instance has lived.
constexpr sequence facts_max = 200'000;

reply drawn(const definition& of, drawing how,
            const diagram::progress* live = nullptr) {
  const auto made = how.of == drawing::subject::states
                      ? diagram::draw_states(of, live)
                      : diagram::draw_tasks(of, live);
  if (!made)
    return refusal{.what = made.error()};
  return answer{.body = how.as == drawing::form::svg
                          ? diagram::to_svg(*made)
                          : diagram::to_mermaid(*made)};
}

reply drawn_instance(context& ctx, const instance_key& key, drawing how) {
  const auto loaded = load_machine(ctx, key);
  if (!loaded)
    return refusal{.what = loaded.error()};
  const auto& state = loaded->flow.state();
  const auto& of = loaded->flow.flow();
  diagram::progress live{of};
  const auto read
    = ctx.store.replay(key, state.last > facts_max ? state.last - facts_max : 0,
                       [&](storage::history_item&& item) {
                         if (item.number > state.last)
                           return false; // It went on since it was loaded.
                         live.see(item.fact);
                         return true;
                       });
  if (!read)
    return refusal{.what = read.error()};
  live.finish(state);
  auto out = drawn(of, how, &live);
  if (auto* shown = std::get_if<answer>(&out))
    shown->etag = state.last;
  return out;
}

} // namespace

void gate::draw_definition(const definition_ref& which, drawing how,
                           const reply_to& to) {
  if (!access::sees(which.by, which.ns, which.name))
    return to(refusal{.what = no_definition(which)});
  aside([g = shared_from_this(), which, how, to] {
    const auto found = g->ctx_.definitions.find(which);
    to(found ? drawn(**found, how) : reply{refusal{.what = found.error()}});
  });
}

void gate::draw_instance(const instance_ref& which, drawing how,
                         const reply_to& to) {
  const auto at = resolve(which);
  if (!at)
    return to(refusal{.what = at.error()});
  aside([g = shared_from_this(), key = at->key, how, to] {
    reply out;
    try {
      out = drawn_instance(g->ctx_, key, how);
    } catch (const std::exception& e) {
      // A history that does not fold has no drawing.
      out = refusal{.what = {errc::internal, e.what()}};
    }
    to(std::move(out));
  });
}

void gate::draw_document(const register_definition& what, drawing how,
                         const reply_to& to) {
  aside([g = shared_from_this(), what, how, to] {
    g->once(what.once, to, [&](const reply_to& first) {
      read_with_resources(
        g->ctx_, what.text,
        [by = what.by, how, first](const result<definition_ptr>& made) {
          if (!made)
            return first(refusal{.what = made.error()});
          const auto& id = (*made)->id;
          if (!access::may(by, id.ns, id.name))
            return first(forbidden(*by, id.ns));
          first(drawn(**made, how));
        });
    });
  });
}

} // namespace pawl::actors
