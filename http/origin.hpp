#pragma once

#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who may speak to a listener that asks for no token. A web page in the
/// operator's browser must not reach a daemon on his loopback, neither from
/// another site (Origin) nor under a name of its own that was made to resolve
/// to 127.0.0.1 (Host). docs/decisions/0051-browsers.md has the reasons.
namespace pawl::http {

/// What a listener is bound to.
struct listening_place {
  bool loopback = false;          ///< A TCP address that is loopback.
  std::string address;            ///< "127.0.0.1"; "" for a unix socket.
  std::vector<std::string> hosts; ///< More names to answer to; "*" for all.
  bool tcp = false;               ///< Else a unix socket.
};

/// Why `asked` must be refused with 403; absent if it may go on.
struct origin_fault {
  bool host = false; ///< Host is at fault, else Origin.
  std::string detail;
};
[[nodiscard]] std::optional<origin_fault>
check_origin(const request& asked, const listening_place& at);

/// The host of an authority without its port: "[::1]:80" is "[::1]".
[[nodiscard]] std::string_view host_of(std::string_view authority);

/// Whether `host` names this machine's loopback whoever resolves it.
[[nodiscard]] bool is_loopback_host(std::string_view host);

} // namespace pawl::http
