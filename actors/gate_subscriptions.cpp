#include "actors/gate.hpp"
#include "actors/kept/kept_book.hpp"
#include "actors/notify/message_post.hpp"

#include <caf/send.hpp>

namespace pawl::actors {

namespace {

/// What is written down of an answer that changed no row of its own.
result<> keep(storage::store& in, const answer& said,
              const std::optional<idempotency>& once,
              std::optional<storage::audit_entry> note, duration kept_for) {
  if (once)
    if (auto done = in.put_answer({.scope = once->scope,
                                   .body_digest = once->body_digest,
                                   .status = said.status,
                                   .location = said.location,
                                   .body = said.body,
                                   .expires = clock::now() + kept_for});
        !done)
      return done;
  if (note) {
    note->status = said.status;
    return in.put_audit(*note);
  }
  return {};
}

bool is_there(const context& ctx, const kept_ref& which) {
  return ctx.kept->find(which.kind, which.ns, which.name)
         && sees_kept(which.by, which.ns);
}

/// Why it cannot be done to this subscription.
std::optional<refusal> objection(const context& ctx, const kept_ref& which) {
  if (!is_there(ctx, which))
    return unknown_kept(which.kind);
  return forbids_kept(which);
}

reply told(const result<json::object>& what) {
  if (!what)
    return refusal{.what = what.error()};
  return answer{.body = to_text(json::value(*what))};
}

} // namespace

void gate::ping_subscription_of(act_on_subscription what, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  if (auto no = objection(ctx_, what.which))
    return to(std::move(*no));
  once(what.once, std::move(to), [&](reply_to first) {
    const auto slot = make_answer(std::move(first));
    const auto tell = [g = shared_from_this(), what,
                       slot](std::optional<json::object> how) {
      if (!how)
        return slot->give(unknown_kept(what.which.kind));
      caf::anon_send(
        g->ctx_.writer.get(), write_job{[g, what, slot, how = std::move(*how)](
                                          storage::store& s) -> result<> {
          const answer said{.body = to_text(json::value(how))};
          auto done
            = keep(s, said, what.once,
                   note_of(what.which.by, what.which.ns, what.which.name),
                   g->ctx_.options.retention.idempotency_for);
          slot->give(done ? reply{said} : reply{refusal{.what = done.error()}});
          return done;
        }});
    };
    aside([g = shared_from_this(), which = what.which, tell] {
      g->ctx_.post->ping(which.ns, which.name, tell);
    });
  });
}

void gate::redeliver_of(act_on_subscription what, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  if (auto no = objection(ctx_, what.which))
    return to(std::move(*no));
  once(what.once, std::move(to), [&](reply_to first) {
    caf::anon_send(
      ctx_.writer.get(), write_job{[g = shared_from_this(), what,
                                    slot = make_answer(std::move(first))](
                                     storage::store& s) -> result<> {
        const auto& which = what.which;
        const auto many = g->ctx_.post->redeliver(s, which, what.messages);
        if (!many) {
          slot->give(refusal{.what = many.error()});
          return many.error().code == errc::not_found ? result<>{}
                                                      : many.error();
        }
        const answer said{.body = to_text(json::value{{"redelivered", *many}})};
        auto done
          = keep(s, said, what.once, note_of(which.by, which.ns, which.name),
                 g->ctx_.options.retention.idempotency_for);
        slot->give(done ? reply{said} : reply{refusal{.what = done.error()}});
        return done;
      }});
  });
}

// The store is read: aside, as whoever asks must not wait for it.
void gate::list_of_dead(const list_kept& what, const reply_to& to) {
  if (!is_there(ctx_, {.kind = what.kind,
                       .ns = what.ns.value_or(""),
                       .name = what.dead_of,
                       .by = what.by}))
    return to(unknown_kept(what.kind));
  aside([g = shared_from_this(), what, to] {
    to(told(g->ctx_.post->list_dead(what)));
  });
}

void gate::read_dead(const kept_ref& which, const reply_to& to) {
  if (!is_there(ctx_, which))
    return to(unknown_kept(which.kind));
  aside([g = shared_from_this(), which, to] {
    to(told(g->ctx_.post->read_dead(which)));
  });
}

void gate::remove_dead(const kept_ref& which, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  if (auto no = objection(ctx_, which))
    return to(std::move(*no));
  caf::anon_send(
    ctx_.writer.get(),
    write_job{[g = shared_from_this(), which,
               slot = make_answer(std::move(to))](storage::store& s) {
      const answer said{.status = 204};
      auto done = g->ctx_.post->discard(s, which);
      if (!done && done.error().code == errc::not_found) {
        slot->give(refusal{.what = done.error()});
        return result<>{};
      }
      if (done)
        done = keep(s, said, std::nullopt,
                    note_of(which.by, which.ns, which.name), {});
      slot->give(done ? reply{said} : reply{refusal{.what = done.error()}});
      return done;
    }});
}

} // namespace pawl::actors
