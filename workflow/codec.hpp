#pragma once

#include "workflow/event.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

/// The bytes of the facts of one turn: a CBOR array of as many kind numbers,
/// each followed by a map of its fields;
/// deterministic (docs/format/event.md).
[[nodiscard]] std::string encode_events(std::span<const event> facts);

/// Reads what encode_events wrote, by this release or an earlier one. A field
/// that this release does not know is passed over; an unknown kind of fact is
/// not.
/// Fails with errc::corrupt.
[[nodiscard]] result<std::vector<event>> decode_events(std::string_view bytes);

/// JSON as deterministic CBOR (RFC 8949 section 4.2, map order kept).
void append_cbor(std::string& out, const json::value& value);

/// Reads one CBOR item of the JSON subset, all of `bytes`.
/// Fails with errc::corrupt.
[[nodiscard]] result<json::value> decode_cbor(std::string_view bytes);

} // namespace pawl
