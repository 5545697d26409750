#pragma once

#include "storage/keys.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pawl::storage {

/// What is done to a row, or to a range of rows.
enum class row_change : std::uint8_t { put = 1, erase = 2, erase_range = 3 };

/// Changes of rows, in order, in one buffer: made by prepare() on any thread
/// and handed to RocksDB as one batch by the writer's.
class row_list {
public:
  struct row {
    family where = family::meta;
    row_change change = row_change::put;
    std::string_view key;
    std::string_view value; ///< The end of an erased range, else the value.
  };

  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  void put(family where, std::string_view key, std::string_view value) {
    add({where, row_change::put, key, value});
  }
  void erase(family where, std::string_view key) {
    add({where, row_change::erase, key, {}});
  }
  /// Erases `from` and all keys behind it that are below `until`.
  void erase_range(family where, std::string_view from,
                   std::string_view until) {
    add({where, row_change::erase_range, from, until});
  }
  /// Adds all changes of `other` behind these.
  void append(const row_list& other) {
    bytes_ += other.bytes_;
    count_ += other.count_;
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  /// Calls `visit` with each row, in order.
  template <class F>
  void for_each(F&& visit) const {
    std::string_view rest{bytes_};
    while (!rest.empty())
      visit(take(rest));
  }

private:
  void add(const row& what);
  static row take(std::string_view& rest);

  std::string bytes_;
  std::size_t count_ = 0;
};

} // namespace pawl::storage
