#pragma once

#include <string>

namespace pawl::storage {
class store;
} // namespace pawl::storage

namespace pawl::actors {

/// What namespaces take on disk as Prometheus text: those that take most have
/// series of their own, the others one together.
[[nodiscard]] std::string size_metrics(const storage::store& of);

} // namespace pawl::actors
