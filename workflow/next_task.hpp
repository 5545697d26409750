#pragma once

#include "workflow/definition.hpp"
#include "workflow/state.hpp"

namespace pawl {

/// The task that `f`, a frame that is ready or entering, begins with its next
/// step; null if that step begins none. Points into `of`.
[[nodiscard]] const task* next_task(const instance_state& s,
                                    const definition& of, const frame& f);

} // namespace pawl
