#pragma once

#include "actors/limits/limit_keeper.hpp"
#include "actors/steps/step.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What limits have to do with the effect of one task.
namespace pawl::actors {

/// The limit that a task names, as it stands among the arguments of its effect.
struct named_limit {
  std::string name;
  std::string key;
  bool faults = false; ///< It does not wait.
};
[[nodiscard]] std::optional<named_limit>
limit_in(const json::object& arguments);

/// Whether every call needs its worker's leave, since limits or injected faults
/// are for hosts.
[[nodiscard]] bool guards_hosts(const context& ctx);

/// The tokens of the limit that the task names: needed before it begins. A job
/// has its own in its queue, and a child that exists has begun.
[[nodiscard]] token_wish named_tokens(const context& ctx,
                                      const step_order& order);
/// Those of the host of `uri`.
[[nodiscard]] token_wish
host_tokens(const context& ctx, const step_order& order, std::string_view uri);
/// Those of a job before a worker gets it.
[[nodiscard]] token_wish job_tokens(limit_keeper& in, const offered_job& job);
/// As much of the job of `arguments` as job_tokens() reads.
[[nodiscard]] offered_job limited_job(const job_id& id, const std::string& ns,
                                      const json::object& arguments);

/// `onLimit: fault`: how the task fails for want of `missing`.
[[nodiscard]] effect_outcome
refused_by_limit(const limit_lines::waiting_step& missing, timestamp now);

/// A host that says when it may be asked again (Retry-After of 429 and 503) is
/// left alone for so long, where a limit is on it.
void heed_host(limit_keeper& in, const std::string& ns, const std::string& uri,
               const http_outcome& said);

/// The host of a static endpoint; "" if it is not known before the call.
[[nodiscard]] std::string known_uri(const step_order& order);

} // namespace pawl::actors
