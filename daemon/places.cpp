#include "daemon/places.hpp"

#include <arpa/inet.h>

namespace pawl::daemon {

bool is_local(const std::string& place) {
  if (place.starts_with("unix:"))
    return true;
  auto host = place.substr(0, place.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1)
    return IN6_IS_ADDR_LOOPBACK(&six);
  in_addr four{};
  return host == "localhost"
         || (inet_pton(AF_INET, host.c_str(), &four) == 1
             && (ntohl(four.s_addr) >> 24) == 127);
}

} // namespace pawl::daemon
