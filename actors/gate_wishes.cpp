#include "actors/gate.hpp"
#include "base/bytes.hpp"

#include <caf/send.hpp>

namespace pawl::actors {

namespace {

constexpr std::size_t derived_id_size = 32;

/// The id of an instance whose client named none. With an Idempotency-Key it
/// follows from that, so that a repeat can never start a second instance, even
/// when the kept answer has expired.
std::string id_for(const start_instance& what) {
  if (what.id)
    return *what.id;
  if (what.once)
    return to_hex(sha256(what.workflow.ns + '/' + what.once->scope))
      .substr(0, derived_id_size);
  return make_ulid(unix_ms(clock::now()), random_entropy());
}

request settle_by(requests::settle::way how, act_on_instance& what) {
  requests::settle s;
  s.how = how;
  s.task = std::move(what.task);
  s.lane = what.lane;
  if (what.output)
    s.output = make_datum(std::move(*what.output));
  s.error = std::move(what.error);
  s.reason = std::move(what.reason);
  return s;
}

request request_of(act_on_instance& what) {
  using verb = act_on_instance::verb;
  using way = requests::settle::way;
  switch (what.what) {
  case verb::pause:
    return requests::pause{what.mode, std::move(what.reason), what.freeze,
                           what.until};
  case verb::resume:
    return requests::resume{std::move(what.reason)};
  case verb::cancel:
    return requests::cancel{std::move(what.reason)};
  case verb::skip:
    return settle_by(way::skip, what);
  case verb::complete:
    return settle_by(way::complete, what);
  case verb::fail:
    return settle_by(way::fail, what);
  case verb::retry:
    break;
  }
  requests::retry r;
  r.reason = std::move(what.reason);
  r.from = std::move(what.task);
  if (what.input)
    r.input = make_datum(std::move(*what.input));
  return r;
}

} // namespace

void gate::start(start_instance what, reply_to to) {
  if (auto no = overload(lane::start))
    return to(std::move(*no));
  what.id = id_for(what);
  if (what.wait)
    // Around the kept answers: a repeat waits for the end as the first does.
    to = [g = shared_from_this(), key = key_of(what.workflow.ns, *what.id),
          patience = *what.wait, to = std::move(to)](reply r) {
      if (auto* first = std::get_if<answer>(&r))
        return g->see_to_the_end(key, patience, std::move(*first), to);
      to(std::move(r));
    };
  const auto key = what.once;
  once(key, std::move(to),
       [&](const reply_to& first) { start_now(std::move(what), first); });
}

void gate::start_now(start_instance what, const reply_to& to) {
  auto flow = ctx_.definitions.find(what.workflow);
  if (!flow)
    return to(refusal{.what = flow.error()});
  auto id = std::move(*what.id);
  if (!valid_instance_id(id))
    return to(refusal{.what = {errc::invalid_request,
                               "An instance id is 1 to 128 of A-Z a-z 0-9 . _ "
                               "- and not only dots."}});
  const auto& ns = what.workflow.ns;
  const auto key = key_of(ns, id);
  caf::anon_send(
    ctx_.registry.get(),
    wish{.key = key,
         .what = requests::create{.ns = ns,
                                  .id = std::move(id),
                                  .input = make_datum(std::move(what.input)),
                                  .labels = std::move(what.labels),
                                  .start_at = what.start_at,
                                  .held = what.held,
                                  .by = std::move(what.by)},
         .flow = std::move(*flow),
         .once = std::move(what.once),
         .reply = make_answer(to)});
}

void gate::act(act_on_instance what, reply_to to) {
  using verb = act_on_instance::verb;
  const bool control = what.what == verb::pause || what.what == verb::cancel;
  if (auto no = overload(control ? lane::control : lane::signal))
    return to(std::move(*no));
  const auto key = resolve(what.which);
  if (!key)
    return to(refusal{.what = key.error()});
  once(what.once, std::move(to), [&](reply_to first) {
    caf::anon_send(ctx_.registry.get(),
                   wish{.key = *key,
                        .what = request_of(what),
                        .if_match = what.if_match,
                        .once = std::move(what.once),
                        .reply = make_answer(std::move(first))});
  });
}

void gate::deliver(deliver_event what, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  const auto key = resolve(what.which);
  if (!key)
    return to(refusal{.what = key.error()});
  using choice = requests::deliver::if_unawaited;
  once(what.once, std::move(to), [&](reply_to first) {
    caf::anon_send(
      ctx_.registry.get(),
      wish{.key = *key,
           .what = requests::deliver{.event = make_datum(std::move(what.event)),
                                     .otherwise = what.buffer ? choice::keep
                                                              : choice::refuse},
           .if_match = what.if_match,
           .once = std::move(what.once),
           .reply = make_answer(std::move(first))});
  });
}

void gate::publish(publish_events what, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  const auto key = what.once;
  once(key, std::move(to), [&](reply_to first) {
    const auto now = clock::now();
    std::vector<datum> batch;
    for (auto& e : what.events)
      batch.push_back(make_datum(std::move(e)));
    answer a{.status = 202,
             .body
             = to_text(json::value(json::object{{"accepted", batch.size()}}))};
    std::optional<storage::kept_answer> kept;
    if (what.once)
      kept = storage::kept_answer{
        .scope = what.once->scope,
        .body_digest = what.once->body_digest,
        .status = a.status,
        .location = {},
        .body = a.body,
        .expires = now + ctx_.options.retention.idempotency_for};
    auto work =
      [g = shared_from_this(), batch = std::move(batch),
       ns = what.ns.value_or(""), kept = std::move(kept), now, a = std::move(a),
       slot = make_answer(std::move(first))](storage::store& s) -> result<> {
      const auto& o = g->ctx_.options.events;
      const auto done
        = s.put_events(batch, ns, now, o.buffer_for, o.dedup_for, kept);
      if (!done) {
        slot->give(refusal{.what = done.error()});
        return done.error();
      }
      caf::anon_send(g->ctx_.broker.get(), events_arrived{});
      caf::anon_send(g->ctx_.scheduler.get(), events_arrived{});
      slot->give(a);
      return {};
    };
    caf::anon_send(ctx_.writer.get(), write_job{std::move(work)});
  });
}

void gate::remove(const purge_instance& what, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  const auto key = resolve(what.which);
  if (!key)
    return to(refusal{.what = key.error()});
  const auto head = ctx_.store.read_head(*key);
  if (!head || head->status != instance_status::faulted)
    return remove_now(*key, what.if_match, std::move(to));
  // Children stand still with it, for a retry that cannot come any more.
  caf::anon_send(ctx_.registry.get(),
                 wish{.key = *key,
                      .what = requests::cancel{"it is deleted"},
                      .if_match = what.if_match,
                      .reply = make_answer([g = shared_from_this(), k = *key,
                                            to = std::move(to)](reply r) {
                        if (std::holds_alternative<refusal>(r))
                          return to(std::move(r));
                        g->remove_now(k, std::nullopt, to);
                      })});
}

void gate::remove_now(const instance_key& key, std::optional<sequence> if_match,
                      reply_to to) {
  auto work
    = [k = key, if_match, programs = &ctx_.programs,
       slot = make_answer(std::move(to))](storage::store& s) -> result<> {
    const auto head = s.read_head(k);
    if (head && if_match && head->last != *if_match) {
      slot->give(refusal{.what = {errc::precondition_failed,
                                  "The instance stands at sequence "
                                    + std::to_string(head->last) + '.'}});
      return {};
    }
    auto done = s.remove_instance(k);
    if (done) {
      programs->stop_detached(k);
      slot->give(answer{.status = 204});
      return done;
    }
    refusal no{.what = done.error()};
    if (head && no.what.code == errc::invalid_state) {
      no.members["from"] = to_text(head->status);
      no.members["allowedActions"] = actions_of(*head);
    }
    slot->give(std::move(no));
    return done;
  };
  caf::anon_send(ctx_.writer.get(), write_job{std::move(work)});
}

} // namespace pawl::actors
