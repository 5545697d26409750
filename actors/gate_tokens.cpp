#include "actors/gate.hpp"
#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace pawl::actors {

namespace {

/// Tokens are kept in memory, so there is an end to them.
constexpr std::size_t tokens_max = 10'000;
/// Records that one request reads over, unless it asks for fewer.
constexpr std::uint64_t verified_max = 1'000'000;

std::string path_of(const std::string& id) {
  return "/v1/tokens/" + id;
}

error unknown_token() {
  return {errc::not_found, "There is no token with this id."};
}

json::object render(const storage::audit_record& one) {
  const auto& e = one.what;
  return {
    {"number", one.number},     {"time", to_text(e.at)}, {"who", e.who},
    {"from", e.from},           {"action", e.action},    {"namespace", e.ns},
    {"target", e.target},       {"reason", e.reason},    {"status", e.status},
    {"previous", one.previous}, {"hash", one.hash}};
}

json::object render(const storage::audit_check& found) {
  json::array faults;
  for (const auto& f : found.faults)
    faults.emplace_back(f);
  return {{"ok", found.faults.empty()},
          {"pruned", found.pruned},
          {"checked", found.checked},
          {"complete", found.complete},
          {"faults", std::move(faults)},
          {"last", json::object{{"number", found.last.number},
                                {"hash", found.last.hash}}}};
}

} // namespace

std::variant<access::caller_ptr, access::denial>
gate::admit(const access::peer& from,
            const std::optional<std::string_view>& authorization) {
  return ctx_.guard.admit(from, authorization, clock::now());
}

bool gate::stands(const access::caller& who) {
  return ctx_.guard.stands(who, clock::now());
}

void gate::note_refusal(const access::mandate& by, std::uint32_t status) {
  if (!ctx_.guard.record_refusal(clock::now()))
    return;
  log::warn("access.refused", {{"who", by.who},
                               {"from", by.from},
                               {"action", by.action},
                               {"status", status}});
  if (ctx_.draining)
    return;
  const storage::audit_entry note{.at = clock::now(),
                                  .who = by.who,
                                  .from = by.from,
                                  .action = by.action,
                                  .status = status};
  caf::anon_send(ctx_.writer.get(), write_job{[note](storage::store& s) {
                   return s.put_audit(note);
                 }});
}

void gate::create_token_of(create_token what, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  if (ctx_.guard.list().size() >= tokens_max)
    return to(refusal{.what = {errc::too_large, "No more than "
                                                  + std::to_string(tokens_max)
                                                  + " tokens can be kept."}});
  const auto key = what.once;
  // With a key the id follows from it: a repeat can not make a second token.
  // What is shown once is not kept for it either.
  once(key, std::move(to), [&](reply_to first) {
    auto [made, text]
      = access::make_token(what.what, what.by ? what.by->who : "nobody",
                           clock::now(), key ? key->scope : "");
    auto note = note_of(what.by, "", made.id + " (" + made.name + ")");
    if (note)
      note->status = 201;
    auto slot = make_answer(std::move(first));
    caf::anon_send(
      ctx_.writer.get(),
      write_job{[g = shared_from_this(), made = std::move(made),
                 text = std::move(text), note = std::move(note),
                 slot](storage::store& s) -> result<> {
        auto done = s.put_token({made.id, access::encode_token(made)}, note);
        if (!done) {
          slot->give(refusal{
            .what = done.error().code == errc::already_exists
                      ? error{errc::already_exists,
                              "This key has made a token before. Its text was "
                              "shown once; revoke it and make another."}
                      : done.error(),
            .location = path_of(made.id)});
          return done;
        }
        g->ctx_.guard.add(made);
        log::info("token.created", {{"id", made.id}, {"name", made.name}});
        auto body = access::to_json(made, std::nullopt);
        body["token"] = text;
        slot->give(answer{.status = 201,
                          .body = to_text(json::value(std::move(body))),
                          .location = path_of(made.id)});
        return {};
      }});
  });
}

void gate::list_of_tokens(const list_tokens& what, const reply_to& to) {
  json::object body{{"items", json::array{}}, {"nextCursor", nullptr}};
  auto& items = body["items"].get_array();
  for (const auto& one : ctx_.guard.list()) {
    if (one.what.id <= what.cursor)
      continue;
    if (items.size() == what.limit) {
      body["nextCursor"] = items.back().at("id").as_string();
      break;
    }
    items.push_back(access::to_json(one.what, one.last_used));
  }
  to(answer{.body = to_text(json::value(std::move(body)))});
}

void gate::read_token(const token_ref& which, const reply_to& to) {
  const auto one = ctx_.guard.find(which.id);
  if (!one)
    return to(refusal{.what = unknown_token()});
  to(answer{
    .body = to_text(json::value(access::to_json(one->what, one->last_used)))});
}

void gate::remove_token(const token_ref& which, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  const auto one = ctx_.guard.find(which.id);
  if (!one)
    return to(refusal{.what = unknown_token()});
  auto note = note_of(which.by, "", which.id + " (" + one->what.name + ")");
  if (note)
    note->status = 204;
  auto slot = make_answer(std::move(to));
  caf::anon_send(
    ctx_.writer.get(),
    write_job{[g = shared_from_this(), id = which.id, note = std::move(note),
               slot](storage::store& s) -> result<> {
      auto done = s.remove_record(storage::record_kind::token, id, note);
      if (!done) {
        slot->give(refusal{.what = done.error()});
        return done;
      }
      g->ctx_.guard.remove(id);
      log::info("token.revoked", {{"id", id}});
      slot->give(answer{.status = 204});
      return {};
    }});
}

void gate::list_of_audit(const list_audit& what, const reply_to& to) {
  aside([g = shared_from_this(), what, to] {
    const auto page
      = g->ctx_.store.read_audit({.who = what.who,
                                  .action = what.action,
                                  .ns = what.ns,
                                  .target = what.target,
                                  .after = what.after,
                                  .before = what.before,
                                  .oldest_first = what.oldest_first,
                                  .limit = what.limit,
                                  .from = what.from});
    if (!page)
      return to(refusal{.what = page.error()});
    json::array items;
    for (const auto& one : page->items)
      items.push_back(render(one));
    json::object body{{"items", std::move(items)}, {"nextCursor", nullptr}};
    if (page->next != 0)
      body["nextCursor"] = std::to_string(page->next);
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

// On a thread of its own, one at a time: it may read for seconds.
void gate::verify_audit_of(const verify_audit& what, const reply_to& to) {
  if (verifying_->exchange(true))
    return to(refusal{
      .what = {errc::overloaded, "The audit log is being verified already."}});
  const auto work = [g = shared_from_this(), what, to] {
    const auto max
      = what.limit == 0 ? verified_max : std::min(what.limit, verified_max);
    const auto found = g->ctx_.store.verify_audit(what.after, max);
    *g->verifying_ = false;
    if (!found)
      return to(refusal{.what = found.error()});
    if (!found->faults.empty())
      log::error("audit.broken", {{"detail", found->faults.front()}});
    to(answer{.body = to_text(json::value(render(*found)))});
  };
  ctx_.system.spawn<caf::detached>(work);
}

} // namespace pawl::actors
