#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl {

/// The offsets of one time zone for all time: what a TZif file of the IANA
/// database says (RFC 8536). The C++20 time zones are not in the library that
/// we ship on. Leap seconds are not counted, as nowhere in Unix time.
///
/// Immutable once made; safe from any thread.
class time_zone {
public:
  /// A span of time with one offset. `begin` of the first one and `end` of the
  /// last one are the ends of time.
  struct span {
    std::chrono::sys_seconds begin; ///< Its first second.
    std::chrono::sys_seconds end;   ///< One behind its last second.
    std::chrono::seconds offset{};  ///< Local time is UTC plus this.
  };

  /// UTC.
  time_zone() = default;

  /// Reads the zone "Area/City" from the host's database; "" and "UTC" need
  /// none. Blocks on the disk.
  /// Fails with errc::invalid_request if the name is none or the host does not
  /// have it, errc::corrupt if its file makes no sense.
  [[nodiscard]] static result<time_zone> load(std::string_view name);

  /// Takes over the content of a TZif file of version 2 or later.
  /// Fails with errc::corrupt.
  [[nodiscard]] static result<time_zone> parse(std::string_view file);

  /// The span that holds `when`. Two spans that meet may have the same offset.
  [[nodiscard]] span at(std::chrono::sys_seconds when) const;

  /// Whether `name` looks like the name of a zone: letters, digits and "_+-" in
  /// parts joined by '/', at most 64 bytes.
  [[nodiscard]] static bool valid_name(std::string_view name);

private:
  struct change {
    std::chrono::sys_seconds when;
    std::chrono::seconds offset{}; ///< From then on.
  };
  /// One of the two changes of a year, as the file's last line gives it.
  struct yearly {
    enum class kind : std::uint8_t { julian, day, weekday };
    kind how = kind::weekday;
    int month = 0, week = 0, day = 0;
    std::chrono::seconds at{}; ///< Local time of that day, -167 to 167 hours.
    [[nodiscard]] std::chrono::sys_seconds in(int year) const;
  };
  /// What holds behind the last change.
  struct rule {
    std::chrono::seconds standard{};
    std::chrono::seconds summer{};
    std::optional<std::pair<yearly, yearly>> turns; ///< To summer, and back.
  };
  class footer_reader;

  [[nodiscard]] span by_rule(std::chrono::sys_seconds when) const;

  std::chrono::seconds first_{}; ///< Before all changes.
  std::vector<change> changes_;
  std::optional<rule> after_;
};

} // namespace pawl
