#pragma once

#include "cli/session.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

/// What commands that take several names share.
namespace pawl::cli::commands {

/// Adds `--reason TEXT`.
void add_reason(CLI::App& cmd, std::string& into);

/// What is to be removed, and why.
struct removal {
  std::vector<std::string> names;
  std::string reason; ///< For the audit log; "" for none.
};

/// Adds the names, one at least, as the option `option` with `help` and their
/// `type`, and `--reason`.
[[nodiscard]] std::shared_ptr<removal> add_removal(CLI::App& cmd,
                                                   const char* option,
                                                   const char* help,
                                                   const char* type);

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

/// Deletes each of `what`, found at `target_of`, tells so on stderr as "`did`
/// NAME", and with -o name on stdout.
[[nodiscard]] outcome<exit_code> delete_each(
  session& s, const removal& what, const char* did,
  const std::function<outcome<std::string>(const std::string&)>& target_of);

} // namespace pawl::cli::commands
