#pragma once

#include "actors/figures/census.hpp"
#include "actors/figures/turn_watch.hpp"
#include "base/json.hpp"
#include "config/options.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::actors {

/// What has become of instances and tasks, counted in memory since the daemon
/// started: as Prometheus series, and with percentiles for /v1/stats, which
/// looks back one to two times metrics.window.
///
/// Bounded: what is too many is counted in common, or left out and that
/// counted.
///
/// Thread safety: every function may be called from any thread; none blocks
/// for longer than a copy of the book takes.
class figure_book {
public:
  explicit figure_book(const config::options::metrics_options& how);
  ~figure_book();
  figure_book(const figure_book&) = delete;
  figure_book& operator=(const figure_book&) = delete;

  /// One turn was committed.
  void saw(const turn_figures& turn, timestamp now);
  /// CloudEvents were accepted.
  void published(std::size_t events);
  /// A step has called `uri`; a `status` of 0: there was no answer.
  void called(std::string_view uri, std::uint32_t status);
  /// What a former life has left of an instance, for usual() alone.
  void learned(const turn_figures& past);
  /// All instances were counted.
  void counted(census_ptr all);

  /// Whose figures are shown.
  struct filter {
    std::function<bool(const workflow_name&)> shows;
    bool shows_all = true; ///< Of this daemon's namespaces: totals, too.
  };
  /// How long tasks of a workflow took when they completed, each by its
  /// pointer: half of them took no longer. Only those of `wanted`. What was
  /// learned of former lives counts where nothing newer is known.
  [[nodiscard]] std::map<std::string, duration>
  usual(const std::pair<std::string, std::string>& workflow,
        const std::vector<std::string>& wanted) const;
  /// The body of GET /v1/stats.
  [[nodiscard]] json::object view(const filter& of, timestamp now) const;
  /// Prometheus text; `hot` instances are in memory.
  [[nodiscard]] std::string metrics(std::size_t hot, timestamp now) const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace pawl::actors
