#pragma once

#include "actors/messages.hpp"

namespace pawl::actors {

/// Ends the quarantine of an instance; when that is durable, `me`, its actor,
/// gets the wish that asked for it once more.
[[nodiscard]] write_job lift_quarantine(const instance_key& key,
                                        std::shared_ptr<wish> again,
                                        const instance_actor& me);

} // namespace pawl::actors
