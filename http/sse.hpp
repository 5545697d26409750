#pragma once

#include "http/following.hpp"

#include <string>

namespace pawl::http {

/// Sends a stream as server-sent events.
class event_source : public outlet {
public:
  event_source(core& in, connection& client, framing how)
      : in_{in}, client_{client}, how_{how} {}

  async<bool> open() override;
  async<bool> send(const actors::history_page& page) override;
  async<bool> keep_alive(std::optional<sequence> at) override;
  async<void> close(stream_end why) override;

private:
  async<bool> send_text(std::string_view text);

  core& in_;
  connection& client_;
  framing how_;
  std::string chunk_;
};

/// One item as an event of the stream.
void append_event(std::string& out, const actors::history_page::item& item);

/// What the client has missed, as the data of an event: {"missed", "from",
/// "to"}, with the numbers as texts, since they may be larger than a double
/// tells apart.
[[nodiscard]] std::string gap_json(const actors::history_page::gap& missed);

} // namespace pawl::http
