#include "access/throttle.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace pawl::access {

std::optional<duration> throttle::miss(std::string_view place, timestamp now) {
  const std::lock_guard hold{lock_};
  auto at = entries_.find(place);
  if (at == entries_.end()) {
    if (entries_.size() >= bounds_.places_max)
      entries_.erase(std::ranges::min_element(
        entries_, {}, [](const auto& e) { return e.second.last; }));
    at = entries_.emplace(std::string{place}, entry{now, now, 0}).first;
  }
  auto& e = at->second;
  // A clock that went back begins a new window as well.
  if (now - e.since >= bounds_.window || now < e.since)
    e = {now, now, 0};
  e.last = now;
  if (++e.misses <= bounds_.misses_max)
    return std::nullopt;
  return e.since + bounds_.window - now;
}

std::size_t throttle::places() const {
  const std::lock_guard hold{lock_};
  return entries_.size();
}

std::string place_of(std::string_view address) {
  std::string text{address};
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1
      || IN6_IS_ADDR_V4MAPPED(&six))
    return text;
  std::fill(std::begin(six.s6_addr) + 8, std::end(six.s6_addr),
            std::uint8_t{0});
  char out[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, &six, out, sizeof out);
  return std::string{out} + "/64";
}

} // namespace pawl::access
