#pragma once

#include "actors/tracing/span.hpp"
#include "base/ids.hpp"
#include "workflow/machine.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pawl::actors {

struct context;

/// What a tracer needs of the world around it. Called without any lock.
struct tracing_world {
  /// Sends a body to where spans go, and tells later, on any thread, whether it
  /// was taken; must not block.
  std::function<void(std::string, std::function<void(bool)>)> send;
  /// Calls later.
  std::function<void(duration, std::function<void()>)> wake;
  std::function<bool()> closing;
};

/// Makes spans of what instances do and sends them away in batches. It knows
/// what it has seen begin: a task that was under way when the daemon started
/// has no span. Spans that nobody takes in time are dropped and counted.
///
/// Thread safety: all functions may be called from any thread; none blocks.
class tracer : public std::enable_shared_from_this<tracer> {
public:
  struct terms {
    bool on = false;
    duration every{1'000};
    std::size_t queue_max = 8'192;
  };
  tracer(tracing_world world, terms how)
      : world_{std::move(world)}, how_{how} {}

  /// A turn was committed: its facts, which `flow` has folded.
  void saw(const instance_key& key, std::span<const event> facts, timestamp at,
           const machine& flow);
  /// Prometheus text.
  [[nodiscard]] std::string metrics() const;

private:
  struct open_task {
    std::string id;
    timestamp begun;
    std::uint32_t attempt = 1;
  };
  using place = std::pair<instance_key, frame_id>;
  /// Of tasks that are followed; those beyond have no spans.
  static constexpr std::size_t open_max = 100'000;

  void end(const place& which, const machine& flow, timestamp at,
           const event& fact);
  void end_instance(const machine& flow, timestamp at);
  void add(trace_span made);
  void arm();
  void flush();
  void sent(std::size_t count, bool taken);

  const tracing_world world_;
  const terms how_;
  mutable std::mutex lock_;
  std::map<place, open_task> open_;
  std::vector<trace_span> ready_;
  bool armed_ = false;
  bool under_way_ = false;
  std::uint64_t exported_ = 0;
  std::uint64_t dropped_ = 0;
};

/// The tracer that the configuration asks for.
[[nodiscard]] std::shared_ptr<tracer> make_tracer(context& ctx);

} // namespace pawl::actors
