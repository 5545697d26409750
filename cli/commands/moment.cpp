#include "cli/commands/moment.hpp"

#include "base/time.hpp"

#include <fmt/format.h>

namespace pawl::cli::commands {

outcome<std::string> moment_of(const std::string& text, const char* option) {
  if (text.empty() || parse_timestamp(text))
    return text;
  std::size_t used = 0;
  long long count = 0;
  try {
    count = std::stoll(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  const auto unit = text.substr(used);
  const int minutes = unit == "m"   ? 1
                      : unit == "h" ? 60
                      : unit == "d" ? 24 * 60
                                    : 0;
  if (used == 0 || minutes == 0 || count <= 0 || count > 36'500)
    return failure{exit_code::usage,
                   fmt::format("{} takes a time (2027-01-31T00:00:00Z), or "
                               "30m, 12h or 7d, not '{}'",
                               option, text)};
  return to_text(clock::now() + std::chrono::minutes{count * minutes});
}

} // namespace pawl::cli::commands
