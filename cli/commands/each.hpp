#pragma once

#include "cli/session.hpp"

#include <functional>
#include <string>
#include <vector>

/// What commands that take several names share.
namespace pawl::cli::commands {

/// How it went with each of several names.
struct each_outcome {
  exit_code code = exit_code::ok;   ///< Of the first that failed.
  std::vector<std::string> done;    ///< Those that did not, as they were given.
  std::vector<json::value> answers; ///< One for each of `done`.
  bool alone = false;               ///< One name was given, not a list.
};

/// `given`, with the words on stdin in place of "-". Fails with usage if stdin
/// was read already.
[[nodiscard]] outcome<std::vector<std::string>>
names_of(session& s, const std::vector<std::string>& given);

/// Does `act` for each name; what fails is told on stderr and does not keep the
/// others from their turn, unless the daemon is not there.
/// Fails as names_of.
[[nodiscard]] outcome<each_outcome>
for_each(session& s, const std::vector<std::string>& given,
         const std::function<outcome<json::value>(const std::string&)>& act);

/// What `-o json` shows of it: the one answer as it is, several as a list.
[[nodiscard]] json::value data_of(const each_outcome& of);

/// Deletes each of `given`, found at `target_of`, tells so on stderr as "`did`
/// NAME", and with -o name on stdout.
[[nodiscard]] outcome<exit_code> delete_each(
  session& s, const std::vector<std::string>& given, const char* did,
  const std::function<outcome<std::string>(const std::string&)>& target_of);

} // namespace pawl::cli::commands
