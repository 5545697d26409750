#include "actors/gate.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace pawl::actors {

namespace {

/// Holds are looked through at every turn, so there is an end to them.
constexpr std::size_t holds_max = 1000;

refusal unknown_hold() {
  return {.what = {errc::not_found, "There is no hold with this id."}};
}

std::string path_of(const std::string& id) {
  return "/v1/holds/" + id;
}

json::object display(const context& ctx, const placed_hold& what) {
  auto out = hold_json(what);
  out["holding"] = ctx.holds.book().kept_by(what.id);
  return out;
}

bool sees_hold(const mandate_ptr& by, const placed_hold& what) {
  return access::sees_all(by)
         || (!what.on.ns.empty()
             && access::sees(by, what.on.ns, what.on.workflow));
}

/// Why somebody may not place or release a hold on `on`.
std::optional<refusal> forbids_hold(const mandate_ptr& by, bool rules,
                                    const hold_selector& on) {
  if (by == nullptr)
    return std::nullopt;
  if (on.ns.empty() && !rules) {
    auto wanted = *by;
    wanted.role = "admin";
    return forbidden(wanted, "");
  }
  if (!on.ns.empty() && !access::may(by, on.ns, on.workflow))
    return forbidden(*by, on.ns);
  return std::nullopt;
}

} // namespace

void gate::create_hold_of(create_hold what, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  if (auto no = forbids_hold(what.by, what.rules, what.on))
    return to(std::move(*no));
  if (ctx_.holds.book().size() >= holds_max)
    return to(refusal{.what = {errc::too_large, "No more than "
                                                  + std::to_string(holds_max)
                                                  + " holds can be kept."}});
  once(what.once, std::move(to), [&](reply_to first) {
    const auto now = clock::now();
    placed_hold made{.id = make_ulid(unix_ms(now), random_entropy()),
                     .on = what.on,
                     .reason = what.reason,
                     .by = what.by ? what.by->who : "nobody",
                     .created = now,
                     .until = what.until};
    auto note = note_of(what.by, made.on.ns, made.id, made.reason);
    if (note)
      note->status = 201;
    answer said{.status = 201,
                .body = to_text(json::value(display(ctx_, made))),
                .location = path_of(made.id)};
    std::optional<storage::kept_answer> kept;
    if (what.once)
      kept = storage::kept_answer{
        .scope = what.once->scope,
        .body_digest = what.once->body_digest,
        .status = said.status,
        .location = said.location,
        .body = said.body,
        .expires = now + ctx_.options.retention.idempotency_for};
    caf::anon_send(
      ctx_.writer.get(),
      write_job{
        [g = shared_from_this(), made = std::move(made), note = std::move(note),
         said = std::move(said), kept = std::move(kept),
         slot = make_answer(std::move(first))](storage::store& s) -> result<> {
          auto done = s.put_record(storage::record_kind::hold,
                                   {made.id, encode_hold(made)}, kept, note);
          if (!done) {
            slot->give(refusal{.what = done.error()});
            return done;
          }
          g->ctx_.holds.add(made);
          slot->give(said);
          return {};
        }});
  });
}

void gate::list_of_holds(const list_holds& what, const reply_to& to) {
  auto all = ctx_.holds.book().list();
  std::ranges::reverse(all);
  json::object body{{"items", json::array{}}, {"nextCursor", nullptr}};
  auto& items = body["items"].get_array();
  for (const auto& one : all) {
    if (!what.cursor.empty() && one.id >= what.cursor)
      continue;
    if (!sees_hold(what.by, one) || (!what.ns.empty() && one.on.ns != what.ns))
      continue;
    if (items.size() == what.limit) {
      body["nextCursor"] = items.back().at("id").as_string();
      break;
    }
    items.push_back(display(ctx_, one));
  }
  to(answer{.body = to_text(json::value(std::move(body)))});
}

void gate::read_hold(const hold_ref& which, const reply_to& to) {
  const auto one = ctx_.holds.book().find(which.id);
  if (!one || !sees_hold(which.by, *one))
    return to(refusal{.what = unknown_hold().what});
  to(answer{.body = to_text(json::value(display(ctx_, *one)))});
}

void gate::remove_hold(const hold_ref& which, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  const auto one = ctx_.holds.book().find(which.id);
  if (!one || !sees_hold(which.by, *one))
    return to(unknown_hold());
  if (auto no = forbids_hold(which.by, which.rules, one->on))
    return to(std::move(*no));
  const bool says_why = which.by != nullptr && !which.by->why.empty();
  auto note = note_of(which.by, one->on.ns, one->id,
                      says_why ? which.by->why : one->reason);
  if (note)
    note->status = 204;
  caf::anon_send(
    ctx_.writer.get(),
    write_job{
      [g = shared_from_this(), id = which.id, note = std::move(note),
       slot = make_answer(std::move(to))](storage::store& s) -> result<> {
        auto done = s.remove_record(storage::record_kind::hold, id, note);
        if (!done) {
          slot->give(refusal{.what = done.error()});
          return done.error().code == errc::not_found ? result<>{} : done;
        }
        g->ctx_.holds.release(id);
        slot->give(answer{.status = 204});
        return {};
      }});
}

} // namespace pawl::actors
