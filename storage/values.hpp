#pragma once

#include "storage/leases.hpp"
#include "storage/store.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace pawl::storage {

// The values of all rows but the journal's (docs/format/keys.md). Each
// decoder takes the row's key for its complaint and fails with errc::corrupt.

[[nodiscard]] std::string encode_head(const head& what);
[[nodiscard]] result<head> decode_head(std::string_view key,
                                       std::string_view value);
/// Only what commit() compares and counts.
struct head_end {
  sequence last = 0;
  std::uint64_t bytes = 0; ///< head::sizes in all; 0 if they are not known.
};
[[nodiscard]] result<head_end> decode_head_end(std::string_view key,
                                               std::string_view value);

/// A snapshot's `state` with the chain of the history up to it.
[[nodiscard]] std::string encode_snapshot(std::uint64_t chain,
                                          std::string_view state);
[[nodiscard]] result<std::pair<std::uint64_t, std::string>>
decode_snapshot(std::string_view key, std::string_view value);

[[nodiscard]] std::string encode_answer(const kept_answer& what);
[[nodiscard]] result<kept_answer> decode_answer(std::string_view key,
                                                std::string_view value);

[[nodiscard]] std::string encode_seen(timestamp expires);
[[nodiscard]] result<timestamp> decode_seen(std::string_view key,
                                            std::string_view value);

[[nodiscard]] std::string encode_tombstone(const tombstone& what);
[[nodiscard]] result<tombstone> decode_tombstone(std::string_view key,
                                                 std::string_view value);

/// `cbor`: the CloudEvent.
[[nodiscard]] std::string encode_event(std::string_view ns, timestamp arrived,
                                       std::string_view cbor);
[[nodiscard]] result<arrived_event> decode_event(std::string_view key,
                                                 std::string_view value);

[[nodiscard]] std::string encode_subscription(const subscription& what);
[[nodiscard]] result<subscription> decode_subscription(std::string_view key,
                                                       std::string_view value);

[[nodiscard]] std::string encode_definition(const stored_definition& what);
[[nodiscard]] result<stored_definition>
decode_definition(std::string_view key, std::string_view value);

[[nodiscard]] std::string encode_secret(const sealed_secret& what);
[[nodiscard]] result<sealed_secret> decode_secret(std::string_view key,
                                                  std::string_view value);
[[nodiscard]] std::string encode_schedule_row(const stored_schedule& what);
[[nodiscard]] result<stored_schedule>
decode_schedule_row(std::string_view key, std::string_view value);

/// In meta: the kind's own prefix, id.
[[nodiscard]] std::string record_key(record_kind kind, std::string_view id);
[[nodiscard]] std::string encode_record(const stored_record& what);
/// `kind` is that of the key.
[[nodiscard]] result<stored_record>
decode_record(record_kind kind, std::string_view key, std::string_view value);
/// A message on its way out.
[[nodiscard]] std::string encode_message(std::string_view state);
[[nodiscard]] result<std::string> decode_message(std::string_view key,
                                                 std::string_view value);
/// `text` is a record's, as audit_text() makes it.
[[nodiscard]] std::string encode_audit(std::string_view text);
[[nodiscard]] result<std::string> decode_audit(std::string_view key,
                                               std::string_view value);
[[nodiscard]] error broken_audit(std::string_view key);
[[nodiscard]] std::string encode_audit_position(const audit_position& what);
[[nodiscard]] result<audit_position>
decode_audit_position(std::string_view key, std::string_view value);
[[nodiscard]] std::string encode_lease(const stored_lease& what);
[[nodiscard]] result<stored_lease> decode_lease(std::string_view key,
                                                std::string_view value);

[[nodiscard]] std::string encode_quarantine(const quarantine& what);
[[nodiscard]] result<quarantine> decode_quarantine(std::string_view key,
                                                   std::string_view value);

/// A single number: format version, counters.
[[nodiscard]] std::string encode_number(std::uint64_t n);
[[nodiscard]] result<std::uint64_t> decode_number(std::string_view key,
                                                  std::string_view value);

} // namespace pawl::storage
