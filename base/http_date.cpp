#include "base/http_date.hpp"

#include <array>
#include <ctime>
#include <string>

namespace pawl {

namespace {

// As written today, by RFC 850, and by asctime() of C.
constexpr std::array forms{"%a, %d %b %Y %H:%M:%S GMT",
                           "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};

} // namespace

result<timestamp> parse_http_date(std::string_view text) {
  const std::string whole{text};
  for (const auto* form : forms) {
    std::tm parts{};
    const auto* end = ::strptime(whole.c_str(), form, &parts);
    if (end != whole.c_str() + whole.size() || end == whole.c_str())
      continue;
    const std::chrono::year_month_day day{
      std::chrono::year{parts.tm_year + 1900},
      std::chrono::month{static_cast<unsigned>(parts.tm_mon + 1)},
      std::chrono::day{static_cast<unsigned>(parts.tm_mday)}};
    if (!day.ok())
      break;
    return timestamp{std::chrono::sys_days{day}
                     + std::chrono::hours{parts.tm_hour}
                     + std::chrono::minutes{parts.tm_min}
                     + std::chrono::seconds{parts.tm_sec}};
  }
  return error{errc::malformed, "This is no date as HTTP writes it."};
}

} // namespace pawl
