#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "workflow/effect.hpp"

#include <string>
#include <string_view>

namespace pawl::actors {

/// The HTTP request that `with` of `call: notify` asks for on one of the
/// channels "slack", "teams" and "webhook", of which nothing is an expression
/// any more. `key` names the effect, the same for each attempt; a webhook that
/// is signed has it as its id.
///
/// slack: what an incoming webhook takes. teams: a message with an adaptive
/// card, which a workflow "when a Teams webhook request is received" takes.
///
/// Fails with errc::invalid_input and a sentence that names the member.
[[nodiscard]] result<http_request> channel_request(std::string_view channel,
                                                   const json::object& with,
                                                   std::string_view key,
                                                   timestamp now);

} // namespace pawl::actors
