#include "base/time.hpp"
#include "workflow/duration.hpp"
#include "workflow/schema/node.hpp"

#include <algorithm>
#include <array>

namespace pawl::schemas {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Whether `text` has the shape `shape`, in which '0' stands for a digit.
bool has_shape(std::string_view text, std::string_view shape) {
  return std::equal(
    text.begin(), text.end(), shape.begin(), shape.end(),
    [](char c, char s) { return s == '0' ? is_digit(c) : c == s; });
}

int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int n = 0;
  for (std::size_t i = at; i < at + digits; ++i)
    n = n * 10 + (text[i] - '0');
  return n;
}

bool is_date(std::string_view text) {
  if (!has_shape(text, "0000-00-00"))
    return false;
  return std::chrono::year_month_day{
    std::chrono::year{number_at(text, 0, 4)},
    std::chrono::month{static_cast<unsigned>(number_at(text, 5, 2))},
    std::chrono::day{static_cast<unsigned>(number_at(text, 8, 2))}}
    .ok();
}

/// RFC 3339's full-time: a fraction and an offset or Z; second 60 only where a
/// leap second can be.
bool is_time(std::string_view text) {
  if (text.size() < 9 || !has_shape(text.substr(0, 8), "00:00:00"))
    return false;
  const int hour = number_at(text, 0, 2);
  const int minute = number_at(text, 3, 2);
  const int second = number_at(text, 6, 2);
  if (hour > 23 || minute > 59 || second > 60)
    return false;
  auto rest = text.substr(8);
  if (rest.front() == '.') {
    rest.remove_prefix(1);
    const auto end = static_cast<std::size_t>(
      std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
    if (end == 0)
      return false;
    rest.remove_prefix(end);
  }
  int offset = 0;
  if (rest != "Z" && rest != "z") {
    if (!has_shape(rest, "+00:00") && !has_shape(rest, "-00:00"))
      return false;
    const int hours = number_at(rest, 1, 2);
    const int minutes = number_at(rest, 4, 2);
    if (hours > 23 || minutes > 59)
      return false;
    offset = (hours * 60 + minutes) * (rest.front() == '-' ? -1 : 1);
  }
  constexpr int day = 24 * 60;
  const int utc = ((hour * 60 + minute - offset) % day + day) % day;
  return second < 60 || utc == day - 1;
}

bool is_date_time(std::string_view text) {
  return text.size() > 11 && is_date(text.substr(0, 10))
         && (text[10] == 'T' || text[10] == 't') && is_time(text.substr(11));
}

/// RFC 3339 appendix A: units in order, weeks alone, no fractions.
bool is_duration(std::string_view text) {
  if (text.find('.') != std::string_view::npos || text.ends_with('T'))
    return false;
  if (text.find('W') != std::string_view::npos
      && std::count_if(text.begin(), text.end(), is_letter) != 2)
    return false;
  return static_cast<bool>(parse_iso_duration(text));
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253)
    return false;
  for (;;) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    const bool good = !label.empty() && label.size() <= 63
                      && label.front() != '-' && label.back() != '-'
                      && std::all_of(label.begin(), label.end(), [](char c) {
                           return is_letter(c) || is_digit(c) || c == '-';
                         });
    if (!good)
      return false;
    if (dot == std::string_view::npos)
      return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const auto end = std::min(text.find('.'), text.size());
    const auto digits = text.substr(0, end);
    if (digits.empty() || digits.size() > 3
        || !std::all_of(digits.begin(), digits.end(), is_digit)
        || (digits.size() > 1 && digits.front() == '0')
        || number_at(digits, 0, digits.size()) > 255)
      return false;
    text.remove_prefix(end);
    if (part < 3 && (text.empty() || text.front() != '.'))
      return false;
    if (part < 3)
      text.remove_prefix(1);
  }
  return text.empty();
}

/// Counts the groups of one side of an IPv6 address; -1 if one is wrong.
int ipv6_groups(std::string_view text, bool may_end_in_ipv4) {
  if (text.empty())
    return 0;
  for (int count = 1;; ++count) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && may_end_in_ipv4 && group.find('.') != std::string_view::npos)
      return is_ipv4(group) ? count + 1 : -1;
    if (group.empty() || group.size() > 4
        || !std::all_of(group.begin(), group.end(), is_hex))
      return -1;
    if (last)
      return count;
    text.remove_prefix(colon + 1);
  }
}

bool is_ipv6(std::string_view text) {
  constexpr int groups = 8;
  const auto gap = text.find("::");
  if (gap == std::string_view::npos)
    return ipv6_groups(text, true) == groups;
  const auto front = ipv6_groups(text.substr(0, gap), false);
  const auto back = ipv6_groups(text.substr(gap + 2), true);
  return front >= 0 && back >= 0 && front + back < groups;
}

/// A mailbox of RFC 5321: a dotted or quoted local part, a host or an address
/// in brackets.
bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64)
    return false;
  const auto local = text.substr(0, at);
  const auto host = text.substr(at + 1);
  constexpr std::string_view special = ".!#$%&'*+-/=?^_`{|}~";
  const bool dotted
    = local.front() != '.' && local.back() != '.'
      && local.find("..") == std::string_view::npos
      && std::all_of(local.begin(), local.end(), [special](char c) {
           return is_letter(c) || is_digit(c)
                  || special.find(c) != std::string_view::npos;
         });
  const bool is_quoted
    = local.size() > 2 && local.front() == '"' && local.back() == '"';
  if (!dotted && !is_quoted)
    return false;
  if (host.starts_with("[IPv6:") && host.ends_with(']'))
    return is_ipv6(host.substr(6, host.size() - 7));
  if (host.starts_with('[') && host.ends_with(']'))
    return is_ipv4(host.substr(1, host.size() - 2));
  return is_hostname(host);
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view shape = "00000000-0000-0000-0000-000000000000";
  return std::equal(
    text.begin(), text.end(), shape.begin(), shape.end(),
    [](char c, char s) { return s == '0' ? is_hex(c) : c == s; });
}

bool is_uri_reference(std::string_view text) {
  constexpr std::string_view allowed = "-._~:/?#[]@!$&'()*+,;=%";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_letter(c) && !is_digit(c)
        && allowed.find(c) == std::string_view::npos)
      return false;
    if (c == '%'
        && (i + 2 >= text.size() || !is_hex(text[i + 1])
            || !is_hex(text[i + 2])))
      return false;
  }
  const auto hash = text.find('#');
  if (hash != std::string_view::npos
      && text.find('#', hash + 1) != std::string_view::npos)
    return false;
  // Brackets belong to an address within the authority alone.
  const auto slashes = text.find("//");
  const auto start
    = slashes == std::string_view::npos ? text.size() : slashes + 2;
  const auto end = std::min(text.find_first_of("/?#", start), text.size());
  for (const auto bracket : {'[', ']'})
    for (auto i = text.find(bracket); i != std::string_view::npos;
         i = text.find(bracket, i + 1))
      if (i < start || i >= end)
        return false;
  const auto colon = text.find(':');
  return colon != 0;
}

bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && is_letter(text.front())
         && std::all_of(text.begin(),
                        text.begin() + static_cast<std::ptrdiff_t>(colon),
                        [](char c) {
                          return is_letter(c) || is_digit(c) || c == '+'
                                 || c == '-' || c == '.';
                        })
         && is_uri_reference(text);
}

bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/')
    return false;
  for (auto at = text.find('~'); at != std::string_view::npos;
       at = text.find('~', at + 1))
    if (at + 1 >= text.size() || (text[at + 1] != '0' && text[at + 1] != '1'))
      return false;
  return true;
}

bool is_regex(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  constexpr std::int64_t memory_max = std::int64_t{256} * 1024;
  options.set_max_mem(memory_max);
  return RE2{re2::StringPiece{text.data(), text.size()}, options}.ok();
}

struct row {
  std::string_view name;
  format_check check; ///< Null: known, but only an annotation.
};
constexpr std::array<row, 22> rows{{
  {"date-time", &is_date_time},
  {"date", &is_date},
  {"time", &is_time},
  {"duration", &is_duration},
  {"email", &is_email},
  {"hostname", &is_hostname},
  {"ipv4", &is_ipv4},
  {"ipv6", &is_ipv6},
  {"uuid", &is_uuid},
  {"uri", &is_uri},
  {"uri-reference", &is_uri_reference},
  {"json-pointer", &is_json_pointer},
  {"regex", &is_regex},
  // OpenAPI's hints, which say how to store or show a value.
  {"int32", nullptr},
  {"int64", nullptr},
  {"float", nullptr},
  {"double", nullptr},
  {"byte", nullptr},
  {"binary", nullptr},
  {"password", nullptr},
  {"markdown", nullptr},
  {"html", nullptr},
}};

} // namespace

format_rule find_format(std::string_view name) {
  for (const auto& each : rows)
    if (each.name == name)
      return {true, each.check};
  return {};
}

} // namespace pawl::schemas
