#pragma once

#include "storage/store.hpp"

#include <string_view>

namespace pawl::storage {

/// Gives arriving events their numbers, and makes their rows.
class event_numbering {
public:
  /// The last event so far has the number `last`.
  explicit event_numbering(std::uint64_t last) : before_{last}, last_{last} {}

  /// Adds the next event, which is buffered until `expires`, and returns its
  /// number.
  std::uint64_t add(row_list& rows, std::string_view ns, timestamp arrived,
                    timestamp expires, std::string_view cbor);
  /// Adds the row that remembers the last number.
  void finish(row_list& rows) const;

  [[nodiscard]] bool used() const { return last_ != before_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }

private:
  std::uint64_t before_;
  std::uint64_t last_;
};

} // namespace pawl::storage
