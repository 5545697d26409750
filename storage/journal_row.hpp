#pragma once

#include "storage/keys.hpp"

#include <span>
#include <string>
#include <string_view>

namespace pawl::storage {

/// The facts of one turn as one row of the journal (docs/format/journal.md).
struct journal_row {
  sequence first = 0;         ///< Of the first fact.
  std::uint32_t count = 0;    ///< Of facts.
  timestamp at;               ///< The time of the turn.
  std::uint64_t previous = 0; ///< Chain of the row before; 0 for the first.
  std::uint64_t chain = 0;    ///< Over this row, from `previous`.
  std::string_view facts;     ///< As encode_events wrote them.

  [[nodiscard]] sequence last() const { return first + count - 1; }
};

/// The value of the row under `key`; fills `row.chain`.
[[nodiscard]] std::string encode_journal_row(std::string_view key,
                                             journal_row& row);

/// Reads a row and proves its checksum, its chain and that it belongs under
/// `key`. `facts` points into `value`.
/// Fails with errc::corrupt; with a format newer than this release as well.
[[nodiscard]] result<journal_row> decode_journal_row(std::string_view key,
                                                     std::string_view value);

} // namespace pawl::storage
