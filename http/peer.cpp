#include "http/peer.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace pawl::http {

namespace {

access::peer unix_peer(int descriptor) {
  access::peer out{.is_local = true, .address = "unix"};
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0)
    out.uid = who.uid;
  return out;
}

access::peer ipv4_peer(const in_addr& address) {
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &address, text, sizeof text);
  return {.is_local = (ntohl(address.s_addr) >> 24) == 127, .address = text};
}

access::peer ipv6_peer(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    in_addr inner{};
    __builtin_memcpy(&inner, &address.s6_addr[12], sizeof inner);
    return ipv4_peer(inner);
  }
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET6, &address, text, sizeof text);
  return {.is_local = IN6_IS_ADDR_LOOPBACK(&address) != 0, .address = text};
}

} // namespace

access::peer peer_of(int descriptor) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  auto* const any = reinterpret_cast<sockaddr*>(&at);
  if (::getpeername(descriptor, any, &size) != 0)
    return {.address = "unknown"};
  switch (at.ss_family) {
  case AF_UNIX:
    return unix_peer(descriptor);
  case AF_INET:
    return ipv4_peer(reinterpret_cast<const sockaddr_in*>(&at)->sin_addr);
  case AF_INET6:
    return ipv6_peer(reinterpret_cast<const sockaddr_in6*>(&at)->sin6_addr);
  default:
    return {.address = "unknown"};
  }
}

} // namespace pawl::http
