#pragma once

#include "workflow/definition.hpp"

#include <functional>
#include <string>

namespace pawl::actors {

struct context;

/// Reads a definition, fetches the resources that it is made of, and those that
/// they need in turn, and tells `done` once, on any thread: the definition, or
/// the faults of parse_definition(), or errc::invalid_definition with a fault
/// for each resource that cannot be had.
///
/// Bounded: 8 rounds of fetching.
/// Thread safety: any thread; reads, but never waits.
void read_with_resources(context& ctx, std::string text,
                         std::function<void(result<definition_ptr>)> done);

} // namespace pawl::actors
