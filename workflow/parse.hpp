#pragma once

#include "workflow/definition.hpp"

#include <string_view>

namespace pawl {

/// Reads a workflow document, YAML or JSON (a text that starts with '{' is
/// tried as JSON first), and returns the validated definition, or every fault
/// in it, each with line, column, JSON Pointer and a sentence that helps.
///
/// Bounded: 1 MiB of text, 64 levels, 100,000 nodes after alias expansion.
///
/// Fails with errc::malformed if it is neither YAML nor JSON,
/// errc::invalid_definition if it breaks a rule of the DSL, errc::unsupported
/// if all that stands against it is constructs that are not built yet, each
/// named.
[[nodiscard]] result<definition_ptr> parse_definition(std::string_view text);

} // namespace pawl
