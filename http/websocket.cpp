#include "http/websocket.hpp"

#include "http/sse.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <array>
#include <fmt/format.h>

namespace pawl::http {

namespace beast = boost::beast;

// By these names Beast finds how a channel ends.
static void beast_close_socket(channel& stream) {
  net_error ignored;
  stream.socket().close(ignored);
}

template <class Handler>
static void async_teardown(beast::role_type role, channel& stream,
                           Handler&& then) {
  using beast::websocket::async_teardown;
  if (auto* tls = stream.tls())
    async_teardown(role, *tls, std::forward<Handler>(then));
  else
    async_teardown(role, stream.socket(), std::forward<Handler>(then));
}

namespace {

namespace wire = boost::beast::http;
namespace ws = boost::beast::websocket;
using socket_type = ws::stream<channel&, false>;

constexpr std::size_t client_message_max = 4096;
/// Messages, pieces of them, pings and pongs in the time of a keepalive.
constexpr std::uint32_t client_frames_max = 1000;
constexpr duration close_patience{1000};
/// Slow clients get the time of one deadline for so much.
constexpr std::size_t slice = std::size_t{64} * 1024;

ws::close_reason reason_of(stream_end why) {
  switch (why) {
  case stream_end::complete:
    return {ws::close_code::normal, "The instance has ended."};
  case stream_end::draining:
    return {ws::close_code::going_away, "The daemon stops; come again."};
  case stream_end::barred:
    return {ws::close_code::policy_error, "The token is not valid any more."};
  case stream_end::failed:
    break;
  }
  return {ws::close_code::internal_error, "The daemon does not answer."};
}

// The request as Beast wants to see it; it was checked by the handler.
wire::request<wire::empty_body> handshake_of(const upgrade& by,
                                             std::string_view path) {
  wire::request<wire::empty_body> out{
    wire::verb::get, {path.data(), path.size()}, 11};
  out.set(wire::field::host, "localhost");
  out.set(wire::field::connection, "Upgrade");
  out.set(wire::field::upgrade, "websocket");
  out.set(wire::field::sec_websocket_version, "13");
  out.set(wire::field::sec_websocket_key, by.key);
  return out;
}

// A CloudEvent that tells of the gap, so that all messages are CloudEvents.
std::string gap_event(const actors::history_page::gap& missed) {
  return fmt::format(R"({{"streamid":"{}","specversion":"1.0","id":"{}-{}",)"
                     R"("source":"/v1/ws","type":"pawl.stream.gap.v1",)"
                     R"("datacontenttype":"application/json","data":{}}})",
                     missed.to, missed.from, missed.to, gap_json(missed));
}

class websocket : public outlet {
public:
  websocket(core& in, connection& client, const followed& what)
      : in_{in}, client_{client}, by_{*what.want.websocket}, path_{what.path},
        socket_{client.stream} {}

  async<bool> open() override {
    const auto& o = in_.options;
    socket_.set_option(
      ws::stream_base::timeout{.handshake_timeout = o.header_deadline,
                               // A ping goes out at half of it.
                               .idle_timeout = 2 * o.stream_keepalive,
                               .keep_alive_pings = true});
    socket_.set_option(ws::stream_base::decorator{
      [named = by_.named](ws::response_type& answer) {
        answer.set(wire::field::server, "pawl");
        if (named)
          answer.set(wire::field::sec_websocket_protocol,
                     beast::string_view{websocket_protocol.data(),
                                        websocket_protocol.size()});
      }});
    socket_.read_message_max(client_message_max);
    socket_.auto_fragment(false);
    socket_.text(true);
    socket_.control_callback([this](ws::frame_type kind, beast::string_view) {
      spend();
      if (kind == ws::frame_type::close)
        let_go();
    });
    net_error failure;
    no_deadline();
    const auto request = handshake_of(by_, path_);
    co_await socket_.async_accept(request, into(failure));
    if (failure) {
      client_.cut();
      co_return false;
    }
    opened_ = listening_ = true;
    net::co_spawn(client_.on->context.get_executor(), listen(),
                  [this](const std::exception_ptr&) {
                    listening_ = false;
                    client_.wake.cancel();
                  });
    co_return true;
  }

  async<bool> send(const actors::history_page& page) override {
    // GCC 12 frees a temporary in co_await twice, so each text has a name.
    std::string text;
    if (page.missed) {
      text = gap_event(*page.missed);
      const bool sent = co_await send_text(text);
      if (!sent)
        co_return false;
    }
    for (const auto& item : page.items) {
      text = item.json;
      if (by_.numbers)
        text.replace(0, 1, fmt::format(R"({{"streamid":"{}",)", item.number));
      const bool sent = co_await send_text(text);
      if (!sent)
        co_return false;
    }
    co_return true;
  }

  // Beast sends the pings, and ends what is not answered; but it waits without
  // a limit for the end of a connection that it has closed itself.
  async<bool> keep_alive(std::optional<sequence>) override {
    if (!socket_.is_open())
      client_.cut();
    co_return socket_.is_open();
  }

  async<void> close(stream_end why) override { return shut(reason_of(why)); }

  [[nodiscard]] bool is_gone() const override { return !listening_; }

  // Ends all that is still under way. If nothing has begun, does nothing.
  async<void> leave() {
    if (!opened_)
      co_return;
    const ws::close_reason too_many{ws::close_code::policy_error,
                                    "Too many messages."};
    if (flooded_)
      co_await shut(too_many);
    // Who has let go is answered first, and `ending_` sees that it ends.
    if (!let_go_)
      client_.cut();
    while (listening_) {
      net_error ignored;
      client_.wake.expires_after(close_patience);
      co_await client_.wake.async_wait(into(ignored));
    }
    client_.cut();
  }

private:
  // Reads what the client sends, for the sake of pongs and of its leaving.
  async<void> listen() {
    std::array<char, 1024> dropped{};
    net_error failure;
    while (!failure && !flooded_) {
      co_await socket_.async_read_some(net::buffer(dropped), into(failure));
      spend();
    }
  }

  // A client that pings without end is not even told.
  void spend() {
    const auto now = std::chrono::steady_clock::now();
    if (now - counted_from_ > in_.options.stream_keepalive) {
      counted_from_ = now;
      frames_ = 0;
    }
    if (++frames_ > client_frames_max)
      flooded_ = true;
    if (frames_ > 2 * client_frames_max)
      client_.cut();
  }

  async<bool> send_text(std::string_view text) {
    if (client_.is_cut() || !listening_ || let_go_)
      co_return false;
    net_error failure;
    client_.expires_after(in_.options.write_deadline
                          * static_cast<std::int64_t>(1 + text.size() / slice));
    co_await socket_.async_write(net::buffer(text.data(), text.size()),
                                 into(failure));
    no_deadline();
    co_return !failure;
  }

  async<void> shut(ws::close_reason why) {
    net_error ignored;
    client_.expires_after(close_patience);
    co_await socket_.async_close(why, into(ignored));
  }

  // Nothing is due from the client but pongs, which Beast sees to.
  void no_deadline() {
    if (!let_go_)
      client_.expires_at(std::chrono::steady_clock::time_point::max());
  }

  // The client closes: it is answered, and then expected to hang up.
  void let_go() {
    if (std::exchange(let_go_, true))
      return;
    // Beast waits without a limit for it to do so.
    ending_.expires_after(close_patience);
    ending_.async_wait([this, still = std::weak_ptr{here_}](net_error failed) {
      if (!failed && !still.expired())
        client_.cut();
    });
  }

  core& in_;
  connection& client_;
  const upgrade by_;
  const std::string path_;
  socket_type socket_;
  std::uint32_t frames_ = 0; ///< Of the client, since `counted_from_`.
  std::chrono::steady_clock::time_point counted_from_
    = std::chrono::steady_clock::now();
  bool flooded_ = false;
  bool let_go_ = false;
  net::steady_timer ending_{client_.on->context};
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
  bool opened_ = false;
  bool listening_ = false;
};

} // namespace

async<std::optional<response>> run_websocket(core& in, connection& client,
                                             followed what) {
  websocket out{in, client, what};
  auto instead = co_await follow_stream(in, client, std::move(what), out);
  if (!instead)
    co_await out.leave();
  co_return instead;
}

} // namespace pawl::http
