#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The subset of CBOR (RFC 8949) that Pawl writes: integers, text, arrays and
/// maps of definite length, booleans, null and doubles.
namespace pawl::cbor {

enum class major : std::uint8_t {
  positive = 0,
  negative = 1,
  bytes = 2,
  text = 3,
  array = 4,
  map = 5,
  simple = 7,
};

void put_head(std::string& out, major kind, std::uint64_t n);
inline void put_uint(std::string& out, std::uint64_t n) {
  put_head(out, major::positive, n);
}
void put_int(std::string& out, std::int64_t n);
void put_text(std::string& out, std::string_view text);
void put_bool(std::string& out, bool b);
void put_value(std::string& out, const json::value& value);

/// Reads items from the front of a buffer. After the first fault it stays
/// failed, and every read gives an empty value; check failed() at the end.
class reader {
public:
  explicit reader(std::string_view bytes) : rest_{bytes} {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  void fail() { failed_ = true; }

  std::uint64_t get_uint();
  std::int64_t get_int();
  bool get_bool();
  std::string_view get_text();
  /// The number of items (array) or pairs (map) that follow, never more than
  /// the bytes that are left.
  std::uint64_t get_array();
  std::uint64_t get_map();
  json::value get_value(int depth_left = 80);
  /// Passes over one item.
  void skip();

private:
  struct head {
    major kind = major::simple;
    std::uint8_t info = 0;
    std::uint64_t n = 0;
  };
  head get_head();
  std::uint64_t get_count(major kind);
  json::value get_simple(const head& h);

  std::string_view rest_;
  bool failed_ = false;
};

} // namespace pawl::cbor
