#pragma once

#include "base/json.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace pawl {

/// The text that is the member `name` of `object`; "" if there is none.
[[nodiscard]] std::string text_in(const json::object& object,
                                  std::string_view name);

} // namespace pawl
