#include "http/origin.hpp"

#include <algorithm>

namespace pawl::http {

namespace {

bool ends_with_word(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size()
         && same_word(text.substr(text.size() - suffix.size()), suffix);
}

// "127." and three more numbers; resolvers take other spellings for names.
bool is_loopback_ipv4(std::string_view text) {
  int dots = 0;
  for (char c : text) {
    if (c == '.')
      ++dots;
    else if (c < '0' || c > '9')
      return false;
  }
  return dots == 3 && text.starts_with("127.");
}

bool is_host_allowed(std::string_view host, const listening_place& at) {
  auto bare = host;
  if (bare.starts_with('[') && bare.ends_with(']'))
    bare = bare.substr(1, bare.size() - 2);
  return is_loopback_host(host) || same_word(bare, at.address)
         || std::any_of(at.hosts.begin(), at.hosts.end(),
                        [&](const std::string& name) {
                          return name == "*" || same_word(name, host);
                        });
}

std::string_view authority_of(std::string_view origin) {
  const auto mark = origin.find("://");
  return mark == std::string_view::npos ? std::string_view{}
                                        : origin.substr(mark + 3);
}

} // namespace

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('['))
    return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_loopback_host(std::string_view host) {
  return same_word(host, "localhost") || ends_with_word(host, ".localhost")
         || host == "[::1]" || is_loopback_ipv4(host);
}

std::optional<origin_fault> check_origin(const request& asked,
                                         const listening_place& at) {
  const auto host = trimmed(asked["Host"]);
  if (at.loopback && !host.empty() && !is_host_allowed(host_of(host), at))
    return origin_fault{true, "The field Host names another machine; list it "
                              "under http.hosts if it is this one."};
  if (asked.count("Origin") == 0)
    return std::nullopt;
  const auto authority = authority_of(trimmed(asked["Origin"]));
  if (authority.empty() || !same_word(authority, host))
    return origin_fault{false, "Pages of other sites may not ask."};
  return std::nullopt;
}

} // namespace pawl::http
