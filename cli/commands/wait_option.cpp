#include "cli/commands/wait_option.hpp"

#include <CLI/CLI.hpp>
#include <cmath>

namespace pawl::cli::commands {
namespace {

bool is_number(const std::string& text) {
  return !text.empty()
         && text.find_first_not_of("0123456789.") == std::string::npos;
}

} // namespace

void add_wait_option(CLI::App& command, wait_option& into) {
  command
    .add_option_function<std::string>(
      "--wait",
      [&into](const std::string& value) {
        into.given = true;
        into.seconds = value == "forever" ? "" : value;
      },
      "Wait until it ends, at most SECONDS if given")
    ->type_name("[SECONDS]");
}

outcome<std::optional<duration>> limit_of(const wait_option& option) {
  if (option.seconds.empty())
    return std::optional<duration>{};
  char* end = nullptr;
  double seconds = std::strtod(option.seconds.c_str(), &end);
  if (*end != '\0' || !std::isfinite(seconds) || seconds < 0 || seconds > 1e9)
    return failure{exit_code::usage,
                   "--wait: '" + option.seconds + "' is no number of seconds"};
  return std::optional{
    duration{static_cast<std::int64_t>(std::ceil(seconds * 1000))}};
}

std::vector<std::string> join_wait_value(std::vector<std::string> arguments) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--") {
      out.insert(out.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i),
                 arguments.end());
      break;
    }
    if (arguments[i] != "--wait")
      out.push_back(std::move(arguments[i]));
    else if (i + 1 < arguments.size() && is_number(arguments[i + 1]))
      out.push_back("--wait=" + arguments[++i]);
    else
      out.emplace_back("--wait=forever");
  }
  return out;
}

} // namespace pawl::cli::commands
