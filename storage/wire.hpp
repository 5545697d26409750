#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "storage/keys.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pawl::storage {

// Values of rows: a format byte, fields, and a CRC-32C over all before it.

/// Begins a value of format `format`.
[[nodiscard]] inline std::string begin_value(std::uint8_t format,
                                             std::size_t reserve) {
  std::string out;
  out.reserve(reserve + 5);
  out.push_back(static_cast<char>(format));
  return out;
}
/// Ends a value with its checksum.
inline void seal(std::string& value) {
  put_u32(value, crc32c(value));
}

inline void put_text(std::string& out, std::string_view text) {
  put_u32(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}
/// Absent times are kept as the smallest there is.
inline void put_optional_time(std::string& out,
                              const std::optional<timestamp>& t) {
  put_time(out, t.value_or(timestamp::min()));
}

/// Takes fields off the front of a value. After a field that is not there, all
/// that follows is empty and `broken()` is true.
class wire_reader {
public:
  /// Checks the seal and the format; `broken()` tells.
  wire_reader(std::string_view value, std::uint8_t format) : rest_{value} {
    constexpr std::size_t least = 5;
    if (value.size() < least) {
      broken_ = true;
      return;
    }
    const auto summed = value.substr(0, value.size() - 4);
    broken_ = get_u32(value.substr(summed.size())) != crc32c(summed)
              || static_cast<std::uint8_t>(summed[0]) != format;
    rest_ = summed.substr(1);
  }

  [[nodiscard]] bool broken() const { return broken_; }
  /// Whether all fields were read and nothing is left.
  [[nodiscard]] bool done() const { return !broken_ && rest_.empty(); }

  std::string_view take(std::size_t n) {
    if (broken_ || rest_.size() < n) {
      broken_ = true;
      return {};
    }
    const auto out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  std::uint64_t number(int bytes) {
    const auto raw = take(static_cast<std::size_t>(bytes));
    return broken_ ? 0 : get_be(raw, bytes);
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::string_view text() { return take(u32()); }
  timestamp time() {
    const auto raw = take(8);
    return broken_ ? timestamp{} : time_at(raw);
  }
  std::optional<timestamp> optional_time() {
    const auto t = time();
    return t == timestamp::min() ? std::nullopt : std::optional{t};
  }

private:
  std::string_view rest_;
  bool broken_ = false;
};

/// The failure of a row whose value does not decode.
[[nodiscard]] inline error broken_row(family where, std::string_view key) {
  return {errc::corrupt,
          std::string{"row "} + to_hex(key) + " of the family "
            + std::string{family_names[static_cast<std::size_t>(where)]}
            + " is damaged or newer than this program"};
}

} // namespace pawl::storage
