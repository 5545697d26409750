#include "actors/limits/limit_world.hpp"

#include "base/log.hpp"
#include "storage/values.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <random>

namespace pawl::actors {

namespace {

using storage::record_kind;

/// Rows of counts go with a group of turns: they cost no fsync of their own.
void write_counts(context& ctx, const std::vector<storage::stored_record>& kept,
                  const std::vector<std::string>& gone) {
  if (!ctx.writer.open())
    return; // Before the start: it is found again at the next.
  storage::row_list rows;
  for (const auto& one : kept)
    rows.put(storage::family::meta,
             storage::record_key(record_kind::count, one.id),
             storage::encode_record(one));
  for (const auto& id : gone)
    rows.erase(storage::family::meta,
               storage::record_key(record_kind::count, id));
  caf::anon_send(
    ctx.writer.get(),
    write_rows{std::make_shared<const queued_turn>(
                 storage::loose_rows(std::move(rows)), ctx.journal),
               std::make_shared<write_end>([](bool durable) {
                 if (!durable)
                   log::warn("limit.unwritten", {});
               })});
}

/// Tells whoever reads logs and follows the lifecycle.
void tell_near(context& ctx, const limit_lines::near_end& what) {
  log::warn("limit.near", {{"limit", what.of.name},
                           {"namespace", what.of.ns},
                           {"key", what.key},
                           {"used", what.used},
                           {"max", what.max},
                           {"until", what.until ? to_text(*what.until) : ""}});
  if (!ctx.lifecycle.wanted())
    return;
  const auto now = clock::now();
  ctx.lifecycle.publish(
    {.of = {.ns = what.of.ns, .name = "", .version = ""},
     .instance = {},
     .state = {},
     .labels = {}},
    {make_datum(json::value{
      {"specversion", "1.0"},
      {"id", make_ulid(unix_ms(now), random_entropy())},
      {"type", "io.pawl.limit.near.v1"},
      {"source", "/v1/limits/" + what.of.name},
      {"time", to_text(now)},
      {"datacontenttype", "application/json"},
      {"data",
       {{"limit", what.of.name},
        {"namespace",
         what.of.ns.empty() ? json::value{} : json::value(what.of.ns)},
        {"key", what.key},
        {"used", what.used},
        {"max", what.max},
        {"rule", what.until ? "quota" : "bytes"},
        {"windowEnds",
         what.until ? json::value(to_text(*what.until)) : json::value{}}}}})});
}

std::vector<instance_key> living_in(const storage::store& in,
                                    const std::string& ns) {
  constexpr std::uint32_t page_max = 1000;
  std::vector<instance_key> out;
  for (const auto status :
       {instance_status::pending, instance_status::running,
        instance_status::waiting, instance_status::suspending,
        instance_status::suspended, instance_status::cancelling}) {
    storage::list_query query;
    query.ns = ns;
    query.status = status;
    query.limit = page_max;
    do {
      const auto page = in.list(query);
      if (!page) {
        log::error("limit.uncounted",
                   {{"namespace", ns}, {"detail", page.error().detail}});
        return out;
      }
      for (const auto& one : page->items)
        out.push_back(key_of(one.ns, one.id));
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
  }
  return out;
}

/// Its time is over: as if somebody had removed it.
void forget_fault(context& ctx, const std::string& ns,
                  const std::string& name) {
  storage::audit_entry note{.at = clock::now(),
                            .who = "pawl",
                            .from = "",
                            .action = "expireFault",
                            .ns = ns,
                            .target = name,
                            .reason = "",
                            .status = 204};
  caf::anon_send(
    ctx.writer.get(), write_job{[&ctx, ns, name, note = std::move(note)](
                                  storage::store& s) -> result<> {
      // Somebody may have put another in its place just now.
      const auto is = ctx.kept->find(kept_kind::injected_fault, ns, name);
      if (is && injection_of(ns, name, is->body).until > clock::now())
        return {};
      auto done
        = s.remove_record(record_kind::injected_fault, ns + "/" + name, note);
      if (!done && done.error().code != errc::not_found)
        return done;
      ctx.kept->remove(kept_kind::injected_fault, ns, name);
      return {};
    }});
}

} // namespace

limit_world limiting_of(context& ctx) {
  return {
    .now = [] { return clock::now(); },
    .wake =
      [&ctx](duration after, std::function<void()> then) {
        ctx.deadlines.set(after, std::move(then));
      },
    .write = [&ctx](const auto& kept,
                    const auto& gone) { write_counts(ctx, kept, gone); },
    .changed = [&ctx] { ctx.queues.look_again(); },
    .near = [&ctx](const auto& what) { tell_near(ctx, what); },
    .count =
      [&ctx](const std::string& ns, std::shared_ptr<limit_keeper> into) {
        ctx.system.spawn([&ctx, ns, into = std::move(into)] {
          into->counted(ns, living_in(ctx.store, ns));
        });
      },
    .bytes
    = [&ctx](const std::string& ns) { return ctx.store.namespace_bytes(ns); }};
}

fault_world faults_of(context& ctx) {
  return {
    .now = [] { return clock::now(); },
    .chance =
      [generator = std::make_shared<std::mt19937_64>(std::random_device{}())] {
        return std::uniform_real_distribution<>{}(*generator);
      },
    .wake =
      [&ctx](duration after, std::function<void()> then) {
        ctx.deadlines.set(after, std::move(then));
      },
    .write = [&ctx](const auto& kept,
                    const auto& gone) { write_counts(ctx, kept, gone); },
    .forget = [&ctx](const std::string& ns,
                     const std::string& name) { forget_fault(ctx, ns, name); }};
}

} // namespace pawl::actors
