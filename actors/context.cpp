#include "actors/context.hpp"

#include "actors/limits/limit_world.hpp"
#include "actors/limits/step_limits.hpp"
#include "base/bytes.hpp"

#include <caf/send.hpp>

#include <cstdlib>
#include <unistd.h>

namespace pawl::actors {

resource_limits resource_limits_of(const config::options& o) {
  return {.file_roots = o.resources.file_roots,
          .size_max = o.resources.size_max,
          .timeout = o.resources.timeout,
          .fresh_for = o.resources.fresh_for,
          .cache_bytes_max = o.resources.cache_max};
}

access::throttle::bounds throttle_of(const config::options& o) {
  return {.misses_max = o.access.bad_tokens_max,
          .window = std::chrono::minutes{1},
          .places_max = o.access.addresses_max};
}

std::uint32_t own_uid() {
  return ::geteuid();
}

void context::reload(const config::options& chosen) {
  disk_low = chosen.storage.disk_low;
  disk_critical = chosen.storage.disk_critical;
}

program_client_options programs_of(const config::options& o) {
  const auto& p = o.programs;
  std::vector<std::string> hidden{"/etc/pawl", "/run/credentials"};
  if (!o.data_dir.empty())
    hidden.push_back(o.data_dir);
  if (!o.backup.directory.empty())
    hidden.push_back(o.backup.directory);
  const char* const credentials
    = std::getenv("CREDENTIALS_DIRECTORY"); // NOLINT(concurrency-mt-unsafe)
  if (credentials != nullptr && *credentials != '\0')
    hidden.emplace_back(credentials);
  return {.runner = {.socket = p.socket,
                     .program = {},
                     .user = p.user,
                     .hidden = std::move(hidden)},
          .isolation = p.isolation,
          .limits = {.enabled = p.enabled,
                     .path = p.path,
                     .environment = p.environment,
                     .concurrency_max = p.concurrency_max,
                     .detached_max = p.detached_max,
                     .detached_queue_max = p.detached_queue_max,
                     .timeout_max = p.timeout_max,
                     .grace = p.grace,
                     .memory_max = p.memory_max,
                     .output_max = p.output_max,
                     .processes_max = p.processes_max,
                     .network = p.network}};
}

namespace {

/// Whether the limits let a job go to a worker now.
queue_world::admission admit(context& ctx, const offered_job& job) {
  auto& limits = *ctx.limiting;
  const auto wish = job_tokens(limits, job);
  if (wish.of.empty())
    return {};
  if (auto tokens = limits.take(wish, true)) {
    tokens->spend();
    return {.tokens = std::move(tokens)};
  }
  const auto missing = limits.obstacle(wish);
  return {.granted = false,
          .queue_closed = missing && limits.closes_queue(missing->of)};
}

} // namespace

queue_world world_of(context& ctx) {
  const auto& o = ctx.options;
  return {
    .now = [] { return clock::now(); },
    .monotonic = [] { return std::chrono::steady_clock::now(); },
    .wake =
      [&ctx](duration after, std::function<void()> then) {
        ctx.deadlines.set(after, std::move(then));
      },
    .write =
      [&ctx](storage::prepared_turn rows, std::function<void(bool)> then) {
        caf::anon_send(
          ctx.writer.get(),
          write_rows{
            std::make_shared<const queued_turn>(std::move(rows), ctx.journal),
            std::make_shared<write_end>(std::move(then))});
      },
    .hurry =
      [&ctx](const instance_key& key) {
        caf::anon_send(ctx.registry.get(), nudge{key, nullptr});
      },
    .token =
      [] {
        std::string bytes;
        for (int i = 0; i < 3; ++i) // 240 bits.
          for (const auto b : random_entropy())
            bytes.push_back(static_cast<char>(b));
        return to_hex(bytes);
      },
    .closing = [&ctx] { return ctx.draining.load(); },
    .kept =
      [&ctx](const job_owner& whose, const std::string& version,
             const std::string& task, const std::string& queue) {
        const auto& book = ctx.holds.book();
        return !book.empty()
               && !book
                     .on_job({whose.first, whose.second, version}, task, queue)
                     .empty();
      },
    .admit = [&ctx](const offered_job& job) { return admit(ctx, job); },
    .count = [&ctx](const offered_job& job) -> std::shared_ptr<void> {
      const auto wish = job_tokens(*ctx.limiting, job);
      return wish.of.empty() ? nullptr : ctx.limiting->occupy(wish);
    },
    .lease = o.queues.lease,
    .unserved_after = o.queues.unserved_after,
    .answers_for = o.retention.idempotency_for};
}

namespace {

/// The end of a hold is written down, as if somebody had released it.
void forget_hold(context& ctx, const placed_hold& what) {
  storage::audit_entry note{.at = clock::now(),
                            .who = "pawl",
                            .from = "",
                            .action = "expireHold",
                            .ns = what.on.ns,
                            .target = what.id,
                            .reason = what.reason,
                            .status = 204};
  caf::anon_send(
    ctx.writer.get(), write_job{[id = what.id, note = std::move(note)](
                                  storage::store& s) -> result<> {
      auto done = s.remove_record(storage::record_kind::hold, id, note);
      // Somebody may have released it just now.
      if (!done && done.error().code == errc::not_found)
        return {};
      return done;
    }});
}

} // namespace

hold_world holds_of(context& ctx) {
  return {.now = [] { return clock::now(); },
          .wake =
            [&ctx](duration after, std::function<void()> then) {
              ctx.deadlines.set(after, std::move(then));
            },
          .nudge =
            [&ctx](const instance_key& key, std::shared_ptr<void> errand) {
              caf::anon_send(ctx.registry.get(), nudge{key, std::move(errand)});
            },
          .changed = [&ctx] { ctx.queues.look_again(); },
          .forget = [&ctx](const auto& what) { forget_hold(ctx, what); },
          .closing = [&ctx] { return ctx.draining.load(); },
          .at_once = ctx.options.instances.rehydrations_max};
}

machine_limits machine_limits_of(const config::options& options) {
  machine_limits l;
  l.turn_steps_max = options.instances.turn_steps_max;
  l.step_budget.steps = options.expression.steps_max;
  l.retry_delay_max = options.retry.delay_max;
  l.step_budget.bytes = options.expression.bytes_max;
  l.inbox_max = options.instances.events_max;
  l.payload_max = options.instances.payload_max;
  return l;
}

} // namespace pawl::actors
