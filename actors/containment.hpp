#pragma once

#include <caf/error.hpp>

#include <exception>

namespace pawl::actors {

/// What an actor ends with whose handler has thrown: its supervisor is told in
/// words, and nobody else dies of it.
[[nodiscard]] caf::error contained(std::exception_ptr& thrown);

} // namespace pawl::actors
