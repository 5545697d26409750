#pragma once

#include "cli/session.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace pawl::cli {

/// What watching a journal does with what it sees.
struct journal_sink {
  std::function<void(const json::value& item)> item;
  std::function<void()> tick = [] {}; ///< At least four times a second.
  /// A sentence for stderr: the connection was lost, or is back.
  std::function<void(const std::string& what)> note;
};

/// Reads the journal of an instance as it grows, from behind `after`, until the
/// instance has ended, and returns the instance. Survives any number of
/// restarts of the daemon without a gap or a repetition: each connection goes
/// on behind the last event seen. Gives up as unreachable when the daemon is
/// away for five minutes, as timed_out after `limit`, as interrupted on SIGINT.
[[nodiscard]] outcome<json::value>
watch_journal(session& s, const std::string& id, std::uint64_t after,
              std::optional<duration> limit, const journal_sink& sink);

/// Shows the progress of an instance on stderr until it ends: redrawn in place
/// on a terminal, else a line for each thing that happens. Returns the ended
/// instance.
[[nodiscard]] outcome<json::value>
follow_progress(session& s, const std::string& id,
                std::optional<duration> limit);

/// Waits in silence until the instance has ended and returns it.
[[nodiscard]] outcome<json::value>
wait_until_ended(session& s, const std::string& id,
                 std::optional<duration> limit);

/// Whether an instance's status is completed, faulted or cancelled.
[[nodiscard]] bool has_ended(const json::value& instance);

/// The exit code of --follow and --wait for an ended instance; says on stderr
/// why it is not completed.
[[nodiscard]] exit_code ending(session& s, const json::value& instance);

} // namespace pawl::cli
