#pragma once

#include "access/guard.hpp"
#include "actors/alarms.hpp"
#include "actors/backup_keeper.hpp"
#include "actors/definition_cache.hpp"
#include "actors/feed.hpp"
#include "actors/figures/figure_book.hpp"
#include "actors/holds/hold_keeper.hpp"
#include "actors/journal_gauge.hpp"
#include "actors/lifecycle_feed.hpp"
#include "actors/messages.hpp"
#include "actors/meters.hpp"
#include "actors/queues/work_queues.hpp"
#include "actors/steps/authorizer.hpp"
#include "actors/steps/http_client.hpp"
#include "actors/steps/program_client.hpp"
#include "actors/steps/resource_loader.hpp"
#include "config/options.hpp"
#include "secrets/vault.hpp"

#include <caf/actor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace pawl::actors {

/// Where the living handle of an actor is found, since a supervisor may start
/// it anew. Thread safety: all functions may be called from any thread.
template <class Handle>
class door {
public:
  [[nodiscard]] Handle get() const {
    const std::lock_guard hold{lock_};
    return *handle_;
  }
  void set(Handle h) {
    const std::lock_guard hold{lock_};
    handle_ = std::move(h);
  }
  [[nodiscard]] bool open() const {
    const std::lock_guard hold{lock_};
    return handle_.has_value();
  }

private:
  mutable std::mutex lock_;
  std::optional<Handle> handle_;
};

/// The bounds that the options give the fetching of resources.
[[nodiscard]] resource_limits resource_limits_of(const config::options& o);

/// What the options say of programs. Those of a runner that is a child do not
/// see the data, the configuration and the credentials of this process.
[[nodiscard]] program_client_options programs_of(const config::options& o);

/// The bounds that the options give a machine.
[[nodiscard]] machine_limits machine_limits_of(const config::options& o);
/// The bounds that the options give bad tokens.
[[nodiscard]] access::throttle::bounds throttle_of(const config::options& o);
/// The user that this process runs as.
[[nodiscard]] std::uint32_t own_uid();

struct context;
class bulk_keeper;
class kept_book;
class flag_keeper;
class limit_keeper;
class fault_injector;
class message_post;
class tracer;

/// The queues' world: the disk by the writer, time by the alarms.
[[nodiscard]] queue_world world_of(context& ctx);

/// The holds' world: instances by the registry, time by the alarms.
[[nodiscard]] hold_world holds_of(context& ctx);

/// What all actors share. It outlives them all, and each part is safe to use
/// from any thread.
struct context {
  context(storage::store& s, const config::options& o, caf::actor_system& sys,
          http_client& h)
      : store{s}, options{o}, system{sys}, http{h},
        resources{h, resource_limits_of(o)}, programs{programs_of(o)},
        definitions{s}, vault{s, {o.secrets.directory, o.secrets.credentials}},
        access{h, [this](const std::string& name) { return vault.find(name); }},
        guard{own_uid(), throttle_of(o)}, disk_low{o.storage.disk_low},
        disk_critical{o.storage.disk_critical} {}
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  /// Brings in what may change while running (config::reload). Any thread.
  void reload(const config::options& chosen);

  /// The bounds that the options give a machine.
  [[nodiscard]] machine_limits limits() const {
    return machine_limits_of(options);
  }

  storage::store& store;
  const config::options& options;
  caf::actor_system& system;
  http_client& http;
  resource_loader resources;
  program_client programs;
  definition_cache definitions;
  secrets::vault vault;
  authorizer access;
  access::guard guard;
  feed changes;
  lifecycle_feed lifecycle;
  journal_gauge journal;
  meters measured;
  figure_book figures{options.metrics};
  std::atomic<std::size_t> hot = 0; ///< Instances in memory.
  std::atomic<bool> draining = false;
  std::atomic<std::uint64_t> disk_low;      ///< Bytes; may be reloaded.
  std::atomic<std::uint64_t> disk_critical; ///< Bytes; may be reloaded.
  hold_keeper holds{holds_of(*this)};
  work_queues queues{world_of(*this)};
  alarms deadlines; ///< Of clients that wait. It ends before those do.
  backup_keeper backups{store, options.backup, measured};

  door<registry_actor> registry;
  door<writer_actor> writer;
  door<timers_actor> timers;
  door<broker_actor> broker;
  door<scheduler_actor> scheduler;
  door<step_pool_actor> steps;
  door<evaluator_actor> evaluator;
  door<supervisor_actor> supervisor;

  /// Evaluates in a helper process, and answers on any thread. Set before the
  /// actors start.
  std::function<void(const evaluate&,
                     std::function<void(result<std::vector<json::value>>)>)>
    helpers;
  /// Tests make turns crash with this; empty otherwise.
  std::function<void(const instance_key&, const input&)> before_turn;

  /// Set by make_gateway().
  std::shared_ptr<bulk_keeper> bulks;

  // Set before the actors start; none is ever null.
  std::shared_ptr<kept_book> kept;        ///< actors/kept/
  std::shared_ptr<flag_keeper> flags;     ///< actors/flags/
  std::shared_ptr<limit_keeper> limiting; ///< actors/limits/
  std::shared_ptr<fault_injector> faults; ///< actors/faults/
  std::shared_ptr<message_post> post;     ///< actors/notify/
  std::shared_ptr<tracer> traces;         ///< actors/tracing/
};

} // namespace pawl::actors
