#pragma once

#include "actors/context.hpp"

#include <memory>
#include <vector>

namespace pawl::actors {

/// Those of `left` that have not ended, so far as the store knows.
[[nodiscard]] std::vector<instance_key>
living(const context& ctx, const std::vector<left_child>& left);

/// Has a child cancelled that its parent has left behind, durably
/// (storage::turn::left): its step worker, if there is one, is told too, but
/// ends with the parent's task and may be gone. `errand` is freed when that is
/// asked for. Any thread; what fails here is tried again at the next start.
void cancel_left_child(context& ctx, const instance_key& key,
                       std::shared_ptr<void> errand = nullptr);
/// As cancel_left_child, at the start: a child that is not there was never made
/// and will not be.
void settle_left_child(context& ctx, const instance_key& key,
                       std::shared_ptr<void> errand);

} // namespace pawl::actors
