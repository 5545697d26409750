#include "actors/gate.hpp"
#include "base/log.hpp"
#include "secrets/vault.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace pawl::actors {

namespace {

json::object render(const secrets::listed& one) {
  return {{"name", one.name},
          {"source", secrets::to_text(one.from)},
          {"updatedAt", to_text(one.updated)}};
}

refusal bad_request(std::string detail) {
  return {.what = {errc::invalid_request, std::move(detail)}};
}

refusal not_ours(const secrets::listed& one) {
  return {.what = {errc::invalid_state,
                   "The secret '" + one.name + "' comes from a "
                     + std::string{secrets::to_text(one.from)}
                     + " of the daemon's host, and is changed there."}};
}

/// What has to be known before `what` can be stored; else why it cannot.
std::optional<refusal> check(const context& ctx, const put_secret& what) {
  if (!secrets::is_name(what.name))
    return bad_request("A secret is named by 1 to 128 letters, digits, '.', "
                       "'_' and '-', and not by a '.' in front.");
  if (!what.value.is_string() && !what.value.is_object())
    return bad_request("The `value` of a secret is a text or an object.");
  const auto before = ctx.vault.look(what.name);
  if (!before)
    return refusal{.what = before.error()};
  if (*before && (*before)->from != secrets::origin::store)
    return not_ours(**before);
  if (*before)
    return std::nullopt;
  const auto stored = ctx.store.list_secrets();
  if (!stored)
    return refusal{.what = stored.error()};
  if (stored->size() >= secrets::stored_max)
    return refusal{.what
                   = {errc::too_large, "No more than "
                                         + std::to_string(secrets::stored_max)
                                         + " secrets can be stored."}};
  return std::nullopt;
}

} // namespace

void gate::store_secret(put_secret what, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  aside([g = shared_from_this(), what = std::move(what),
         to = std::move(to)]() mutable {
    auto& ctx = g->ctx_;
    if (auto no = check(ctx, what))
      return to(std::move(*no));
    auto row = ctx.vault.seal(what.name, what.value, clock::now());
    if (!row)
      return to(refusal{.what = row.error()});
    auto slot = make_answer(std::move(to));
    caf::anon_send(
      ctx.writer.get(),
      write_job{[row = std::move(*row), note = note_of(what.by, "", what.name),
                 slot](storage::store& s) -> result<> {
        const auto fresh = s.put_secret(row, note);
        if (!fresh) {
          slot->give(refusal{.what = fresh.error()});
          return fresh.error();
        }
        log::info("secret.stored", {{"name", row.name}, {"new", *fresh}});
        slot->give(answer{.status = *fresh ? 201U : 200U,
                          .body = to_text(json::value(render(
                            {row.name, secrets::origin::store, row.updated}))),
                          .location = *fresh ? "/v1/secrets/" + row.name : ""});
        return {};
      }});
  });
}

void gate::list_of_secrets(const list_secrets& what, const reply_to& to) {
  aside([g = shared_from_this(), what, to] {
    const auto all = g->ctx_.vault.list();
    if (!all)
      return to(refusal{.what = all.error()});
    // They are in order, and the cursor is the last name of the page before.
    auto at
      = std::ranges::upper_bound(*all, what.cursor, {}, &secrets::listed::name);
    json::object body{{"items", json::array{}}, {"nextCursor", nullptr}};
    auto& items = body["items"].get_array();
    for (; at != all->end() && items.size() < what.limit; ++at)
      items.push_back(render(*at));
    if (at != all->end())
      body["nextCursor"] = std::prev(at)->name;
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

void gate::remove_secret(const secret_ref& which, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  auto slot = make_answer(std::move(to));
  auto note = note_of(which.by, "", which.name);
  if (note)
    note->status = 204;
  auto work = [g = shared_from_this(), name = which.name,
               note = std::move(note), slot](storage::store& s) -> result<> {
    const auto found = g->ctx_.vault.look(name);
    if (found && *found && (*found)->from != secrets::origin::store) {
      slot->give(not_ours(**found));
      return {};
    }
    auto done = s.remove_secret(name, note);
    if (!done) {
      slot->give(refusal{.what = done.error()});
      return done;
    }
    log::info("secret.removed", {{"name", name}});
    slot->give(answer{.status = 204});
    return done;
  };
  caf::anon_send(ctx_.writer.get(), write_job{std::move(work)});
}

} // namespace pawl::actors
