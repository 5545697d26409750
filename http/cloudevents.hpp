#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

#include <vector>

/// CloudEvents 1.0 as they come in over HTTP, in all three content modes.
namespace pawl::http {

enum class event_mode : std::uint8_t {
  none = 1,   ///< The request carries no CloudEvent.
  structured, ///< application/cloudevents+json, or plain JSON without ce-*.
  batch,      ///< application/cloudevents-batch+json
  binary,     ///< Attributes in ce-* fields, data in the body.
};

/// In which mode `from` carries events, as told by its fields alone.
[[nodiscard]] event_mode event_mode_of(const request& from);

/// Reads the events that `from` carries in `mode`, each a validated envelope in
/// the JSON format. Binary data becomes `data` if it is JSON or text, else
/// `data_base64`; attributes that are null are left out.
///
/// Fails with errc::malformed if the body does not parse, a ce-* field does not
/// decode or stands twice; errc::invalid_request with every fault at once if an
/// attribute is missing or not as the specification wants it.
[[nodiscard]] result<std::vector<json::value>> read_events(const request& from,
                                                           event_mode mode);

} // namespace pawl::http
