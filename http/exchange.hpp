#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

namespace pawl::http {

/// One request that was answered, for whoever counts.
struct exchange {
  std::string_view method;
  std::string_view route; ///< The pattern; "" if no route was found.
  unsigned status = 0;
  std::chrono::nanoseconds took{}; ///< From the header's end to the last byte.
};

/// What the edge tells about itself. Functions may be empty; they are called
/// on the edge's threads and must not block.
struct observer {
  std::function<void(const exchange&)> answered;
  std::function<void(std::size_t open)> connections; ///< After each change.
  std::function<void(std::size_t open)> streams;     ///< After each change.
};

} // namespace pawl::http
