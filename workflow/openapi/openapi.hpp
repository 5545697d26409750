#pragma once

#include "workflow/effect.hpp"

#include <memory>
#include <string>
#include <string_view>

/// `call openapi`: from an OpenAPI document to the request it describes. Pure;
/// who fetches the document and sends the request is not this folder's matter.
namespace pawl {

/// Reads a Swagger 2.0 or OpenAPI 3.0 or 3.1 document, JSON or YAML. JSON may
/// have any size that the caller lets in, YAML the bounds of
/// workflow/document.hpp; both have at most 256 levels.
///
/// Fails with errc::malformed or errc::too_large.
[[nodiscard]] result<json::value> read_openapi(std::string_view text);

/// Which operation is called, and with what.
struct openapi_call {
  std::string operation_id;
  json::object parameters; ///< `with.parameters`, evaluated.
  /// Where the document is: what relative server URLs are resolved against.
  std::string document_uri;
};

/// The request that calls an operation of `document`; `redirect` is left to
/// the caller, and so is authentication. docs/dsl/openapi.md has the rules.
///
/// Fails with errc::invalid_definition if the document is none, or does not say
/// what is needed, or has no such operation (near misses are named);
/// errc::unsupported if it needs what we do not do (a reference to another
/// document); errc::invalid_input if the parameters do not fit: one that is
/// required is missing, one is unknown, a value cannot be written where it
/// belongs. openapi_error_kind() says what they are in the DSL.
///
/// Bounded: 32 references in a row, 64 KiB of URI, the size of the values.
/// Thread safety: any thread.
[[nodiscard]] result<http_request> openapi_request(const json::value& document,
                                                   const openapi_call& what);

/// The DSL's error for a failure of openapi_request() or read_openapi():
/// `validation` for parameters that do not fit, else `configuration`.
[[nodiscard]] error_kind openapi_error_kind(errc why);

} // namespace pawl
