#pragma once

#include "actors/context.hpp"
#include "workflow/schedule.hpp"

#include <string>

/// What is known of a schedule beside its stored state, and what users read.
namespace pawl::actors {

/// A schedule with the definition that it runs.
struct loaded_schedule {
  schedule_state kept;
  definition_ptr flow;         ///< The highest version; null if there is none.
  std::optional<timetable> by; ///< None if that version has no schedule.
  std::string fault; ///< Why there is none although it has; "" if all is well.
};

/// Finds the definition of `kept` and reads its schedule. Reads the store, the
/// time zone's file, and may parse.
/// Fails as definition_cache::find, but a missing definition is no failure.
[[nodiscard]] result<loaded_schedule> load_schedule(context& ctx,
                                                    schedule_state kept);

/// Whether the last instance of a schedule has ended, and when.
[[nodiscard]] last_run last_run_of(const context& ctx,
                                   const schedule_state& kept);

/// The id by which users name a schedule: "namespace.name".
[[nodiscard]] std::string schedule_id(const schedule_state& kept);

/// The labels of an instance that a schedule makes.
[[nodiscard]] std::map<std::string, std::string>
schedule_labels(const schedule_state& kept);

/// Next runs of a schedule that are shown unless more are asked for.
inline constexpr std::size_t runs_shown = 5;

/// A schedule as users read it, with its next `runs` after `now`.
[[nodiscard]] json::object render_schedule(const loaded_schedule& what,
                                           const last_run& last, timestamp now,
                                           std::size_t runs = runs_shown);

/// The same, and what keeps it from making its next instance.
[[nodiscard]] json::object shown_schedule(const context& ctx,
                                          const loaded_schedule& what,
                                          timestamp now,
                                          std::size_t runs = runs_shown);

/// The schedule that a client names by "namespace.name"; none can have another
/// id.
[[nodiscard]] std::optional<schedule_key> schedule_named(const std::string& id);

/// What is said of a schedule that is not there.
[[nodiscard]] refusal no_schedule();

/// The schedule of a row, or the one that a client names, loaded.
/// Fails as load_schedule; errc::not_found, errc::corrupt.
[[nodiscard]] result<loaded_schedule>
open_schedule(context& ctx, const storage::stored_schedule& row);
[[nodiscard]] result<loaded_schedule> find_schedule(context& ctx,
                                                    const std::string& id);

} // namespace pawl::actors
