#pragma once

#include "actors/context.hpp"
#include "actors/open_turn.hpp"
#include "actors/steps/step.hpp"

/// What passes between an instance and the workers who have its jobs.
namespace pawl::actors {

/// The order of `what`, of the instance that stands as `flow` does.
[[nodiscard]] step_order order_of(const context& ctx,
                                  const commands::perform& what,
                                  const machine& flow, const instance_key& key);

/// The turn is about what a worker has told of the effect of `frame`; returns
/// that as the machine takes it.
[[nodiscard]] report take_told(open_turn& turn, const effect_ended& of,
                               worker_told what);

/// If what a worker told is recorded by `facts`: the answer, to be kept with
/// them.
[[nodiscard]] std::optional<storage::kept_answer>
kept_for_worker(const open_turn& turn, const std::vector<event>& facts,
                duration kept_for);

/// The record of the audit log for the same.
[[nodiscard]] std::optional<storage::audit_entry>
note_of_worker(const open_turn& turn, const std::vector<event>& facts);

/// The turn is durable: jobs whose tasks are over are nobody's any more.
void tell_queues(context& ctx, const storage::turn& written);

/// Answers the worker that the turn is about, if it is about one.
void answer_worker(context& ctx, const instance_key& key, open_turn& turn);

/// Nobody waits for this effect any more: a worker who told of it learns so.
void refuse_worker(const step_result& how);

} // namespace pawl::actors
