#pragma once

#include "config/options.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::config {

/// A key and the text of its value, as a flag or the environment gives it.
using assignment = std::pair<std::string, std::string>;

/// Where the options come from; each source outranks the one before it.
struct sources {
  std::string file; ///< Path of a YAML file, "" for none.
  /// Every variable of the environment; those that are no PAWL_* are skipped.
  std::vector<assignment> environment;
  std::vector<assignment> flags; ///< The keys of options, not of flags.
};

/// Options, and what the operator should know but need not mend.
struct loaded {
  options chosen;
  std::vector<std::string> warnings;
};

/// Reads the options: defaults < file < environment < flags.
///
/// Fails with errc::malformed if anything is at fault, and then names every
/// fault there is: those of the file with line and column, those of the others
/// with the variable or flag. Fails with errc::io if the file cannot be read.
/// An unknown PAWL_* variable is only a warning, because platforms set such
/// for a service of that name.
[[nodiscard]] result<loaded> load(const sources& from);

/// Reads YAML text into `in` and returns every fault in it; options at fault
/// keep their value. Depth and size are bounded by the catalogue: an option
/// that does not exist is never descended into.
[[nodiscard]] std::vector<fault> apply_yaml(std::string_view text, options& in);

/// Reads flags into `in` and returns every fault in them.
[[nodiscard]] std::vector<fault>
apply_flags(const std::vector<assignment>& flags, options& in);

/// The environment of this process, for sources::environment.
[[nodiscard]] std::vector<assignment> process_environment();

/// The options as a file with a comment above each option; loading it gives
/// the same options. With the defaults, it is config/pawl.yaml.
[[nodiscard]] std::string to_yaml(const options& chosen);

} // namespace pawl::config
