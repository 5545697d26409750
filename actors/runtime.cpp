#include "actors/runtime.hpp"

#include "actors/bulk/bulk_keeper.hpp"
#include "actors/context.hpp"
#include "actors/expression_pool.hpp"
#include "actors/figures/census_taker.hpp"
#include "actors/flags/flag_keeper.hpp"
#include "actors/kept/kept_book.hpp"
#include "actors/limits/limit_world.hpp"
#include "actors/make_gateway.hpp"
#include "actors/notify/message_post.hpp"
#include "actors/supervisor.hpp"
#include "actors/sweeper.hpp"
#include "actors/tracing/tracer.hpp"
#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <thread>

namespace pawl::actors {

namespace {

constexpr std::chrono::milliseconds drain_look{5};
/// So many looks in a row must find nothing under way: between an effect's end
/// and the commit of its outcome a message is on its way that nobody counts.
constexpr int quiet_looks = 4;
/// How long the daemon's end waits for whoever takes spans.
constexpr duration last_spans_within{2'000};

struct system_config : caf::actor_system_config {
  system_config() {
    const auto cores = std::max(2U, std::thread::hardware_concurrency());
    // Work sharing: idle threads sleep, and wake up at once.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", static_cast<std::size_t>(cores));
  }
};

http_limits limits_of(const config::options& o) {
  return {.connections_max = o.steps.concurrency_max,
          .per_host_max = o.steps.per_host_max,
          .connect_timeout = o.steps.connect_timeout,
          .call_timeout = o.steps.call_timeout,
          .response_max = o.steps.response_max,
          .redirects_max = o.steps.redirects_max,
          .ca_file = o.steps.ca_file};
}

expression_pool_options helpers_of(const config::options& o) {
  return {.helper_path = {},
          .helpers = o.expression.helpers,
          .deadline = o.expression.deadline,
          .memory_max = o.expression.memory_max,
          .queue_max = o.expression.queue_max};
}

expression_request request_of(const evaluate& e) {
  expression_request r{.instance = e.whose,
                       .program = e.what->program->text(),
                       .variables = {},
                       .data = to_text(e.what->data),
                       .now = e.what->now};
  for (const auto& [name, value] : e.what->variables)
    r.variables.emplace_back(name, to_text(value));
  return r;
}

void add_gauges(context& ctx) {
  auto& m = ctx.measured;
  m.gauge("pawl_journal_queue_bytes", "Bytes of turns on their way to disk.",
          [&ctx] { return static_cast<double>(ctx.journal.queued_bytes()); });
  m.gauge("pawl_hot_instances", "Instances in memory.",
          [&ctx] { return static_cast<double>(ctx.hot.load()); });
  m.gauge("pawl_http_calls_active", "HTTP calls of steps under way.",
          [&ctx] { return static_cast<double>(ctx.http.active()); });
  m.gauge("pawl_programs_active", "Programs of steps that run or wait.",
          [&ctx] { return static_cast<double>(ctx.programs.active()); });
  m.gauge("pawl_programs_detached",
          "Programs that nobody awaits and that run or wait.",
          [&ctx] { return static_cast<double>(ctx.programs.detached()); });
  m.gauge("pawl_disk_free_bytes", "Free bytes where the data lives.",
          [&ctx] { return static_cast<double>(ctx.store.free_bytes()); });
  m.gauge("pawl_disk_low_bytes", "Below this nothing new is taken on.",
          [&ctx] { return static_cast<double>(ctx.disk_low.load()); });
  m.gauge("pawl_holds", "Holds in force.",
          [&ctx] { return static_cast<double>(ctx.holds.book().size()); });
  m.gauge("pawl_held_instances", "Instances that a hold keeps from going on.",
          [&ctx] { return static_cast<double>(ctx.holds.book().kept()); });
  m.gauge("pawl_bulk_running", "Bulk operations that go on.", [&ctx] {
    return static_cast<double>(ctx.bulks->count(bulk_status::running));
  });
  m.gauge("pawl_bulk_paused", "Bulk operations that stand still.", [&ctx] {
    return static_cast<double>(ctx.bulks->count(bulk_status::paused));
  });
  m.gauge("pawl_watchers", "Clients that wait for a change of an instance.",
          [&ctx] { return static_cast<double>(ctx.changes.watchers()); });
}

// Before the actors start: what they do depends on it.
void open_kept(context& ctx) {
  ctx.flags = std::make_shared<flag_keeper>();
  ctx.kept->set(kept_kind::flag, ctx.flags);
  ctx.traces = make_tracer(ctx);
  ctx.post = std::make_shared<message_post>(ctx);
  ctx.kept->set(kept_kind::subscription, ctx.post);
  ctx.limiting = std::make_shared<limit_keeper>(limiting_of(ctx));
  ctx.kept->set(kept_kind::limit, ctx.limiting);
  ctx.faults = std::make_shared<fault_injector>(faults_of(ctx));
  ctx.kept->set(kept_kind::injected_fault, ctx.faults);
  ctx.kept->open();
  ctx.post->load();
  const auto counts = ctx.store.list_records(storage::record_kind::count);
  if (!counts)
    return log::error("limit.uncounted", {{"detail", counts.error().detail}});
  ctx.limiting->restore(*counts);
  ctx.faults->restore(*counts);
}

} // namespace

/// In the order of construction; the actors are gone before any of it goes.
struct runtime::state {
  state(storage::store& store, const config::options& options)
      : pool{helpers_of(options)}, http{std::in_place, limits_of(options)},
        ctx{store, options, system, *http} {
    ctx.helpers = [this](const evaluate& e, expression_pool::answer done) {
      pool.evaluate(request_of(e), std::move(done));
    };
    ctx.measured.gauge("pawl_expressions_waiting",
                       "Expressions that wait for a helper.",
                       [this] { return static_cast<double>(pool.waiting()); });
    add_gauges(ctx);
  }

  system_config config;
  caf::actor_system system{config};
  expression_pool pool;
  std::optional<http_client> http;
  context ctx;
  std::optional<supervisor_actor> root;
  std::optional<sweeper> retention;
  std::optional<census_taker> counting;
  gateway door;
};

runtime::runtime(storage::store& store, const config::options& options,
                 const preparation& prepare)
    : state_{std::make_unique<state>(store, options)} {
  auto& s = *state_;
  s.ctx.kept = std::make_shared<kept_book>();
  if (prepare)
    prepare(s.ctx);
  open_kept(s.ctx);
  if (auto known = s.ctx.queues.restore(store); !known)
    log::error("leases.unreadable", {{"detail", known.error().detail}});
  s.root = spawn_supervisor(s.system, s.ctx);
  // It answers once it has started its children, so all doors are open then.
  caf::scoped_actor self{s.system};
  self->request(*s.root, caf::infinite, want_writer{})
    .receive([](writer_lives) {}, [](const caf::error&) {});
  s.ctx.holds.look();
  s.door = make_gateway(s.ctx);
  s.ctx.post->start();
  s.retention.emplace(s.ctx);
  begin_bulks(s.ctx);
  s.counting.emplace(s.ctx);
}

runtime::~runtime() {
  stop();
}

const gateway& runtime::door() const {
  return state_->door;
}

context& runtime::ctx() {
  return state_->ctx;
}

void runtime::begin_drain() {
  auto& ctx = state_->ctx;
  ctx.draining = true;
  ctx.deadlines.ring_all();
}

bool runtime::drain(duration patience) {
  begin_drain();
  auto& ctx = state_->ctx;
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int quiet = 0; quiet < quiet_looks;) {
    if (std::chrono::steady_clock::now() >= end)
      return false;
    std::this_thread::sleep_for(drain_look);
    const bool busy = ctx.http.active() != 0 || ctx.programs.active() != 0
                      || ctx.journal.queued_bytes() != 0;
    quiet = busy ? 0 : quiet + 1;
  }
  return true;
}

void runtime::stop() {
  auto& s = *state_;
  if (!s.root)
    return;
  s.ctx.draining = true;
  s.counting.reset();
  // All wait for the writer, which must be there to answer.
  s.retention.reset();
  s.ctx.bulks->stop();
  s.ctx.post->stop();
  s.ctx.backups.stop();
  caf::anon_send_exit(*s.root, caf::exit_reason::user_shutdown);
  s.root.reset();
  s.system.await_all_actors_done();
  // Whoever waited for a resource may have been told just now.
  s.http.reset();
  s.system.await_all_actors_done();
  s.ctx.limiting->stop(s.ctx.store);
  s.ctx.traces->stop(last_spans_within);
}

} // namespace pawl::actors
