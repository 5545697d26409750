#pragma once

#include "base/json.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace pawl {

/// A compiled JSON Schema (draft-07 or 2020-12) that checks what flows through
/// a workflow. Immutable; may be used by many threads at once.
class schema {
public:
  virtual ~schema() = default;
  /// Checks `value` and returns every fault, with the pointer into `value`
  /// (`line` and `column` are 0); empty if it is valid. At most 32 faults.
  [[nodiscard]] virtual std::vector<fault>
  check(const json::value& value) const = 0;
};
using schema_ptr = std::shared_ptr<const schema>;

/// Compiles `document`.
///
/// Fails with errc::invalid_definition and all faults (pointer into
/// `document`): a malformed schema, a regular expression that does not compile
/// (RE2, linear time), a `$ref` that leaves the document or loops, or a keyword
/// that is not implemented, by name; never is one ignored.
[[nodiscard]] result<schema_ptr> compile_schema(const json::value& document);

/// As above, but the instructions of all compiled regular expressions are taken
/// off `pattern_budget`, so that many schemas share one bound; it is a fault if
/// it is spent.
[[nodiscard]] result<schema_ptr> compile_schema(const json::value& document,
                                                std::size_t& pattern_budget);

} // namespace pawl
