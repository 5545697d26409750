#pragma once

#include <cstdint>
#include <string_view>

namespace pawl::actors {

/// How something is to be drawn.
struct drawing {
  enum class form : std::uint8_t { mermaid, svg };
  enum class subject : std::uint8_t {
    tasks,
    states, ///< The business states.
  };
  form as = form::mermaid;
  subject of = subject::tasks;
};

} // namespace pawl::actors
