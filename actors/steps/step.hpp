#pragma once

#include "actors/context.hpp"
#include "actors/steps/authorizer.hpp"

#include <functional>
#include <memory>
#include <string>
#include <variant>

/// The effects of tasks, each carried out by one object that a step worker
/// (step_worker.hpp) holds while it is under way.
namespace pawl::actors {

/// Limits and injected faults are also for hosts, and a host may be known only
/// when everything else is ready. The effect then asks its worker: it ends with
/// a step_held that names no hold, and is begun again when it may go there.
struct host_leave {
  std::string asked;   ///< The URI that it wants to go to.
  std::string cleared; ///< The site (site_of) that it may go to.
};
/// Scheme and authority of `uri`.
[[nodiscard]] std::string_view site_of(std::string_view uri);

/// What to do, and for whom.
struct step_order {
  commands::perform what; ///< Its `node` lies within `flow`.
  definition_ptr flow;
  instance_key whose;
  std::string ns; ///< Of the instance.
  std::string id; ///< Of the instance.
  /// What makes the call authenticated, and the fetching of what the task
  /// refers to.
  std::optional<authorized> access = {};
  std::optional<authorized> source_access = {};
  timestamp since = {};                   ///< When the task began.
  std::optional<timestamp> deadline = {}; ///< When its time is up.
  /// Null: hosts are not asked for. Used by its worker and its effect in turn.
  std::shared_ptr<host_leave> leave = nullptr;
};

/// How an effect ended. Called once at most, on any thread; must not block.
using step_done = std::function<void(step_result)>;

/// An effect under way. Destroying it abandons the effect where it stands: the
/// order will come again, or nobody cares any more.
class step {
public:
  step() = default;
  virtual ~step() = default;
  step(const step&) = delete;
  step& operator=(const step&) = delete;

  /// Gives the effect up; `done` is told when that is achieved. May be called
  /// again with a harder way.
  virtual void give_up(giving_up how) = 0;
};

/// Begins the effect of `order`, with secrets and authentication in place.
[[nodiscard]] std::unique_ptr<step> start_step(context& ctx, step_order order,
                                               step_done done);

/// As start_step, for an order whose arguments may leave as they are.
[[nodiscard]] std::unique_ptr<step>
start_plain_step(context& ctx, step_order order, step_done done);

/// As start_step, without a look at `metadata.cache`.
[[nodiscard]] std::unique_ptr<step>
start_fresh_step(context& ctx, step_order order, step_done done);
/// Ends with an answer that is kept, else as start_fresh_step, whose good
/// answer it keeps.
[[nodiscard]] std::unique_ptr<step>
start_cached_step(context& ctx, step_order order, step_done done);

/// Whether an answer is kept, so that there is no call.
[[nodiscard]] bool is_spared(const context& ctx, const step_order& order);

/// The call that fetches what a task refers to.
[[nodiscard]] resource_call
resource_of(std::string uri, const std::optional<authorized>& access);

/// Whether arguments depend on secrets or want an authentication.
[[nodiscard]] bool needs_guard(const json::object& arguments);
/// Makes the arguments of `order` ready to leave, begins its effect, and takes
/// all secrets out of what comes back. A call whose token is refused is made
/// once more with another one.
[[nodiscard]] std::unique_ptr<step>
start_guarded_step(context& ctx, step_order order, step_done done);

// One function a kind of effect.

/// `call: http`.
[[nodiscard]] std::unique_ptr<step>
start_http_step(context& ctx, const step_order& order, step_done done);
/// `call: openapi`: fetches the document, then as `call: http`.
[[nodiscard]] std::unique_ptr<step>
start_openapi_step(context& ctx, step_order order, step_done done);
/// `run: shell`, `script` and `container`.
[[nodiscard]] std::unique_ptr<step>
start_program_step(context& ctx, step_order order, step_done done);
/// `run: workflow`: makes the child, if that has not been done, and waits for
/// its end. A pause of the parent pauses the child, a cancel cancels it.
[[nodiscard]] std::unique_ptr<step>
start_child_step(context& ctx, step_order order, step_done done);

/// `call: notify`: a chat, a webhook, or mail.
[[nodiscard]] std::unique_ptr<step>
start_notify_step(context& ctx, const step_order& order, step_done done);
/// `call: worker`: a job in its queue. A worker who has it goes on when the
/// step is destroyed; see work_queues.
[[nodiscard]] std::unique_ptr<step>
start_worker_step(context& ctx, step_order order, step_done done);

} // namespace pawl::actors
