#include "actors/gate.hpp"
#include "actors/stored_machine.hpp"
#include "base/bytes.hpp"

#include <caf/send.hpp>

#include <algorithm>

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

/// The type of a validated CloudEvent.
std::string type_of(const json::value& event) {
  const auto* type = event.as_object().if_contains("type");
  return type != nullptr && type->is_string() ? std::string{type->get_string()}
                                              : std::string{};
}

/// Events as the audit log names them.
std::string target_of(const std::vector<json::value>& events) {
  if (events.empty())
    return {};
  auto out = type_of(events.front());
  if (events.size() > 1)
    out += " and " + std::to_string(events.size() - 1) + " more";
  return out;
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

request redo_by(act_on_instance& what) {
  requests::redo r;
  r.task = std::move(what.task);
  r.item = what.lane;
  r.reason = std::move(what.reason);
  if (what.input)
    r.input = make_datum(std::move(*what.input));
  return r;
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
  case verb::rollback:
    return requests::rollback{.to = std::move(what.task),
                              .since = 0,
                              .input = std::nullopt,
                              .reason = std::move(what.reason)};
  case verb::redo:
    return redo_by(what);
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
  const auto& w = what.workflow;
  if (!access::sees(w.by, w.ns, w.name))
    return to(refusal{.what = no_definition(w)});
  if (!access::may(w.by, w.ns, w.name))
    return to(forbidden(*w.by, w.ns));
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
  auto told = to;
  if (auto no = limited_start(ns, key, told))
    return to(std::move(*no));
  auto note = note_of(what.workflow.by, ns, id, what.reason);
  caf::anon_send(
    ctx_.registry.get(),
    wish{.key = key,
         .what = requests::create{.ns = ns,
                                  .id = std::move(id),
                                  .input = make_datum(std::move(what.input)),
                                  .labels = std::move(what.labels),
                                  .start_at = what.start_at,
                                  .held = what.held,
                                  .by = std::move(what.by),
                                  .traceparent = std::move(what.traceparent)},
         .flow = std::move(*flow),
         .once = std::move(what.once),
         .reply = make_answer(std::move(told)),
         .note = std::move(note)});
}

void gate::act(act_on_instance what, reply_to to) {
  using verb = act_on_instance::verb;
  const bool control = what.what == verb::pause || what.what == verb::cancel;
  if (auto no = overload(control ? lane::control : lane::signal))
    return to(std::move(*no));
  const auto at = resolve(what.which);
  if (!at)
    return to(refusal{.what = at.error()});
  if (auto no = forbids(what.which.by, at->key))
    return to(std::move(*no));
  once(what.once, std::move(to), [&](reply_to first) {
    auto note = note_of(what.which.by, at->ns, what.which.id, what.reason);
    caf::anon_send(ctx_.registry.get(),
                   wish{.key = at->key,
                        .what = request_of(what),
                        .if_match = what.if_match,
                        .once = std::move(what.once),
                        .reply = make_answer(std::move(first)),
                        .note = std::move(note),
                        .dry_run = what.dry_run});
  });
}

void gate::restart(restart_instance what, reply_to to) {
  const auto at = resolve(what.which);
  if (!at)
    return to(refusal{.what = at.error()});
  aside([g = shared_from_this(), k = at->key, what = std::move(what),
         to = std::move(to)]() mutable {
    auto old = load_machine(g->ctx_, k);
    if (!old)
      return to(refusal{.what = old.error()});
    const auto& s = old->flow.state();
    if (what.if_match && !what.if_match->has(s.last))
      return to(refusal{
        .what = {errc::precondition_failed, "The instance stands at sequence "
                                              + std::to_string(s.last) + '.'}});
    start_instance fresh;
    fresh.workflow
      = {s.workflow.ns, s.workflow.name, s.workflow.version, what.which.by};
    if (what.version)
      fresh.workflow.version = *what.version;
    if (what.version == "latest")
      fresh.workflow.version.reset();
    fresh.input
      = what.input ? std::move(*what.input) : json::value(*s.raw_input);
    fresh.id = std::move(what.id);
    fresh.labels = std::move(what.labels);
    fresh.labels.insert(s.labels.begin(), s.labels.end());
    fresh.held = what.held;
    fresh.by = std::move(what.by);
    fresh.reason = std::move(what.reason);
    fresh.once = std::move(what.once);
    g->start(std::move(fresh), std::move(to));
  });
}

// Makes a CloudEvent of the data of an event that the workflow has named.
result<> gate::name_event(const instance_key& key, deliver_event& what) {
  const auto head = ctx_.store.read_head(key);
  if (!head)
    return head.error();
  const auto of = ctx_.definitions.by_digest(head->digest);
  if (!of)
    return of.error();
  const auto& known = (*of)->user_events;
  const auto named
    = std::find_if(known.begin(), known.end(), [&](const auto& one) {
        return one.second.route == what.route;
      });
  if (named == known.end())
    return error{errc::not_found,
                 "The workflow of this instance names no event "
                 "with this path."};
  const auto now = clock::now();
  // A repeat makes the same event again, which is taken once.
  const auto id
    = what.once ? to_hex(sha256(what.once->scope)).substr(0, derived_id_size)
                : make_ulid(unix_ms(now), random_entropy());
  what.event = json::object{{"specversion", "1.0"},
                            {"id", id},
                            {"source", location_of(head->id)},
                            {"type", named->first},
                            {"time", to_text(now)},
                            {"datacontenttype", "application/json"},
                            {"data", std::move(what.event)}};
  return {};
}

void gate::deliver(deliver_event what, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  const auto at = resolve(what.which);
  if (!at)
    return to(refusal{.what = at.error()});
  if (!what.route.empty())
    if (auto named = name_event(at->key, what); !named)
      return to(refusal{.what = named.error()});
  if (auto no = forbids(what.which.by, at->key, type_of(what.event)))
    return to(std::move(*no));
  using choice = requests::deliver::if_unawaited;
  once(what.once, std::move(to), [&](reply_to first) {
    auto about = "event " + type_of(what.event);
    if (what.which.by != nullptr && !what.which.by->why.empty())
      about += ": " + what.which.by->why;
    auto note = note_of(what.which.by, at->ns, what.which.id, std::move(about));
    caf::anon_send(
      ctx_.registry.get(),
      wish{.key = at->key,
           .what = requests::deliver{.event = make_datum(std::move(what.event)),
                                     .otherwise = what.buffer ? choice::keep
                                                              : choice::refuse},
           .if_match = what.if_match,
           .once = std::move(what.once),
           .reply = make_answer(std::move(first)),
           .note = std::move(note)});
  });
}

void gate::publish(publish_events what, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  // Without a namespace they reach whoever listens in any.
  for (const auto& e : what.events)
    if (what.by
        && !what.by->may.covers_event(what.ns.value_or("*"), "", type_of(e)))
      return to(forbidden(*what.by, what.ns.value_or("")));
  const auto key = what.once;
  once(key, std::move(to), [&](reply_to first) {
    const auto now = clock::now();
    const auto target = target_of(what.events);
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
    auto note = note_of(what.by, what.ns.value_or(""), target);
    if (note)
      note->status = a.status;
    auto work
      = [g = shared_from_this(), batch = std::move(batch),
         ns = what.ns.value_or(""), kept = std::move(kept), now,
         a = std::move(a), note = std::move(note),
         slot = make_answer(std::move(first))](storage::store& s) -> result<> {
      const auto& o = g->ctx_.options.events;
      const auto done
        = s.put_events(batch, ns, now, o.buffer_for, o.dedup_for, kept, note);
      if (!done) {
        slot->give(refusal{.what = done.error()});
        return done.error();
      }
      g->ctx_.figures.published(done->size());
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
  const auto at = resolve(what.which);
  if (!at)
    return to(refusal{.what = at.error()});
  if (auto no = forbids(what.which.by, at->key))
    return to(std::move(*no));
  auto note = note_of(what.which.by, at->ns, what.which.id);
  if (note)
    note->status = 204;
  const auto head = ctx_.store.read_head(at->key);
  if (!head || head->status != instance_status::faulted)
    return remove_now({at->key, what.if_match, std::move(note)}, std::move(to));
  // Children stand still with it, for a retry that cannot come any more.
  caf::anon_send(ctx_.registry.get(),
                 wish{.key = at->key,
                      .what = requests::cancel{"it is deleted"},
                      .if_match = what.if_match,
                      .reply = make_answer([g = shared_from_this(), k = at->key,
                                            note = std::move(note),
                                            to = std::move(to)](reply r) {
                        // One that is set aside takes no wish at all.
                        if (const auto* no = std::get_if<refusal>(&r);
                            no != nullptr && no->what.code != errc::quarantined)
                          return to(std::move(r));
                        g->remove_now({k, std::nullopt, note}, to);
                      })});
}

void gate::remove_now(removal what, reply_to to) {
  auto work
    = [k = what.key, if_match = std::move(what.if_match),
       note = std::move(what.note), programs = &ctx_.programs,
       changes = &ctx_.changes,
       remembered_for = ctx_.options.retention.tombstones,
       slot = make_answer(std::move(to))](storage::store& s) -> result<> {
    const auto head = s.read_head(k);
    if (head && if_match && !if_match->has(head->last)) {
      slot->give(refusal{.what = {errc::precondition_failed,
                                  "The instance stands at sequence "
                                    + std::to_string(head->last) + '.'}});
      return {};
    }
    const auto now = clock::now();
    auto done = s.remove_instance(k, {now, now + remembered_for}, note);
    if (done) {
      programs->stop_detached(k);
      if (head) // Whoever waits for a change need not wait on.
        changes->changed(k, head->last + 1, head->status);
      slot->give(answer{.status = 204});
      return done;
    }
    refusal no{.what = done.error()};
    if (head && no.what.code == errc::invalid_state) {
      no.members["from"] = to_text(head->status);
      const auto actions = actions_of(*head);
      json::array names;
      for (const auto& one : actions)
        names.push_back(one.at("name"));
      no.members["allowed"] = std::move(names);
      no.members["allowedActions"] = actions_of(*head);
    }
    slot->give(std::move(no));
    return done;
  };
  caf::anon_send(ctx_.writer.get(), write_job{std::move(work)});
}

} // namespace pawl::actors
