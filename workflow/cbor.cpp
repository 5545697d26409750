#include "workflow/cbor.hpp"

#include "base/bytes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <bit>

namespace pawl::cbor {

namespace {

// Damage may claim any number of items; more than these grow as they come.
constexpr std::uint64_t reserved_max = 1024;

constexpr std::uint8_t simple_false = 20;
constexpr std::uint8_t simple_true = 21;
constexpr std::uint8_t simple_null = 22;
constexpr std::uint8_t simple_double = 27;

void put_simple(std::string& out, std::uint8_t info) {
  out.push_back(
    static_cast<char>(static_cast<std::uint8_t>(major::simple) << 5 | info));
}

} // namespace

void put_head(std::string& out, major kind, std::uint64_t n) {
  const auto high
    = static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) << 5);
  const auto first
    = [&](unsigned info) { out.push_back(static_cast<char>(high | info)); };
  if (n < 24) {
    first(static_cast<unsigned>(n));
  } else if (n <= 0xff) {
    first(24);
    out.push_back(static_cast<char>(n));
  } else if (n <= 0xffff) {
    first(25);
    put_u16(out, static_cast<std::uint16_t>(n));
  } else if (n <= 0xffffffff) {
    first(26);
    put_u32(out, static_cast<std::uint32_t>(n));
  } else {
    first(27);
    put_u64(out, n);
  }
}

void put_int(std::string& out, std::int64_t n) {
  if (n >= 0)
    put_head(out, major::positive, static_cast<std::uint64_t>(n));
  else
    put_head(out, major::negative, ~static_cast<std::uint64_t>(n));
}

void put_text(std::string& out, std::string_view text) {
  put_head(out, major::text, text.size());
  out.append(text);
}

void put_bool(std::string& out, bool b) {
  put_simple(out, b ? simple_true : simple_false);
}

void put_value(std::string& out, const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return put_simple(out, simple_null);
  case json::kind::bool_:
    return put_bool(out, value.get_bool());
  case json::kind::int64:
    return put_int(out, value.get_int64());
  case json::kind::uint64:
    return put_uint(out, value.get_uint64());
  case json::kind::double_:
    put_simple(out, simple_double);
    return put_u64(out, std::bit_cast<std::uint64_t>(value.get_double()));
  case json::kind::string:
    return put_text(out, value.get_string());
  case json::kind::array:
    put_head(out, major::array, value.get_array().size());
    for (const auto& item : value.get_array())
      put_value(out, item);
    return;
  case json::kind::object:
    put_head(out, major::map, value.get_object().size());
    for (const auto& [key, item] : value.get_object()) {
      put_text(out, key);
      put_value(out, item);
    }
    return;
  }
}

reader::head reader::get_head() {
  if (failed_ || rest_.empty()) {
    failed_ = true;
    return {};
  }
  const auto first = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  head h{static_cast<major>(first >> 5), static_cast<std::uint8_t>(first & 31),
         0};
  if (h.info < 24) {
    h.n = h.info;
    return h;
  }
  if (h.info > 27) { // Indefinite lengths and reserved values.
    failed_ = true;
    return {};
  }
  const auto width = std::size_t{1} << (h.info - 24);
  if (rest_.size() < width) {
    failed_ = true;
    return {};
  }
  h.n = get_be(rest_, static_cast<int>(width));
  rest_.remove_prefix(width);
  return h;
}

std::uint64_t reader::get_uint() {
  const auto h = get_head();
  failed_ = failed_ || h.kind != major::positive;
  return failed_ ? 0 : h.n;
}

std::int64_t reader::get_int() {
  const auto h = get_head();
  const bool fits = h.n <= static_cast<std::uint64_t>(INT64_MAX);
  if (failed_ || !fits
      || (h.kind != major::positive && h.kind != major::negative)) {
    failed_ = true;
    return 0;
  }
  return h.kind == major::positive ? static_cast<std::int64_t>(h.n)
                                   : static_cast<std::int64_t>(~h.n);
}

bool reader::get_bool() {
  const auto h = get_head();
  failed_ = failed_ || h.kind != major::simple
            || (h.info != simple_true && h.info != simple_false);
  return !failed_ && h.info == simple_true;
}

std::string_view reader::get_text() {
  const auto h = get_head();
  if (failed_ || h.kind != major::text || h.n > rest_.size()) {
    failed_ = true;
    return ""; // Not null: it may be copied from.
  }
  const auto text = rest_.substr(0, h.n);
  rest_.remove_prefix(h.n);
  return text;
}

std::uint64_t reader::get_count(major kind) {
  const auto h = get_head();
  failed_ = failed_ || h.kind != kind || h.n > rest_.size();
  return failed_ ? 0 : h.n;
}

std::uint64_t reader::get_array() {
  return get_count(major::array);
}

std::uint64_t reader::get_map() {
  return get_count(major::map);
}

json::value reader::get_simple(const head& h) {
  if (h.info == simple_false || h.info == simple_true)
    return h.info == simple_true;
  if (h.info == simple_double)
    return std::bit_cast<double>(h.n);
  failed_ = failed_ || h.info != simple_null;
  return nullptr;
}

json::value reader::get_value(int depth_left) {
  if (depth_left == 0)
    failed_ = true;
  const auto before = rest_;
  const auto h = get_head();
  if (failed_)
    return nullptr;
  switch (h.kind) {
  case major::positive:
    if (h.n <= static_cast<std::uint64_t>(INT64_MAX))
      return static_cast<std::int64_t>(h.n);
    return h.n;
  case major::negative:
    rest_ = before;
    return get_int();
  case major::text:
    rest_ = before;
    return json::string{get_text()};
  case major::array: {
    rest_ = before;
    json::array items;
    const auto count = get_array();
    items.reserve(std::min(count, reserved_max));
    for (std::uint64_t i = 0; i < count && !failed_; ++i)
      items.push_back(get_value(depth_left - 1));
    return items;
  }
  case major::map: {
    rest_ = before;
    json::object members;
    const auto count = get_map();
    members.reserve(std::min(count, reserved_max));
    for (std::uint64_t i = 0; i < count && !failed_; ++i) {
      const auto key = get_text();
      members.insert_or_assign(key, get_value(depth_left - 1));
    }
    return members;
  }
  case major::simple:
    return get_simple(h);
  case major::bytes:
    break;
  }
  failed_ = true;
  return nullptr;
}

void reader::skip() {
  (void)get_value();
}

} // namespace pawl::cbor
