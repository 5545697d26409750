#pragma once

#include "actors/gateway.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "http/message.hpp"

#include <optional>
#include <string_view>

/// What request header fields mean. Pure functions; all errors are
/// errc::malformed unless it says otherwise.
namespace pawl::http {

/// `Prefer: wait=N` (RFC 7240) of any of the Prefer fields; absent if nobody
/// asks. Other preferences are ignored, as the RFC wants.
[[nodiscard]] result<std::optional<std::chrono::seconds>>
prefer_wait(const request& from);

/// The entity tags in If-Match (RFC 9110 13.1.1): absent if there is no such
/// field, or `*`, which whatever exists matches. A weak tag, and one that is
/// not of ours, matches nothing.
[[nodiscard]] result<std::optional<actors::tags>> if_match(const request& from);

/// The entity tags in If-None-Match (RFC 9110 13.1.2), strong or weak; absent
/// if there is no such field. One that is not of ours matches nothing.
[[nodiscard]] result<std::optional<actors::tags>>
if_none_match(const request& from);

/// A sequence as the text of a number.
[[nodiscard]] result<sequence> parse_sequence(std::string_view text);

/// The Idempotency-Key, 1 to 255 printable ASCII characters; absent if there
/// is none.
[[nodiscard]] result<std::optional<std::string_view>>
idempotency_key(const request& from);

/// The media type of Content-Type in `value`: without parameters, "" if there
/// is none. The case is kept.
[[nodiscard]] std::string_view media_type(std::string_view value);

/// Whether a body of media type `type` is JSON text.
[[nodiscard]] bool is_json_type(std::string_view type);

/// Whether a body of media type `type` is YAML text.
[[nodiscard]] bool is_yaml_type(std::string_view type);

/// Whether Accept prefers YAML to JSON.
[[nodiscard]] bool prefers_yaml(std::string_view accept);

} // namespace pawl::http
