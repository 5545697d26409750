#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pawl::actors {

struct expression_pool_options {
  /// The helper program. Empty: `pawl-jq` beside this program, else
  /// /usr/lib/pawl/pawl-jq.
  std::string helper_path;
  std::size_t helpers = 2;                         ///< Processes; 1 to 64.
  duration deadline{1'000};                        ///< Of one evaluation.
  std::uint64_t memory_max = 256ULL * 1024 * 1024; ///< Bytes a helper.
  std::size_t queue_max = 1'024;                   ///< Requests waiting.
};

/// One evaluation of a sandboxed program. Values are JSON text.
struct expression_request {
  instance_key instance; ///< For whom; one helper at most serves it.
  std::string program;   ///< jq, without `${ }`, checked by compile().
  std::vector<std::pair<std::string, std::string>> variables; ///< Name, JSON.
  std::string data = "null";
  timestamp now; ///< What `now` answers.
};

/// Evaluates expressions outside the native part in helper processes that run
/// libjq, locked down (sandbox/), so that nothing they do harms the daemon.
///
/// A fixed number of threads each keep one helper. Instances with waiting
/// requests take turns; an instance is served by one helper at a time, its
/// requests in order. A helper that takes too long, too much memory, or dies
/// is killed and replaced; only the request it served fails.
///
/// Thread safety: all functions may be called from any thread.
class expression_pool {
public:
  using results = result<std::vector<json::value>>;
  using answer = std::function<void(results)>;

  /// Starts the threads; a helper starts with the first request it serves.
  explicit expression_pool(expression_pool_options options);
  /// Kills the helpers; what still waits is answered with
  /// errc::shutting_down.
  ~expression_pool();
  expression_pool(const expression_pool&) = delete;
  expression_pool& operator=(const expression_pool&) = delete;

  /// Evaluates `what` and calls `done` once, on a thread of the pool (on the
  /// caller's if it is refused at once), with all results in order. `done`
  /// must be quick and must not throw.
  ///
  /// Fails with errc::invalid_input: jq's message of a run-time error;
  /// errc::timed_out: the deadline passed; errc::too_large: it took too much
  /// memory, or the results are no JSON for being too deep or too large;
  /// errc::internal: the helper died or cannot be started;
  /// errc::overloaded: the queue is full; errc::shutting_down.
  void evaluate(expression_request what, answer done);

  /// Requests that wait for a helper.
  [[nodiscard]] std::size_t waiting() const;

private:
  class state;
  std::unique_ptr<state> state_;
};

} // namespace pawl::actors
