#pragma once

#include "actors/notify/subscription.hpp"
#include "actors/steps/http_client.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace pawl::actors {

/// The value of a secret as text, by its name.
using secret_finder = std::function<result<std::string>(const std::string&)>;

/// The HTTP request that brings `event`, a CloudEvent, to `who`, as the HTTP
/// binding of CloudEvents has it, signed if he wants that (secrets/webhook.hpp,
/// with message_id() as its id).
/// Fails as `find` does; the detail holds no secret. May block as `find` may.
[[nodiscard]] result<http_call> request_of(const subscription& who,
                                           const json::object& event,
                                           const secret_finder& find,
                                           timestamp now);

/// What names an event over all repeats, as a header may have it: its source
/// and its id.
[[nodiscard]] std::string message_id(const json::object& event);

} // namespace pawl::actors
