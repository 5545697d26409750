#pragma once

#include "actors/figures/census.hpp"
#include "actors/figures/turn_watch.hpp"
#include "config/options.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace pawl::actors {

/// The figures as Prometheus series (docs/operating/metrics.md). How many there
/// are is bounded: kinds and errors are words of ours, and of workflows and of
/// hosts the first ones have series of their own, the others share one, named
/// "other".
///
/// Thread safety: none; figure_book holds a lock.
class series {
public:
  explicit series(const config::options::metrics_options& how);
  ~series();
  series(const series&) = delete;
  series& operator=(const series&) = delete;

  void saw(const turn_figures& turn);
  void published(std::size_t events);
  void called(std::string_view uri, std::uint32_t status);
  /// As text, with what was counted last; null if nothing was yet.
  [[nodiscard]] std::string text(const census* counted, std::size_t hot,
                                 timestamp now);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// "svc.example:8080" of "https://u:p@Svc.Example:8080/a?b", in lower case and
/// without what names a user; "" of what is no such URI.
[[nodiscard]] std::string host_of(std::string_view uri);

} // namespace pawl::actors
