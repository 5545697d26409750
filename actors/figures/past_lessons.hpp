#pragma once

#include "actors/figures/figure_book.hpp"
#include "storage/store.hpp"

#include <functional>

namespace pawl::actors {

/// Teaches `into` how long tasks took in the instances that completed last, so
/// that a daemon that has just started can tell when others will end. Reads a
/// bounded number of histories, the newest of each workflow, and ends early
/// once `stopping` says so. What cannot be read is left out.
///
/// For a thread that may take its time.
void learn_from_histories(const storage::store& from, figure_book& into,
                          const std::function<bool()>& stopping);

} // namespace pawl::actors
