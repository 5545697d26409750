#pragma once

#include "actors/gateway.hpp"
#include "http/message.hpp"
#include "http/options.hpp"
#include "http/target.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a handler is: a plain function that turns a request into an answer, an
/// order to the daemon, or a stream. It never waits; the session does.
namespace pawl::http {

/// A request on its way to a handler. All references are valid until the answer
/// has been made, but an order's `send` must own what it hands on.
struct call {
  const request& message;
  const target& where;
  /// What the pattern's {names} stand for, in their order.
  std::vector<std::string_view> names;
  const actors::gateway& daemon;
  const server_options& options;
  /// Who asks; null if nobody is asked who he is.
  access::caller_ptr who = nullptr;
  /// What goes with every request to the daemon; see actors/gateway.hpp.
  access::mandate_ptr by = nullptr;
  /// What the server listens on; null if it does not.
  const std::vector<std::string>* places = nullptr;

  /// The value of the query parameter `name`; null if it is absent.
  [[nodiscard]] const std::string* parameter(std::string_view name) const {
    return where.parameter(name);
  }
};

/// Something to ask of the daemon, and how to tell what it says.
struct order {
  /// Hands the order over; the reply comes later, on any thread, or never.
  std::function<void(actors::reply_to)> send;
  /// Makes the answer to the client; null: as answer_response() does.
  std::function<response(const actors::answer&)> tell = {};
  /// How much longer than usual the reply may take: what the client waits for.
  duration patience{};
  /// What to do about an answer that the client cannot get any more, since it
  /// has closed the connection meanwhile; null: nothing.
  std::function<void(const actors::answer&)> undelivered = {};
};

/// What a client asked for that is to become a WebSocket.
struct upgrade {
  std::string key;    ///< Sec-WebSocket-Key
  bool named = false; ///< It offers our subprotocol, and wants it confirmed.
  /// The items do not say their number; it is to be put in as `streamid`.
  bool numbers = false;
};

/// Numbered items from behind `after`: the journal of an instance, or the
/// lifecycle of all.
struct stream {
  /// Reads on; what it owns must stay valid for as long as the stream.
  std::function<void(sequence after, std::uint32_t limit,
                     actors::history_reply)>
    read;
  /// Calls back, on any thread, when there is more.
  std::function<std::unique_ptr<actors::watch>(std::function<void()>)> observe;
  sequence after = 0;
  /// Whether the client may still see it; null: it may.
  std::function<bool()> stands = {};
  /// The client is a browser that reconnects by itself until a 204 stops it.
  bool reconnects = false;
  /// Quiet clients learn how far was looked, so that they come back there.
  bool tells_position = false;
  /// Absent: server-sent events.
  std::optional<upgrade> websocket = {};
};

using outcome = std::variant<response, order, stream>;
using handler = outcome (*)(const call&);

/// What `said` is as an answer: status, body, Location, ETag, replay mark.
[[nodiscard]] response answer_response(const actors::answer& said);

/// The problem for `why` as an outcome.
[[nodiscard]] outcome refuse(error why, const call& from);

} // namespace pawl::http
