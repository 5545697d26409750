#pragma once

#include "http/connection.hpp"
#include "http/core.hpp"

#include <optional>
#include <string>

namespace pawl::http {

/// Sends the items of `want` as server-sent events, without a gap, until there
/// can be no more, the client is gone or too slow, or the server drains. At
/// most one page is in memory. Returns what to answer instead if
/// nothing was sent yet; else the connection must be closed.
struct stream_request {
  stream want;
  framing how;
  std::string path;
};
async<std::optional<response>> run_stream(core& in, connection& client,
                                          stream_request asked);

/// One journal item as an event of the stream.
void append_event(std::string& out, const actors::history_page::item& item);

} // namespace pawl::http
