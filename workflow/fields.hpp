#pragma once

#include "workflow/cbor.hpp"
#include "workflow/fact_fields.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <type_traits>

/// How structs of the workflow vocabulary are laid out, told once: a
/// `describe` names each field's number (on disk, never reused), its name (in
/// histories) and its place; codecs and histories are visitors of it.
namespace pawl::layout {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
concept map_like = requires {
  typename T::mapped_type;
};
template <class T>
concept list_like = requires(T x) {
  typename T::value_type;
  x.push_back(x.front());
}
&&!std::is_same_v<T, std::string>;

/// Writes a described struct as a CBOR map from field number to value, leaving
/// out what is empty, zero or a null pointer.
class writer {
public:
  explicit writer(std::string& out) : out_{out} {}

  template <class T>
  void put_struct(const T& x) {
    const auto head_at = out_.size();
    out_.push_back(0);
    const auto outer = count_;
    count_ = 0;
    // The visitor only reads; one `describe` serves readers and writers.
    describe(*this, const_cast<T&>(x));
    constexpr int short_head_max = 23;
    out_[head_at] = static_cast<char>(0xa0 + count_);
    if (count_ > short_head_max) {
      out_[head_at] = static_cast<char>(0xb8);
      out_.insert(head_at + 1, 1, static_cast<char>(count_));
    }
    count_ = outer;
  }

  template <class T>
  void operator()(int number, const char*, const T& x) {
    if (is_empty(x))
      return;
    ++count_;
    cbor::put_uint(out_, static_cast<std::uint64_t>(number));
    put(x);
  }

private:
  template <class T>
  static bool is_empty(const T& x) {
    if constexpr (std::is_same_v<T, datum>)
      return x == nullptr;
    else if constexpr (is_optional<T>)
      return !x.has_value();
    else if constexpr (requires { x.empty(); })
      return x.empty();
    else if constexpr (
      std::is_arithmetic_v<
        T> || std::is_enum_v<T> || std::is_same_v<T, timestamp>)
      return x == T{};
    else
      return false;
  }
  template <class T>
  void put(const T& x) {
    if constexpr (std::is_same_v<T, bool>)
      cbor::put_bool(out_, x);
    else if constexpr (std::is_unsigned_v<T>)
      cbor::put_uint(out_, x);
    else if constexpr (std::is_enum_v<T>)
      cbor::put_uint(out_, static_cast<std::uint64_t>(x));
    else if constexpr (std::is_same_v<T, std::string>)
      cbor::put_text(out_, x);
    else if constexpr (std::is_same_v<T, datum>)
      cbor::put_value(out_, *x);
    else if constexpr (std::is_same_v<T, timestamp>)
      cbor::put_int(out_, unix_ms(x));
    else if constexpr (is_optional<T>)
      put(*x);
    else if constexpr (map_like<T>) {
      cbor::put_head(out_, cbor::major::map, x.size());
      for (const auto& [key, value] : x) {
        put(key);
        put(value);
      }
    } else if constexpr (list_like<T>) {
      cbor::put_head(out_, cbor::major::array, x.size());
      for (const auto& item : x)
        put(item);
    } else
      put_struct(x);
  }

  std::string& out_;
  int count_ = 0;
};

/// Reads a described struct; fields that it does not know are passed over.
class reader {
public:
  explicit reader(cbor::reader& in) : in_{in} {}

  template <class T>
  void get_struct(T& x) {
    const auto count = in_.get_map();
    for (std::uint64_t i = 0; i < count && !in_.failed(); ++i) {
      const auto outer = key_;
      const auto outer_found = found_;
      // A number that no field has stands for those that are unknown.
      key_ = static_cast<int>(std::min<std::uint64_t>(in_.get_uint(), 255));
      found_ = false;
      describe(*this, x);
      if (!found_)
        in_.skip();
      key_ = outer;
      found_ = outer_found;
    }
  }

  template <class T>
  void operator()(int number, const char*, T& x) {
    if (found_ || number != key_)
      return;
    get(x);
    found_ = true;
  }

private:
  template <class T>
  void get(T& x) {
    if constexpr (std::is_same_v<T, bool>)
      x = in_.get_bool();
    else if constexpr (std::is_unsigned_v<T>)
      x = static_cast<T>(get_uint_in(0, std::numeric_limits<T>::max()));
    else if constexpr (std::is_enum_v<T>)
      x = static_cast<T>(
        get_uint_in(1, static_cast<std::uint64_t>(last_of(x))));
    else if constexpr (std::is_same_v<T, std::string>)
      x = std::string{in_.get_text()};
    else if constexpr (std::is_same_v<T, datum>)
      x = make_datum(in_.get_value());
    else if constexpr (std::is_same_v<T, timestamp>)
      x = from_unix_ms(in_.get_int());
    else if constexpr (is_optional<T>)
      get(x.emplace());
    else if constexpr (list_like<T>) {
      const auto count = in_.get_array();
      for (std::uint64_t i = 0; i < count && !in_.failed(); ++i)
        get(x.emplace_back());
    } else if constexpr (map_like<T>) {
      const auto count = in_.get_map();
      for (std::uint64_t i = 0; i < count && !in_.failed(); ++i) {
        typename T::key_type key{};
        get(key);
        get(x[key]);
      }
    } else
      get_struct(x);
  }

  // A number that the field cannot hold is damage, not another number.
  std::uint64_t get_uint_in(std::uint64_t least, std::uint64_t most) {
    const auto n = in_.get_uint();
    if (n < least || n > most)
      in_.fail();
    return in_.failed() ? least : n;
  }

  cbor::reader& in_;
  int key_ = 0;
  bool found_ = false;
};

} // namespace pawl::layout
