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
/// Fails with errc::too_large if the text is over its limit, errc::malformed if
/// it is neither YAML nor JSON (one fault), errc::invalid_definition if it
/// breaks a rule of the DSL, errc::unsupported if all that stands against it is
/// constructs that are not built yet, each named.
[[nodiscard]] result<definition_ptr> parse_definition(std::string_view text);

/// As parse_definition for a document that is data already, for example one
/// that was stored; its faults have pointers, but neither line nor column.
/// `document` has at most 64 levels.
[[nodiscard]] result<definition_ptr> definition_from_json(json::value document);

} // namespace pawl
