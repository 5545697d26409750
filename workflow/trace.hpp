#pragma once

#include "workflow/state.hpp"

#include <string>
#include <string_view>

namespace pawl {

/// Whether `text` is a `traceparent` of W3C Trace Context, version 00.
[[nodiscard]] bool is_traceparent(std::string_view text);

/// The 32 hexadecimal digits that all spans of the instance share: those that
/// it was started with, else its own, which follow from its name.
[[nodiscard]] std::string trace_of(const instance_state& s);

/// The 16 hexadecimal digits of the span of one attempt at an effect: the same
/// whoever asks, so that a crash between its beginning and its end does no
/// harm.
[[nodiscard]] std::string span_of(std::string_view effect_key,
                                  std::uint32_t attempt);
/// The span of the instance as a whole.
[[nodiscard]] std::string span_of(const instance_state& s);

/// The `traceparent` that leaves with an attempt at an effect.
[[nodiscard]] std::string traceparent_of(const instance_state& s,
                                         std::string_view effect_key,
                                         std::uint32_t attempt);

} // namespace pawl
