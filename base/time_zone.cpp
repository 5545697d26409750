#include "base/time_zone.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

namespace pawl {

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::string_view directory = "/usr/share/zoneinfo/";
/// The largest file of the database has some 4 KiB.
constexpr std::size_t file_max = 65'536;
constexpr std::size_t name_max = 64;
constexpr std::size_t header_size = 44;
/// No zone is or was farther from UTC than this.
constexpr seconds offset_max = std::chrono::hours{26};
/// The ends of time, far enough from those of the type to add an offset. Some
/// files begin with the Big Bang at -2^59.
constexpr sys_seconds never_before{seconds{-(std::int64_t{1} << 60)}};
constexpr sys_seconds never_after{seconds{std::int64_t{1} << 60}};

error damaged() {
  return {errc::corrupt, "The file of the time zone makes no sense."};
}

/// Takes big-endian numbers off the front of a text.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : rest_{bytes} {}

  std::int64_t number(std::size_t size) {
    if (rest_.size() < size) {
      failed_ = true;
      return 0;
    }
    // The first byte brings the sign.
    auto n = static_cast<std::uint64_t>(
      static_cast<std::int64_t>(static_cast<signed char>(rest_[0])));
    for (std::size_t i = 1; i < size; ++i)
      n = n << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(size);
    return static_cast<std::int64_t>(n);
  }

  void skip(std::size_t size) {
    failed_ = failed_ || rest_.size() < size;
    rest_.remove_prefix(std::min(size, rest_.size()));
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

private:
  std::string_view rest_;
  bool failed_ = false;
};

struct header {
  std::size_t utc = 0, standard = 0, leaps = 0, changes = 0, types = 0,
              names = 0;

  /// How long the block behind it is whose times have `size` bytes.
  [[nodiscard]] std::size_t block(std::size_t size) const {
    return changes * (size + 1) + types * 6 + names + leaps * (size + 4)
           + standard + utc;
  }
};

std::optional<header> read_header(byte_reader& in) {
  const auto bytes = in.rest();
  if (bytes.size() < header_size || bytes.substr(0, 4) != "TZif"
      || bytes[4] < '2')
    return std::nullopt;
  in.skip(20);
  header h;
  for (auto* count :
       {&h.utc, &h.standard, &h.leaps, &h.changes, &h.types, &h.names}) {
    const auto n = in.number(4);
    if (n < 0 || static_cast<std::size_t>(n) > file_max)
      return std::nullopt;
    *count = static_cast<std::size_t>(n);
  }
  return h;
}

} // namespace

/// Reads what POSIX calls a TZ: "CET-1CEST,M3.5.0,M10.5.0/3".
class time_zone::footer_reader {
public:
  explicit footer_reader(std::string_view text) : rest_{text} {}

  std::optional<rule> read() {
    rule out;
    name();
    out.standard = -offset();
    if (failed_)
      return std::nullopt;
    if (rest_.empty())
      return out;
    name();
    out.summer = out.standard + std::chrono::hours{1};
    if (!rest_.empty() && rest_[0] != ',')
      out.summer = -offset();
    yearly to = turn();
    yearly back = turn();
    if (failed_ || !rest_.empty())
      return std::nullopt;
    out.turns = {to, back};
    return out;
  }

private:
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  void name() {
    const bool quoted = take('<');
    const auto end = rest_.find_first_of(quoted ? ">" : "+-0123456789,");
    if (end == 0 || (quoted && end == std::string_view::npos)) {
      failed_ = true;
      return;
    }
    rest_.remove_prefix(std::min(end, rest_.size()));
    if (quoted)
      take('>');
  }

  int number(int low, int high) {
    if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9')
      failed_ = true;
    int n = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9' && n <= high;
         rest_.remove_prefix(1))
      n = n * 10 + (rest_[0] - '0');
    failed_ = failed_ || n < low || n > high;
    return n;
  }

  seconds offset() {
    const bool minus = take('-');
    if (!minus)
      take('+');
    seconds s = std::chrono::hours{number(0, 167)};
    if (take(':'))
      s += std::chrono::minutes{number(0, 59)};
    if (take(':'))
      s += seconds{number(0, 59)};
    return minus ? -s : s;
  }

  yearly turn() {
    yearly out;
    failed_ = failed_ || !take(',');
    if (take('M')) {
      out.month = number(1, 12);
      failed_ = failed_ || !take('.');
      out.week = number(1, 5);
      failed_ = failed_ || !take('.');
      out.day = number(0, 6);
    } else {
      const bool julian = take('J');
      out.how = julian ? yearly::kind::julian : yearly::kind::day;
      out.day = number(julian ? 1 : 0, 365);
    }
    out.at = take('/') ? offset() : seconds{std::chrono::hours{2}};
    return out;
  }

  std::string_view rest_;
  bool failed_ = false;
};

sys_seconds time_zone::yearly::in(int year) const {
  using namespace std::chrono;
  const std::chrono::year y{year};
  switch (how) {
  case kind::julian: { // 1 to 365; 29 February is never counted.
    const bool behind = y.is_leap() && day >= 60;
    return sys_days{y / January / 1} + days{day - 1 + (behind ? 1 : 0)} + at;
  }
  case kind::day:
    return sys_days{y / January / 1} + days{day} + at;
  case kind::weekday:
    break;
  }
  const auto m = std::chrono::month{static_cast<unsigned>(month)};
  const weekday w{static_cast<unsigned>(day)};
  const sys_days found = week == 5
                           ? sys_days{y / m / w[last]}
                           : sys_days{y / m / w[static_cast<unsigned>(week)]};
  return found + at;
}

result<time_zone> time_zone::parse(std::string_view file) {
  byte_reader in{file};
  const auto old = read_header(in);
  if (!old)
    return damaged();
  in.skip(old->block(4)); // The same with times of four bytes.
  const auto head = read_header(in);
  if (!head || head->leaps != 0 || head->types == 0)
    return damaged();
  time_zone out;
  out.changes_.resize(head->changes);
  for (auto& c : out.changes_)
    c.when = sys_seconds{seconds{in.number(8)}};
  std::vector<std::size_t> type_of(head->changes);
  for (auto& t : type_of)
    t = static_cast<std::size_t>(in.number(1)) & 0xff;
  std::vector<seconds> offsets(head->types);
  for (auto& o : offsets) {
    o = seconds{in.number(4)};
    in.skip(2);
    if (o > offset_max || o < -offset_max)
      return damaged();
  }
  in.skip(head->names + head->standard + head->utc);
  out.first_ = offsets[0];
  for (std::size_t i = 0; i < type_of.size(); ++i) {
    if (type_of[i] >= offsets.size()
        || (i > 0 && out.changes_[i].when <= out.changes_[i - 1].when)
        || out.changes_[i].when <= never_before
        || out.changes_[i].when >= never_after)
      return damaged();
    out.changes_[i].offset = offsets[type_of[i]];
  }
  auto footer = in.rest();
  const auto end = footer.find('\n', 1);
  if (in.failed() || end == std::string_view::npos || footer[0] != '\n')
    return damaged();
  footer = footer.substr(1, end - 1);
  if (!footer.empty() && !(out.after_ = footer_reader{footer}.read()))
    return damaged();
  return out;
}

bool time_zone::valid_name(std::string_view name) {
  if (name.empty() || name.size() > name_max || name.front() == '/'
      || name.back() == '/' || name.find("//") != std::string_view::npos)
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-'
           || c == '/';
  });
}

result<time_zone> time_zone::load(std::string_view name) {
  if (name.empty() || name == "UTC")
    return time_zone{};
  const auto unknown = [&] {
    return error{errc::invalid_request,
                 "There is no time zone \"" + std::string{name}
                   + "\" in the time zone data of this host ("
                   + std::string{directory} + ")."};
  };
  if (!valid_name(name))
    return unknown();
  std::ifstream file{std::string{directory} + std::string{name},
                     std::ios::binary};
  std::string bytes(file_max + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(
    file.gcount(), 0))); // A directory opens, but yields nothing.
  if (bytes.empty())
    return unknown();
  if (bytes.size() > file_max)
    return damaged();
  return parse(bytes);
}

time_zone::span time_zone::at(sys_seconds when) const {
  const auto next = std::upper_bound(
    changes_.begin(), changes_.end(), when,
    [](sys_seconds t, const change& c) { return t < c.when; });
  if (next == changes_.end() && after_)
    return by_rule(when);
  return {
    .begin = next == changes_.begin() ? never_before : std::prev(next)->when,
    .end = next == changes_.end() ? never_after : next->when,
    .offset = next == changes_.begin() ? first_ : std::prev(next)->offset};
}

time_zone::span time_zone::by_rule(sys_seconds when) const {
  const auto from = changes_.empty() ? never_before : changes_.back().when;
  if (!after_->turns)
    return {from, never_after, after_->standard};
  // The year of UTC is not always that of the zone: look at those around, too.
  using namespace std::chrono;
  const auto day
    = floor<days>(std::clamp(when, sys_seconds{sys_days{year{-9000} / 1 / 1}},
                             sys_seconds{sys_days{year{9000} / 1 / 1}}));
  const int middle = int{year_month_day{day}.year()};
  std::array<change, 6> turns;
  const auto& [to, back] = *after_->turns;
  for (std::size_t i = 0; i < turns.size(); i += 2) {
    const int y = middle - 1 + static_cast<int>(i / 2);
    const auto summer_from = to.in(y);
    const auto summer_until = back.in(y);
    turns[i] = {summer_from - after_->standard, after_->summer};
    turns[i + 1] = {summer_until - after_->summer, after_->standard};
  }
  std::sort(turns.begin(), turns.end(),
            [](const change& a, const change& b) { return a.when < b.when; });
  const auto next = std::upper_bound(
    turns.begin(), turns.end(), when,
    [](sys_seconds t, const change& c) { return t < c.when; });
  if (next == turns.begin())
    return {from, next->when, after_->standard};
  const auto& now = *std::prev(next);
  return {std::max(from, now.when),
          next == turns.end() ? never_after : next->when, now.offset};
}

} // namespace pawl
