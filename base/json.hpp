#pragma once

#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pawl {

namespace json = boost::json;

/// A JSON value that is shared and never changed: what flows between tasks.
/// Handing it on costs a reference count, not a copy. Never null.
using datum = std::shared_ptr<const json::value>;

/// Makes a datum of `value`.
[[nodiscard]] datum make_datum(json::value value);

/// The datum that holds JSON null; one for the whole process.
[[nodiscard]] const datum& null_datum();

/// Parses one strict JSON text: UTF-8, at most `depth_max` levels, no duplicate
/// keys, no number outside a double's range, nothing behind the value.
///
/// Fails with errc::malformed; the fault has line, column and, for a duplicate
/// key, its pointer.
[[nodiscard]] result<json::value> parse_json(std::string_view text,
                                             std::size_t depth_max = 64);

/// Writes `value` as compact JSON. Integers stay exact; a double prints as the
/// shortest text that reads back the same, `1.0` as `1.0`, never as `1E0`. A
/// number that is not finite prints as null.
[[nodiscard]] std::string to_text(const json::value& value);

/// As to_text, but appends to `out`.
void append_text(std::string& out, const json::value& value);

/// As to_text with object keys in bytewise order and an integral double below
/// 2^53 written as an integer: two documents that mean the same give the same
/// text, whatever they were written in.
[[nodiscard]] std::string to_canonical_text(const json::value& value);

/// Adds one reference token to a JSON Pointer, escaping '~' and '/'.
[[nodiscard]] std::string pointer_join(std::string_view base,
                                       std::string_view token);

} // namespace pawl
