#include "actors/faults/fault_injector.hpp"
#include "actors/figures/sizes.hpp"
#include "actors/gate.hpp"
#include "actors/limits/limit_keeper.hpp"
#include "actors/notify/message_post.hpp"
#include "actors/retention.hpp"
#include "actors/tracing/tracer.hpp"
#include "workflow/duration.hpp"

#include <caf/send.hpp>

namespace pawl::actors {

namespace {

json::object render(const storage::backup_info& one) {
  return {{"name", std::to_string(one.number)},
          {"takenAt", one.damaged ? json::value(nullptr)
                                  : json::value(to_text(one.taken))},
          {"bytes", one.bytes},
          {"files", one.files},
          {"program", one.program},
          {"damaged", one.damaged}};
}

answer told(const storage::backup_info& one) {
  return {.status = 201,
          .body = to_text(json::value(render(one))),
          .location = "/v1/admin/backups"};
}

answer still_running() {
  return {.status = 202,
          .body = R"({"name":null,"status":"running"})",
          .location = "/v1/admin/backups"};
}

} // namespace

void gate::preview(const preview_retention& what, const reply_to& to) {
  aside([g = shared_from_this(), what, to] {
    retention_rules rules{g->ctx_.options.retention};
    rules.suppose(what);
    auto body
      = preview_of(g->ctx_.store, g->ctx_.definitions, rules, clock::now());
    if (!body)
      return to(refusal{.what = body.error()});
    to(answer{.body = to_text(json::value(std::move(*body)))});
  });
}

void gate::back_up(take_backup what, reply_to to) {
  const auto key = what.once;
  once(key, std::move(to), [&](reply_to first) {
    auto slot = make_answer(std::move(first));
    const auto alarm
      = ctx_.deadlines.set(what.wait, [slot] { slot->give(still_running()); });
    auto note = note_of(what.by, "", "");
    ctx_.backups.take(
      [g = shared_from_this(), slot, alarm, key,
       note = std::move(note)](const result<storage::backup_info>& made) {
        g->ctx_.deadlines.cancel(alarm);
        if (!made)
          return slot->give(refusal{.what = made.error()});
        g->remember_backup(*made, {key, note, slot});
      });
  });
}

// What was done is in the audit log, and a repeat finds the answer.
void gate::remember_backup(const storage::backup_info& made, backup_order of) {
  const auto said = told(made);
  std::optional<storage::kept_answer> kept;
  if (of.once)
    kept = storage::kept_answer{
      .scope = of.once->scope,
      .body_digest = of.once->body_digest,
      .status = said.status,
      .location = said.location,
      .body = said.body,
      .expires = clock::now() + ctx_.options.retention.idempotency_for};
  if (of.note) {
    of.note->target = std::to_string(made.number);
    of.note->status = said.status;
  }
  caf::anon_send(
    ctx_.writer.get(),
    write_job{[kept = std::move(kept), note = std::move(of.note), said,
               slot = of.reply](storage::store& s) -> result<> {
      if (kept)
        if (auto done = s.put_answer(*kept); !done)
          return done;
      if (note)
        if (auto done = s.put_audit(*note); !done)
          return done;
      slot->give(said);
      return {};
    }});
}

void gate::list_of_backups(const reply_to& to) {
  aside([g = shared_from_this(), to] {
    const auto& how = g->ctx_.options.backup;
    const auto all = how.directory.empty()
                       ? result<std::vector<storage::backup_info>>{std::vector<
                         storage::backup_info>{}}
                       : g->ctx_.backups.list();
    if (!all)
      return to(refusal{.what = all.error()});
    json::array items;
    for (const auto& one : *all)
      items.push_back(render(one));
    const auto trouble = g->ctx_.backups.trouble();
    json::object body{
      {"items", std::move(items)},
      {"nextCursor", nullptr},
      {"directory", how.directory.empty() ? json::value(nullptr)
                                          : json::value(how.directory)},
      {"every", how.every == duration{}
                  ? json::value(nullptr)
                  : json::value(to_text(calendar_duration{0, how.every}))},
      {"keep", how.keep},
      {"running", g->ctx_.backups.busy()},
      {"lastFailure",
       trouble ? json::value(trouble->detail) : json::value(nullptr)}};
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

void gate::stats(const read_stats& what, const reply_to& to) {
  aside([g = shared_from_this(), what, to] {
    const auto shows = [&](const workflow_name& name) {
      return (what.ns.empty() || name.first == what.ns)
             && (what.workflow.empty() || name.second == what.workflow)
             && access::sees(what.by, name.first, name.second);
    };
    auto body = g->ctx_.figures.view(
      {.shows = shows, .shows_all = access::sees_all(what.by)}, clock::now());
    auto& spaces = body["namespaces"].emplace_array();
    if (what.workflow.empty())
      for (const auto& [ns, bytes] : g->ctx_.store.namespace_bytes())
        if ((what.ns.empty() || ns == what.ns) && access::sees(what.by, ns, ""))
          spaces.emplace_back(
            json::object{{"namespace", ns}, {"sizeBytes", bytes}});
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

std::string gate::metrics() {
  return ctx_.measured.text() + ctx_.queues.metrics() + ctx_.post->metrics()
         + ctx_.figures.metrics(ctx_.hot, clock::now())
         + ctx_.limiting->metrics() + ctx_.faults->metrics()
         + ctx_.traces->metrics() + size_metrics(ctx_.store);
}

} // namespace pawl::actors
