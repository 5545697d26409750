#pragma once

#include "actors/figures/figure_book.hpp"
#include "actors/figures/figure_span.hpp"

namespace pawl::actors {

/// The body of GET /v1/stats: what `of` shows of `span`, which holds no other
/// workflows, and of the last census; null if none was taken. Pure.
[[nodiscard]] json::object stats_of(const figure_span& span,
                                    const census* counted,
                                    const figure_book::filter& of,
                                    timestamp now);

} // namespace pawl::actors
