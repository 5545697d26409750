#pragma once

#include <caf/error.hpp>

#include <exception>
#include <string>

namespace pawl::actors {

/// What an actor ends with whose handler has thrown: its supervisor is told in
/// words, and nobody else dies of it.
[[nodiscard]] caf::error contained(std::exception_ptr& thrown);

/// What is said of a worker that has died too often, at last for `why`.
[[nodiscard]] std::string death_of_worker(const caf::error& why);

} // namespace pawl::actors
