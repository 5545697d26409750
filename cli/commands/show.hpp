#pragma once

#include "cli/session.hpp"

#include <functional>
#include <string>

/// The command that shows all of one thing, where a list shows the outlines.
namespace pawl::cli::commands {

/// Adds `show` to a group. `target_of` turns what the user wrote into a path of
/// the API; `type` is what he writes, as "ID".
void add_show(
  CLI::App& group, action& chosen, const char* help, const char* type,
  std::function<outcome<std::string>(session&, const std::string&)> target_of);

} // namespace pawl::cli::commands
