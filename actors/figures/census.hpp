#pragma once

#include "storage/records.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pawl::actors {

/// Namespace and name: all versions of a workflow are counted as one.
using workflow_name = std::pair<std::string, std::string>;

/// All that is stored, counted at one time: how many instances stand how, and
/// what they wait for. Pure.
struct census {
  struct waiting {
    std::uint64_t count = 0;
    std::optional<timestamp> oldest; ///< Since when the first one waits.
    void add(std::uint64_t more, timestamp since);
  };
  /// By instance_status.
  using statuses
    = std::array<std::uint64_t,
                 static_cast<std::size_t>(instance_status::cancelled) + 1>;
  struct workflow {
    statuses by_status{};
    /// By task and by what is waited for.
    std::map<std::pair<std::string, std::string_view>, waiting> waits;
    std::uint64_t bytes = 0; ///< What its instances take on disk.
  };
  /// A word for what waits: those of storage::wait_kind_names, and "hold".
  std::map<std::string_view, waiting> waits;
  statuses by_status{};
  std::map<workflow_name, workflow> workflows; ///< At most workflows_max.
  std::uint64_t approvals_overdue = 0;
  std::uint64_t approvals_open = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t schedules_active = 0;
  std::uint64_t schedules_paused = 0;
  timestamp at;    ///< When it was complete.
  duration took{}; ///< To count.

  static constexpr std::size_t workflows_max = 5000;

  void add(const storage::head& one, timestamp now);
  /// How many have not ended.
  [[nodiscard]] std::uint64_t live() const;
};
using census_ptr = std::shared_ptr<const census>;

} // namespace pawl::actors
