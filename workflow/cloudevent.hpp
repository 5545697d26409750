#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What CloudEvents 1.0 wants of an event in the JSON format, whether it comes
/// in over HTTP or a workflow emits it.
namespace pawl {

/// Whether `name` can be that of an attribute: a-z and 0-9 only.
[[nodiscard]] bool is_attribute_name(std::string_view name);

/// What is wrong with the member `name` of an event if it is `value`, as a
/// sentence; empty if nothing is. Null is as if it were not there.
[[nodiscard]] std::string_view attribute_fault(std::string_view name,
                                               const json::value& value);

/// Every fault of `event`, which is found at `pointer`.
[[nodiscard]] std::vector<fault> check_event(const json::value& event,
                                             const std::string& pointer);

/// `event`, an object, without the attributes that are null; `data` may be.
[[nodiscard]] json::value without_nulls(json::value event);

} // namespace pawl
