#pragma once

#include "base/time.hpp"
#include "cli/client.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What `pawl doctor` finds, and how it looks. Its checks ask the daemon by the
/// routes that everybody uses.
namespace pawl::cli {

/// One thing that was looked at.
struct finding {
  enum class grade : std::uint8_t {
    ok,
    info,    ///< Worth knowing, nothing is wrong.
    warning, ///< Something is wrong, and work goes on.
    error    ///< Work does not go on.
  };
  std::string check; ///< "server", "disk", ...
  grade level = grade::ok;
  std::string what;
  std::string fix
    = {}; ///< A command or a setting; "" if nothing is to be done.
};

/// "ok", "info", "warning", "error".
[[nodiscard]] std::string_view to_text(finding::grade level);

/// Asks the daemon of `http` everything, in order; stops early if it is not
/// there. `now` is the client's clock.
struct diagnosis {
  std::vector<finding> findings;
  bool reached = false;
};
[[nodiscard]] diagnosis examine(client& http, timestamp now);

/// How far the daemon's clock, as the field Date tells it to the second, is
/// ahead of `now`; nothing if that is no such date.
[[nodiscard]] std::optional<duration> clock_skew(std::string_view date,
                                                 timestamp now);

/// The length of an ISO 8601 duration of days and less; nothing for another.
[[nodiscard]] std::optional<duration> length_of(std::string_view iso);

} // namespace pawl::cli
