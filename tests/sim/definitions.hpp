#pragma once

#include "workflow/definition.hpp"

#include <cstdint>
#include <random>

namespace pawl::sim {

/// A definition drawn at random from the whole grammar that the parser takes:
/// every task kind, nested, with jumps, retries, timeouts and expressions that
/// may fail. The same seed gives the same document.
[[nodiscard]] json::value random_document(std::uint64_t seed);

} // namespace pawl::sim
