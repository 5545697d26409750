#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What the daemon asks of the runner and what it is told.
/// docs/format/runner.md has the bytes; actors/steps/runner_link.cpp is the
/// other end.
namespace pawl::runner {

/// Bounds of one program and all that it starts.
struct bounds {
  duration time{0};  ///< From start to SIGTERM.
  duration grace{0}; ///< From SIGTERM to SIGKILL.
  std::uint64_t memory = 0;
  std::uint64_t output = 0; ///< Bytes of standard output, and of errors.
  std::uint32_t processes = 0;
};

/// One program to be run.
struct order {
  using pairs = std::vector<std::pair<std::string, std::string>>;

  std::uint64_t id = 0;
  /// Names of the program, in order of preference; the first that is found in
  /// `path` is run.
  std::vector<std::string> find;
  std::vector<std::string> arguments;
  std::string path; ///< What $PATH shall be.
  pairs environment;
  std::string input; ///< Standard input.
  pairs files;       ///< Names and contents, made in the private directory.
  /// Arguments of a run of the same program before this one; empty for none.
  std::vector<std::string> prepare;
  /// Arguments of a run of the same program if this one was killed; the text
  /// of the private directory's file `cleanup_file` is added to them, and
  /// without that file there is nothing to clean up.
  std::vector<std::string> cleanup;
  std::string cleanup_file;
  bool network = true;
  bounds limits;
};

/// Ends a program: SIGTERM, and SIGKILL after its grace.
struct stop {
  std::uint64_t id = 0;
};

using request = std::variant<order, stop>;

/// Fails with errc::malformed.
[[nodiscard]] result<request> parse_request(std::string_view text);
/// Whom an order names that parse_request() does not take; nothing if it is no
/// order, or names nobody.
[[nodiscard]] std::optional<std::uint64_t> id_of_order(std::string_view text);

/// Whose fault it was that a program did not end by itself.
enum class fault_kind : std::uint8_t { configuration, timeout, runtime };

/// Why there is no exit code.
struct failure {
  fault_kind kind = fault_kind::runtime;
  std::string detail;
  bool stopped = false; ///< The daemon wanted it so.
};

/// How well programs are kept from the daemon.
enum class separation : std::uint8_t {
  namespaces, ///< Own process tree, own view of the files, perhaps own user.
  user,       ///< Another user than the daemon's.
  none,       ///< The daemon's user, and nothing else between them.
};

/// The runner's messages as they go over the wire.
[[nodiscard]] std::string hello_text(separation how);
[[nodiscard]] std::string ended_text(std::uint64_t id, int code,
                                     std::string_view out,
                                     std::string_view err);
[[nodiscard]] std::string failed_text(std::uint64_t id, const failure& why);

} // namespace pawl::runner
