#pragma once

#include "workflow/parse.hpp"

#include <filesystem>
#include <string>
#include <vector>

/// The specification's files, and what its examples need besides.
namespace pawl::conformance {

inline const std::filesystem::path spec
  = std::filesystem::path{PAWL_SOURCE_DIR} / "tests" / "conformance" / "spec";

std::string text_of(const std::filesystem::path& file);

/// The paths of all examples, sorted.
std::vector<std::filesystem::path> examples();

/// A document of ours that has what the examples leave out.
std::filesystem::path everything();

/// The one function that an example calls by URL.
resource_map resources();

} // namespace pawl::conformance
