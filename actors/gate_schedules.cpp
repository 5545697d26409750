#include "actors/gate.hpp"
#include "actors/schedule_view.hpp"

#include <caf/send.hpp>

namespace pawl::actors {

namespace {

/// "namespace.name": neither part has a full stop.
std::optional<schedule_key> key_in(const std::string& id) {
  const auto stop = id.find('.');
  if (stop == std::string::npos || stop == 0 || stop + 1 == id.size()
      || id.find('\0') != std::string::npos)
    return std::nullopt;
  return schedule_key{id.substr(0, stop), id.substr(stop + 1)};
}

refusal unknown() {
  return {.what = {errc::not_found, "There is no schedule with this id."}};
}

result<loaded_schedule> loaded(context& ctx,
                               const storage::stored_schedule& row) {
  auto kept = decode_schedule(row.state);
  if (!kept)
    return kept.error();
  return load_schedule(ctx, std::move(*kept));
}

result<loaded_schedule> loaded(context& ctx, const std::string& id) {
  const auto key = key_in(id);
  if (!key)
    return unknown().what;
  const auto row = ctx.store.read_schedule(key->first, key->second);
  if (!row)
    return row.error().code == errc::not_found ? unknown().what : row.error();
  return loaded(ctx, *row);
}

/// Why somebody may not do it to the schedule.
std::optional<refusal> not_operator(const mandate_ptr& by,
                                    const schedule_key& key) {
  const auto& [ns, name] = key;
  if (!access::sees(by, ns, name))
    return unknown();
  if (!access::may(by, ns, name))
    return forbidden(*by, ns);
  return std::nullopt;
}

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

json::value display(const context& ctx, const loaded_schedule& what) {
  return render_schedule(what, last_run_of(ctx, what.kept), clock::now());
}

} // namespace

void gate::list_schedules_of(const list_schedules& what, const reply_to& to) {
  aside([g = shared_from_this(), what, to] {
    std::optional<storage::stored_schedule> after;
    if (!what.cursor.empty()) {
      const auto key = key_in(what.cursor);
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
      const auto one = loaded(g->ctx_, row);
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

void gate::read_schedule(const schedule_ref& which, const reply_to& to) {
  const auto key = key_in(which.id);
  if (!key || !access::sees(which.by, key->first, key->second))
    return to(unknown());
  aside([g = shared_from_this(), id = which.id, to] {
    const auto one = loaded(g->ctx_, id);
    if (!one)
      return to(refusal{.what = one.error()});
    to(answer{.body = to_text(display(g->ctx_, *one))});
  });
}

void gate::act_on_schedule_of(act_on_schedule what, reply_to to) {
  using verb = act_on_schedule::verb;
  const bool control = what.what == verb::pause;
  if (auto no = overload(control ? lane::control : lane::signal))
    return to(std::move(*no));
  const auto key = key_in(what.which.id);
  if (!key)
    return to(unknown());
  if (auto no = not_operator(what.which.by, *key))
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
  const auto key = key_in(what.which.id);
  if (!key)
    return to(unknown());
  if (auto no = not_operator(what.which.by, *key))
    return to(std::move(*no));
  aside([g = shared_from_this(), what = std::move(what),
         to = std::move(to)]() mutable {
    auto one = loaded(g->ctx_, what.which.id);
    if (!one)
      return to(refusal{.what = one.error()});
    if (!one->flow)
      return to(unknown());
    const auto& id = one->flow->id;
    g->start({.workflow = {.ns = id.ns,
                           .name = id.name,
                           .version = id.version,
                           .by = what.which.by},
              .input = std::move(what.input),
              .labels = schedule_labels(one->kept),
              .once = std::move(what.once)},
             std::move(to));
  });
}

} // namespace pawl::actors
