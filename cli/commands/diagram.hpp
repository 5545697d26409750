#pragma once

#include "cli/session.hpp"

#include <memory>
#include <string>

namespace pawl::cli::commands {

/// How a drawing is wanted.
struct diagram_options {
  std::string form = "mermaid";
  std::string of = "tasks";
  bool wanted = false; ///< --diagram, where it is one way to show something.
};

/// Adds --format and --of.
void add_diagram_options(CLI::App& cmd, diagram_options& o);

/// Asks for the drawing at `target` and writes it to `file`, or to stdout for
/// "" and "-". `id` is that of the instance, "" for a definition.
[[nodiscard]] outcome<exit_code> draw(session& s, std::string target,
                                      const diagram_options& o,
                                      const std::string& file = {},
                                      const std::string& id = {});

/// Adds `diagram` to the commands of `def`.
void add_diagram(CLI::App& def, action& chosen);

} // namespace pawl::cli::commands
