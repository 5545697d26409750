#pragma once

#include "cli/session.hpp"

#include <functional>
#include <string>
#include <vector>

/// What the commands about things that are kept by a name share: flags, limits,
/// subscriptions, injected faults.
namespace pawl::cli::commands {

/// How one kind of them is shown.
struct kept_words {
  const char* path;                ///< "/v1/flags"
  const char* one;                 ///< "flag"
  const char* many;                ///< "flags"
  std::vector<std::string> header; ///< Beside name and namespace.
  std::function<std::vector<std::string>(const json::value&)> cells;
};

/// "/v1/flags/NAME" + `rest`, narrowed to the session's namespace.
[[nodiscard]] std::string kept_target(const session& s, const kept_words& words,
                                      const std::string& name,
                                      const std::string& rest = {});

/// Puts `body` under `name`, for the `reason` if it is not "", and prints what
/// is kept now.
[[nodiscard]] outcome<exit_code> put_kept(session& s, const kept_words& words,
                                          const std::string& name,
                                          const json::object& body,
                                          const std::string& reason = {});

/// Adds `ls`, `show` and `rm` to `group`; `words` must outlive the parser.
void add_kept(CLI::App& group, action& chosen, const kept_words& words);

} // namespace pawl::cli::commands
