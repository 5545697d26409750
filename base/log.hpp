#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

/// Structured lines about what the daemon does: an event name and fields, never
/// a sentence with values pasted in.
///
/// Under systemd (when $JOURNAL_STREAM names standard error) each line goes to
/// the journal with its fields as PAWL_*; otherwise it is one JSON object on
/// standard error. Thread safety: every function may be called from any thread;
/// a line is one write(2) or sendmsg(2) and is never mixed with another.
namespace pawl::log {

enum class level : std::uint8_t { debug, info, warn, error };

/// "debug", "info", "warn", "error".
[[nodiscard]] std::string_view to_text(level l);
/// Fails with errc::malformed.
[[nodiscard]] result<level> parse_level(std::string_view text);

/// One value of a line. Text is borrowed: it must live until the call returns.
class value {
public:
  value(std::string_view text) : held_{text} {}
  value(const char* text) : held_{std::string_view{text}} {}
  value(const std::string& text) : held_{std::string_view{text}} {}
  value(bool flag) : held_{flag} {}
  value(double number) : held_{number} {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) value(T number) : held_{widen(number)} {}
  value(duration d) : held_{static_cast<std::int64_t>(d.count())} {}

  [[nodiscard]] const auto& held() const { return held_; }

private:
  using any
    = std::variant<std::string_view, bool, double, std::int64_t, std::uint64_t>;
  template <std::integral T>
  static any widen(T number) {
    if constexpr (std::signed_integral<T>)
      return any{static_cast<std::int64_t>(number)};
    else
      return any{static_cast<std::uint64_t>(number)};
  }
  any held_;
};

/// A named value; the name is lower_snake_case.
struct field {
  std::string_view name;
  value is;
};
using fields = std::initializer_list<field>;

/// Lines below `l` are dropped from now on. The first level is info.
void set_level(level l);
[[nodiscard]] level current_level();
/// Whether a line of level `l` would be written; ask before costly fields.
[[nodiscard]] inline bool enabled(level l) {
  return l >= current_level();
}

/// Writes one line. `event` is "<part>.<what happened>": "instance.restarted".
/// Never fails and never throws: a line that cannot be written is counted in
/// lost_lines() and forgotten.
void write(level l, std::string_view event, fields with = {}) noexcept;

inline void debug(std::string_view event, fields with = {}) noexcept {
  write(level::debug, event, with);
}
inline void info(std::string_view event, fields with = {}) noexcept {
  write(level::info, event, with);
}
inline void warn(std::string_view event, fields with = {}) noexcept {
  write(level::warn, event, with);
}
inline void error(std::string_view event, fields with = {}) noexcept {
  write(level::error, event, with);
}

/// Lines that could not be written since the start.
[[nodiscard]] std::uint64_t lost_lines();

/// The line as JSON with a final newline, as write() puts it out.
[[nodiscard]] std::string json_line(timestamp at, level l,
                                    std::string_view event, fields with);
/// The line as a datagram of the native journal protocol.
[[nodiscard]] std::string journal_entry(level l, std::string_view event,
                                        fields with);

/// Whether $JOURNAL_STREAM, with the text `stream`, names the file behind
/// descriptor `fd`.
[[nodiscard]] bool is_journal_stream(const char* stream, int fd);

/// Sends every later line to the socket at `path` by the journal protocol; ""
/// goes back to JSON on standard error. For tests; the program finds out by
/// itself.
void send_to_journal(const std::string& path);

} // namespace pawl::log
