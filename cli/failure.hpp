#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <utility>

/// The command line client. It speaks HTTP and knows nothing of the daemon's
/// inside.
namespace pawl::cli {

/// How `pawl` ends; scripts rely on the numbers.
enum class exit_code : std::uint8_t {
  ok = 0,
  error = 1,
  usage = 2,
  not_found = 3,
  not_allowed = 4, ///< Not in this state.
  auth = 5,
  timed_out = 6,
  unreachable = 7,
  faulted = 10,   ///< With --follow or --wait.
  cancelled = 11, ///< With --follow or --wait.
  interrupted = 130,
};

/// Why a command ends early: the code for the shell, the text for stderr. The
/// text has no newline at its end; it is empty when all has been said.
struct failure {
  // A constructor, since an aggregate would take a lone exit_code, too, and
  // then outcome<exit_code> could not tell success from failure.
  failure(exit_code c, std::string t) : code{c}, text{std::move(t)} {}
  failure() : failure{exit_code::error, {}} {}
  exit_code code;
  std::string text;
};

/// Either a value or the end of the command.
template <class T = void>
using outcome = boost::system::result<T, failure>;

/// Lets outcome<T>::value() throw; only tests call value().
[[noreturn]] void throw_exception_from_error(const failure& f,
                                             const boost::source_location& at);

} // namespace pawl::cli
