#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::storage {

/// Somebody changed something, or was not let: a line of the audit log before
/// it has its place there. It holds no body and no secret.
struct audit_entry {
  timestamp at = {};
  std::string who = {};    ///< "token:4f1c (ci)", "uid:1000", "loopback".
  std::string from = {};   ///< The peer's address.
  std::string action = {}; ///< operationId of the API.
  std::string ns = {};     ///< "" for what is in none.
  std::string target = {}; ///< What it was done to: an id, a name.
  std::string reason = {};
  std::uint32_t status = 0; ///< HTTP.
  bool operator==(const audit_entry&) const = default;
};

/// A line in its place. Hashes are SHA-256 in hexadecimal: `hash` of the text
/// of this record, in which `previous` stands, so that no earlier one can be
/// changed or left out without changing all that follow.
struct audit_record {
  std::uint64_t number = 0; ///< From 1, without gaps.
  audit_entry what = {};
  std::string previous = {};
  std::string hash = {};
};

/// Where the log ends.
struct audit_position {
  std::uint64_t number = 0;
  std::string hash = std::string(64, '0');
  bool operator==(const audit_position&) const = default;
};

/// Gives entries their place in the log, and makes their rows. For the
/// writer's thread.
class audit_trail {
public:
  explicit audit_trail(audit_position last) : last_{std::move(last)} {}
  /// Adds the next record.
  void add(row_list& rows, const audit_entry& what);
  /// Adds the row that says where the log ends, if it has moved.
  void finish(row_list& rows) const;
  [[nodiscard]] bool used() const { return used_; }
  [[nodiscard]] const audit_position& last() const { return last_; }

private:
  audit_position last_;
  bool used_ = false;
};

/// The text of a record as it is stored and hashed: canonical JSON without its
/// `hash`. docs/format/audit.md
[[nodiscard]] std::string audit_text(const audit_record& what);
/// Reads that; `hash` is what the text hashes to. Fails with errc::corrupt.
[[nodiscard]] result<audit_record> read_audit_text(std::string_view text);

/// Which records a list shows; "" and absent mean all.
struct audit_query {
  std::string who = {}; ///< Whole, or without the name in brackets.
  std::string action = {};
  std::string ns = {};
  std::string target = {};
  std::optional<timestamp> after = {};
  std::optional<timestamp> before = {};
  bool oldest_first = false;
  std::uint32_t limit = 100;
  std::uint64_t from
    = 0; ///< The first number to look at; 0: the end of the log.
};
struct audit_page {
  std::vector<audit_record> items;
  std::uint64_t next = 0; ///< Where the next page begins; 0: there is none.
};

/// What reading the chain over found.
struct audit_check {
  std::uint64_t pruned = 0; ///< Records that are no more, the first ones.
  std::uint64_t checked = 0;
  std::vector<std::string> faults = {}; ///< A sentence each; the first hundred.
  audit_position last = {};             ///< The last record that was read.
  bool complete = false;                ///< It reached the end of the log.
};

} // namespace pawl::storage
