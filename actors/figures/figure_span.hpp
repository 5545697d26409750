#pragma once

#include "actors/figures/census.hpp"
#include "actors/figures/spread.hpp"
#include "actors/figures/turn_watch.hpp"

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace pawl::actors {

/// What became of workflows, tasks and states in a span of time. Pure.
struct figure_span {
  struct task {
    std::string_view kind;
    std::uint64_t entered = 0;
    std::array<std::uint64_t, 5> ends{}; ///< By task_end.
    spread duration;                     ///< Of those that were completed.
    spread dwell;                        ///< Of all that ended, whichever way.
    std::map<std::string_view, std::uint64_t> errors; ///< By error_word().
  };
  struct state {
    std::uint64_t entered = 0;
    spread dwell; ///< Of those that have left it.
  };
  struct workflow {
    std::uint64_t started = 0, completed = 0, faulted = 0, cancelled = 0;
    std::uint64_t received = 0, consumed = 0; ///< Events.
    spread duration; ///< From the start of those that were completed.
    spread dwell;    ///< From being created, whichever way they ended.
    std::map<std::string, task> tasks;   ///< By pointer.
    std::map<std::string, state> states; ///< By name.
  };

  /// Workflows, tasks and states together; a kilobyte each, about.
  static constexpr std::size_t entries_max = 10'000;

  void add(const turn_figures& turn);
  /// Adds those of `other` whose workflow `shows` names; all without it.
  void add(const figure_span& other,
           const std::function<bool(const workflow_name&)>& shows);

  timestamp begun; ///< The earlier one, once another was added.
  std::map<workflow_name, workflow> workflows;
  std::uint64_t published = 0; ///< Events.
  std::uint64_t left_out = 0;  ///< What had no room.
  std::size_t entries = 0;

private:
  /// Null if there is no room.
  template <class Map>
  typename Map::mapped_type* place(Map& in, const typename Map::key_type& key);
};

} // namespace pawl::actors
