#pragma once

#include "cli/session.hpp"

#include <string>
#include <vector>

/// Workflow documents as files and by name; shared by run and def.
namespace pawl::cli::commands {

/// NAMESPACE/NAME[@VERSION]
struct reference {
  std::string ns;
  std::string name;
  std::string version; ///< "" for the highest.
};

/// Parses NAMESPACE/NAME[@VERSION] (or /VERSION). Fails with usage.
[[nodiscard]] outcome<reference> parse_reference(const std::string& text);

/// "/v1/definitions/NS/NAME[/VERSION]".
[[nodiscard]] std::string definition_target(const reference& which);

/// Whether the text means a file rather than a registered definition: "-", an
/// existing file, or something that ends like one.
[[nodiscard]] bool names_file(const std::string& text);

/// What the daemon said of a document.
struct sent_document {
  long status = 0; ///< 201 new, 200 known.
  json::value body;
};

/// Registers the document in `path` ("-": stdin), or only checks it with
/// `dry_run`. Warnings go to stderr. Fails with every fault, one a line.
[[nodiscard]] outcome<sent_document>
send_document(session& s, const std::string& path, bool dry_run,
              const std::string& reason = {});

/// {"KEY": "VALUE"} of --label KEY=VALUE, given any number of times. Fails with
/// usage.
[[nodiscard]] outcome<json::object>
labels_of(const std::vector<std::string>& pairs);

} // namespace pawl::cli::commands
