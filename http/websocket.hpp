#pragma once

#include "http/following.hpp"

namespace pawl::http {

/// The subprotocol that is spoken, and how the name begins under which a
/// browser, which can set no fields, shows its token.
inline constexpr std::string_view websocket_protocol = "pawl.v1";
inline constexpr std::string_view websocket_bearer = "pawl.bearer.";

/// Sends a stream over a WebSocket (RFC 6455), one text message an item. What
/// the client sends is dropped; too large a message ends it with 1009, too many
/// with 1008, and a client that answers no ping or does not read is cut.
///
/// Returns what to answer instead if the stream is refused; else the connection
/// has been cut. `what.want.websocket` must be there.
async<std::optional<response>> run_websocket(core& in, connection& client,
                                             followed what);

} // namespace pawl::http
