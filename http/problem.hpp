#pragma once

#include "actors/gateway.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

#include <string_view>

/// How every failure leaves the daemon: RFC 9457 problem details.
namespace pawl::http {

/// What only the edge itself refuses, before the daemon is asked. Each slug
/// has a page in docs/errors/, like those of errc.
enum class refused : std::uint8_t {
  bad_request = 1,        ///< Not HTTP, or a field that makes no sense.
  forbidden_host,         ///< Host names somebody else: DNS rebinding.
  forbidden_origin,       ///< A web page of another site asks.
  method_not_allowed,     ///< The path is known, not with this method.
  request_timeout,        ///< The request came too slowly.
  unsupported_media_type, ///< A body of a kind that is not read here.
  expectation_failed,     ///< An Expect other than 100-continue.
  header_too_large,       ///< Request line and fields over their limit.
  too_many_connections,   ///< Connections or streams over their limit.
  version_not_supported,  ///< Neither HTTP/1.0 nor HTTP/1.1.
  unauthenticated,        ///< No token, or a bad one.
  forbidden,              ///< Others may, but not who asks.
  too_many_bad_tokens,    ///< From one address.
  lease_lost,             ///< A worker's lease is over: too late.
  upgrade_required,       ///< Only a WebSocket begins here.
  not_ready,              ///< The daemon starts, drains or has no disk.
};

/// The slug of a refusal: "method-not-allowed".
[[nodiscard]] std::string_view slug(refused code);

/// The HTTP status of a code. This and the next are the only tables of them.
[[nodiscard]] unsigned status_of(errc code);
[[nodiscard]] unsigned status_of(refused code);

/// The problem for what the daemon refused. `path` is the request's path, the
/// problem's `instance`. Adds Location and Retry-After where they belong.
[[nodiscard]] response problem(const actors::refusal& why,
                               std::string_view path);

/// The problem for an error found by the edge in what a user sent.
[[nodiscard]] response problem(error why, std::string_view path);

/// The problem for what the edge refuses by itself.
[[nodiscard]] response problem(refused code, std::string_view detail,
                               std::string_view path);

} // namespace pawl::http
