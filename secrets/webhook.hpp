#pragma once

#include "base/time.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::secrets {

/// The headers that sign a request as Standard Webhooks does
/// (standardwebhooks.com, symmetric): `Webhook-Id`, `Webhook-Timestamp` in
/// whole seconds, and `Webhook-Signature: v1,` with the base64 of the
/// HMAC-SHA256 of "id.timestamp.body".
///
/// `secret` is any text, or `whsec_` and the base64 of the key; what is no
/// base64 behind that is taken as it stands. `id` is the same for every repeat
/// of the message, and must fit a header.
[[nodiscard]] std::vector<std::pair<std::string, std::string>>
sign_webhook(std::string_view secret, std::string id, timestamp at,
             std::string_view body);

} // namespace pawl::secrets
