#include "base/time.hpp"

#include <atomic>
#include <fmt/format.h>

namespace pawl {

namespace {

std::atomic<std::int64_t> clock_shift_ms{0};

/// Takes the fields of a timestamp off the front of a text.
class field_reader {
public:
  explicit field_reader(std::string_view text) : rest_{text} {}

  /// Takes exactly `digits` digits that lie within `low` and `high`.
  int number(int digits, int low, int high) {
    int n = 0;
    for (int i = 0; i < digits; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9')
        return fail();
      n = n * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return n < low || n > high ? fail() : n;
  }

  /// Takes one of the characters in `any`.
  char one_of(std::string_view any) {
    if (rest_.empty() || any.find(rest_[0]) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  /// Takes ".123456" if it is there, as milliseconds.
  int fraction() {
    if (rest_.empty() || rest_[0] != '.')
      return 0;
    rest_.remove_prefix(1);
    int ms = 0;
    int digits = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; ++digits) {
      if (digits < 3)
        ms = ms * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (digits == 0)
      return fail();
    for (; digits < 3; ++digits)
      ms *= 10;
    return ms;
  }

  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

private:
  int fail() {
    good_ = false;
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

} // namespace

std::string to_text(timestamp t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{t - day};
  return fmt::format(
    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
    clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
    clock.subseconds().count());
}

result<timestamp> parse_timestamp(std::string_view text) {
  field_reader in{text};
  const int year = in.number(4, 0, 9999);
  in.one_of("-");
  const int month = in.number(2, 1, 12);
  in.one_of("-");
  const int day = in.number(2, 1, 31);
  in.one_of("Tt ");
  const int hour = in.number(2, 0, 23);
  in.one_of(":");
  const int minute = in.number(2, 0, 59);
  in.one_of(":");
  const int second = in.number(2, 0, 60); // 60 is a leap second.
  const int ms = in.fraction();
  const char zone = in.one_of("Zz+-");
  int offset = 0;
  if (zone == '+' || zone == '-') {
    offset = in.number(2, 0, 23) * 60;
    in.one_of(":");
    offset += in.number(2, 0, 59);
    if (zone == '-')
      offset = -offset;
  }
  const std::chrono::year_month_day date{
    std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
    std::chrono::day{static_cast<unsigned>(day)}};
  if (!in.done() || !date.ok())
    return error{errc::malformed,
                 fmt::format("'{}' is not a time; write it as RFC 3339 does: "
                             "2026-01-31T23:59:59Z",
                             text.substr(0, 64))};
  return timestamp{std::chrono::sys_days{date} + std::chrono::hours{hour}
                   + std::chrono::minutes{minute - offset}
                   + std::chrono::seconds{second} + duration{ms}};
}

timestamp clock::now() {
  const auto real = std::chrono::floor<std::chrono::milliseconds>(
    std::chrono::system_clock::now());
  return real + duration{clock_shift_ms.load(std::memory_order_relaxed)};
}

void clock::shift(duration by) {
  clock_shift_ms.fetch_add(by.count(), std::memory_order_relaxed);
}

} // namespace pawl
