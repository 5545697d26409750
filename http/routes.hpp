#pragma once

#include "http/handler.hpp"

#include <span>
#include <string_view>

namespace pawl::http {

/// What body a route reads. Everything else is refused with 415, a body where
/// none belongs with 422.
enum class body_kind : std::uint8_t {
  none = 1,
  json,       ///< JSON, or none at all where the handler allows it.
  definition, ///< YAML or JSON, declared or not.
  event,      ///< A CloudEvent in any mode.
  form,       ///< What a browser sends of a page.
};

/// One line of the API.
struct route {
  std::string_view method;
  std::string_view pattern;   ///< "/v1/instances/{id}"
  std::string_view operation; ///< operationId in openapi.yaml.
  http::handler handle;
  access::need needs; ///< Checked before `handle`, by dispatch() alone.
  body_kind body = body_kind::none;
  /// The query parameters, divided by spaces; "label.*" takes any suffix.
  std::string_view parameters{};
};

/// All routes, the API at one glance.
[[nodiscard]] std::span<const route> routes();

/// The OpenAPI document as JSON text, embedded at build.
[[nodiscard]] std::string_view openapi_json();

} // namespace pawl::http
