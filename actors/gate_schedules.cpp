#include "actors/gate.hpp"
#include "actors/schedule_view.hpp"

#include <caf/send.hpp>

namespace pawl::actors {

namespace {

/// Schedules that the client sees, in order, at most `limit`.
result<std::vector<storage::stored_schedule>>
seen_schedules(const context& ctx, const list_schedules& what,
               const std::optional<storage::stored_schedule>& after,
               std::size_t limit) {
  std::vector<storage::stored_schedule> out;
  for (const auto& ns : spaces_of(what.by, what.ns)) {
    auto from = after;
    if (!ns.empty() && (!after || after->ns < ns))
      from = {.ns = ns, .name = "", .state = {}};
    while (out.size() < limit) {
      auto rows = ctx.store.list_schedules(from, limit - out.size());
      if (!rows)
        return rows.error();
      const bool last = rows->size() < limit - out.size();
      bool left = false;
      for (auto& row : *rows) {
        left = !ns.empty() && row.ns != ns;
        if (left)
          break;
        from = row;
        if (access::sees(what.by, row.ns, row.name))
          out.push_back(std::move(row));
      }
      if (last || left)
        break;
    }
  }
  return out;
}

json::value display(const context& ctx, const loaded_schedule& what,
                    std::size_t runs = runs_shown) {
  return shown_schedule(ctx, what, clock::now(), runs);
}

} // namespace

std::optional<refusal> forbids_schedule(const mandate_ptr& by,
                                        const schedule_key& key) {
  const auto& [ns, name] = key;
  if (!access::sees(by, ns, name))
    return no_schedule();
  if (!access::may(by, ns, name))
    return forbidden(*by, ns);
  return std::nullopt;
}

void gate::list_schedules_of(const list_schedules& what, const reply_to& to) {
  aside([g = shared_from_this(), what, to] {
    std::optional<storage::stored_schedule> after;
    if (!what.cursor.empty()) {
      const auto key = schedule_named(what.cursor);
      if (!key)
        return to(
          refusal{.what = {errc::malformed, "The cursor is not one of ours."}});
      after = {.ns = key->first, .name = key->second, .state = {}};
    }
    // One more than is shown tells whether there is a next page.
    auto rows = seen_schedules(g->ctx_, what, after, what.limit + 1);
    if (!rows)
      return to(refusal{.what = rows.error()});
    const bool more = rows->size() > what.limit;
    if (more)
      rows->pop_back();
    json::array items;
    for (const auto& row : *rows) {
      const auto one = open_schedule(g->ctx_, row);
      if (!one)
        return to(refusal{.what = one.error()});
      items.push_back(display(g->ctx_, *one));
    }
    json::object body{{"items", std::move(items)}, {"nextCursor", nullptr}};
    if (more)
      body["nextCursor"] = rows->back().ns + '.' + rows->back().name;
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

void gate::read_schedule_of(const read_schedule& what, const reply_to& to) {
  const auto key = schedule_named(what.which.id);
  if (!key || !access::sees(what.which.by, key->first, key->second))
    return to(no_schedule());
  aside([g = shared_from_this(), what, to] {
    const auto one = find_schedule(g->ctx_, what.which.id);
    if (!one)
      return to(refusal{.what = one.error()});
    to(answer{.body = to_text(display(g->ctx_, *one, what.runs))});
  });
}

void gate::act_on_schedule_of(act_on_schedule what, reply_to to) {
  using verb = act_on_schedule::verb;
  const bool control = what.what == verb::pause;
  if (auto no = overload(control ? lane::control : lane::signal))
    return to(std::move(*no));
  const auto key = schedule_named(what.which.id);
  if (!key)
    return to(no_schedule());
  if (auto no = forbids_schedule(what.which.by, *key))
    return to(std::move(*no));
  once(what.once, std::move(to), [&](reply_to first) {
    auto note = note_of(what.which.by, key->first, what.which.id, what.reason);
    if (note)
      note->status = 200;
    caf::anon_send(ctx_.scheduler.get(),
                   schedule_wish{.which = *key,
                                 .what = control ? schedule_wish::verb::pause
                                                 : schedule_wish::verb::resume,
                                 .reason = std::move(what.reason),
                                 .once = std::move(what.once),
                                 .reply = make_answer(std::move(first)),
                                 .note = std::move(note)});
  });
}

void gate::trigger(trigger_schedule what, reply_to to) {
  const auto key = schedule_named(what.which.id);
  if (!key)
    return to(no_schedule());
  if (auto no = forbids_schedule(what.which.by, *key))
    return to(std::move(*no));
  aside([g = shared_from_this(), what = std::move(what),
         to = std::move(to)]() mutable {
    auto one = find_schedule(g->ctx_, what.which.id);
    if (!one)
      return to(refusal{.what = one.error()});
    if (!one->flow)
      return to(no_schedule());
    const auto& id = one->flow->id;
    g->start({.workflow = {.ns = id.ns,
                           .name = id.name,
                           .version = id.version,
                           .by = what.which.by},
              .input = std::move(what.input),
              .labels = schedule_labels(one->kept),
              .reason = std::move(what.reason),
              .once = std::move(what.once)},
             std::move(to));
  });
}

} // namespace pawl::actors
