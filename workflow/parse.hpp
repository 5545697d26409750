#pragma once

#include "workflow/definition.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

/// A text that must be fetched before a definition can be made.
struct wanted_resource {
  std::string uri; ///< http, https or file; absolute.
  /// How to get in. Its expressions are native and read nothing but `$secrets`.
  std::optional<authentication> access;
  fault at; ///< Where the definition asks for it, and a sentence that says so.
};

/// What parse_definition made of a text and the resources at hand.
struct parsed_definition {
  definition_ptr made;                 ///< Null while something is wanted.
  std::vector<wanted_resource> wanted; ///< Each URI once, at most 64.
};

/// Reads a workflow document, YAML or JSON (a text that starts with '{' is
/// tried as JSON first), and returns the validated definition, or every fault
/// in it, each with line, column, JSON Pointer and a sentence that helps.
///
/// Functions of catalogs and URLs, and schemas by `resource`, are taken from
/// `resources`, which may hold more than is needed. What is not there is asked
/// for: fetch it, and call again with all that was asked for so far; a resource
/// may need others. A fault within a resource is told where it is referred to.
///
/// Bounded: 1 MiB of text, also of each resource, 64 levels, 100,000 nodes
/// after alias expansion, 64 resources.
///
/// Fails with errc::too_large if the text is over its limit, errc::malformed if
/// it is neither YAML nor JSON (one fault), errc::invalid_definition if it
/// breaks a rule of the DSL, errc::unsupported if all that stands against it is
/// constructs that are not built yet, each named.
[[nodiscard]] result<parsed_definition>
parse_definition(std::string_view text, const resource_map& resources);

/// As above for a document that needs no resources; that it does is
/// errc::invalid_definition.
[[nodiscard]] result<definition_ptr> parse_definition(std::string_view text);

/// As parse_definition for a document that is data already, for example one
/// that was stored; its faults have pointers, but neither line nor column.
/// `document` has at most 64 levels.
[[nodiscard]] result<definition_ptr> definition_from_json(json::value document);

} // namespace pawl
