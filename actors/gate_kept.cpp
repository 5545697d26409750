#include "actors/gate.hpp"
#include "actors/kept/kept_book.hpp"
#include "actors/limits/limit_keeper.hpp"
#include "base/json_member.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace pawl::actors {

refusal unknown_kept(kept_kind kind) {
  return {.what = {errc::not_found, "There is no " + std::string{word_for(kind)}
                                      + " with this name."}};
}

bool sees_kept(const mandate_ptr& by, const std::string& ns) {
  return access::sees_all(by) || (!ns.empty() && access::sees(by, ns, ""));
}

/// Why somebody may not change what is kept for `which.ns`.
std::optional<refusal> forbids_kept(const kept_ref& which) {
  if (which.by == nullptr)
    return std::nullopt;
  if (which.ns.empty() && !which.rules) {
    auto wanted = *which.by;
    wanted.role = "admin";
    return forbidden(wanted, "");
  }
  if (!which.ns.empty() && !access::may(which.by, which.ns, ""))
    return forbidden(*which.by, which.ns);
  return std::nullopt;
}

namespace {

json::object display(const context& ctx, kept_kind kind,
                     const kept_thing& what) {
  return kept_json(what, ctx.kept->keeper(kind)->shown(what));
}

std::string location_of_kept(const kept_ref& which) {
  auto out = std::string{path_of(which.kind)} + "/" + which.name;
  if (!which.ns.empty())
    out += "?namespace=" + which.ns;
  return out;
}

} // namespace

void gate::put_kept_of(put_kept what, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  auto& which = what.which;
  if (auto no = forbids_kept(which))
    return to(std::move(*no));
  auto* keeper = ctx_.kept->keeper(which.kind);
  if (keeper == nullptr)
    return to(unknown_kept(which.kind));
  auto body = keeper->read(which, what.body);
  if (!body)
    return to(refusal{.what = body.error()});
  if (ctx_.kept->size(which.kind) >= kept_book::things_max
      && !ctx_.kept->find(which.kind, which.ns, which.name))
    return to(
      refusal{.what = {errc::too_large,
                       "No more than " + std::to_string(kept_book::things_max)
                         + " of them can be kept."}});
  once(what.once, std::move(to), [&](reply_to first) {
    auto note
      = note_of(which.by, which.ns, which.name, text_in(*body, "reason"));
    caf::anon_send(
      ctx_.writer.get(),
      write_job{[g = shared_from_this(), which, body = std::move(*body),
                 once = what.once, note = std::move(note),
                 slot = make_answer(std::move(first))](
                  storage::store& s) mutable -> result<> {
        const auto now = clock::now();
        const auto old = g->ctx_.kept->find(which.kind, which.ns, which.name);
        const kept_thing made{.ns = which.ns,
                              .name = which.name,
                              .body = std::move(body),
                              .created = old ? old->created : now,
                              .updated = now,
                              .by = which.by ? which.by->who : "nobody"};
        answer said{.status = old ? 200U : 201U,
                    .body
                    = to_text(json::value(display(g->ctx_, which.kind, made))),
                    .location = old ? "" : location_of_kept(which)};
        std::optional<storage::kept_answer> kept;
        if (once)
          kept = storage::kept_answer{
            .scope = once->scope,
            .body_digest = once->body_digest,
            .status = said.status,
            .location = said.location,
            .body = said.body,
            .expires = now + g->ctx_.options.retention.idempotency_for};
        if (note)
          note->status = said.status;
        auto done
          = s.put_record(stored_kind(which.kind), to_record(made), kept, note);
        if (!done) {
          slot->give(refusal{.what = done.error()});
          return done;
        }
        g->ctx_.kept->put(which.kind, made);
        slot->give(said);
        return {};
      }});
  });
}

void gate::read_kept_of(const kept_ref& which, const reply_to& to) {
  if (!which.message.empty())
    return read_dead(which, to);
  const auto one = ctx_.kept->find(which.kind, which.ns, which.name);
  if (!one || !sees_kept(which.by, which.ns))
    return to(unknown_kept(which.kind));
  to(answer{.body = to_text(json::value(display(ctx_, which.kind, *one)))});
}

void gate::list_of_kept(const list_kept& what, const reply_to& to) {
  if (!what.dead_of.empty())
    return list_of_dead(what, to);
  json::object body{{"items", json::array{}}, {"nextCursor", nullptr}};
  auto& items = body["items"].get_array();
  for (const auto& one : ctx_.kept->list(what.kind)) {
    const auto spot = one.ns + "/" + one.name;
    if ((!what.cursor.empty() && spot <= what.cursor)
        || (what.ns && one.ns != *what.ns) || !sees_kept(what.by, one.ns))
      continue;
    if (items.size() == what.limit) {
      const auto& last = items.back().get_object();
      const auto* ns = last.at("namespace").if_string();
      body["nextCursor"] = (ns != nullptr ? std::string{*ns} : std::string{})
                           + "/" + std::string{last.at("name").as_string()};
      break;
    }
    items.push_back(display(ctx_, what.kind, one));
  }
  to(answer{.body = to_text(json::value(std::move(body)))});
}

void gate::remove_kept_of(const kept_ref& which, reply_to to) {
  if (!which.message.empty())
    return remove_dead(which, std::move(to));
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  if (!ctx_.kept->find(which.kind, which.ns, which.name)
      || !sees_kept(which.by, which.ns))
    return to(unknown_kept(which.kind));
  if (auto no = forbids_kept(which))
    return to(std::move(*no));
  auto note = note_of(which.by, which.ns, which.name);
  if (note)
    note->status = 204;
  caf::anon_send(
    ctx_.writer.get(),
    write_job{
      [g = shared_from_this(), which, note = std::move(note),
       slot = make_answer(std::move(to))](storage::store& s) -> result<> {
        auto done = s.remove_record(stored_kind(which.kind),
                                    which.ns + "/" + which.name, note);
        if (!done) {
          slot->give(refusal{.what = done.error()});
          return done.error().code == errc::not_found ? result<>{} : done;
        }
        g->ctx_.kept->remove(which.kind, which.ns, which.name);
        slot->give(answer{.status = 204});
        return {};
      }});
}

/// Why a limit of the namespace keeps an instance from being made. If none
/// does, `told` gives back what it was given where none is made after all.
std::optional<refusal> gate::limited_start(const std::string& ns,
                                           const instance_key& key,
                                           reply_to& told) {
  auto& limits = *ctx_.limiting;
  if (!limits.limits_starts() || ctx_.store.read_head(key))
    return std::nullopt; // It is there already, as it will be told.
  auto permit = limits.admit_start(ns, key);
  if (const auto& no = permit.refused)
    return refusal{.what
                   = {errc::overloaded,
                      "The limit '" + no->of.name
                        + "' of the namespace is reached: " + sentence_of(*no)
                        + ". Nothing was written; try again later."},
                   .members = members_of(*no),
                   .retry_after = std::max(no->again, duration{1000})};
  told = [&limits, ns, key, permit = std::move(permit),
          first = std::move(told)](reply r) {
    limits.settle_start(ns, key, permit, std::holds_alternative<answer>(r));
    first(std::move(r));
  };
  return std::nullopt;
}

} // namespace pawl::actors
