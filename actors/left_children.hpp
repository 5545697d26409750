#pragma once

#include "actors/context.hpp"

#include <memory>
#include <vector>

namespace pawl::actors {

/// Those of `left` that have not ended, so far as the store knows.
[[nodiscard]] std::vector<instance_key>
living(const context& ctx, const std::vector<left_child>& left);

/// Has a child cancelled that its parent has left behind, durably
/// (storage::turn::left). `errand` is freed when that is asked for. Any thread;
/// what fails here is tried again at the next start.
void cancel_left_child(context& ctx, const instance_key& key,
                       std::shared_ptr<void> errand = nullptr);

} // namespace pawl::actors
