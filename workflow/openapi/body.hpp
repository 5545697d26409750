#pragma once

#include "workflow/openapi/contract.hpp"
#include "workflow/openapi/write.hpp"

#include <string>

namespace pawl::openapi {

/// A body and what its Content-Type says.
struct written_body {
  std::string media_type;
  std::string bytes;
};

/// `value` in the media type that the operation takes and that suits it best:
/// JSON, else a form, else text.
/// Fails with errc::invalid_input, errc::invalid_definition.
[[nodiscard]] result<written_body>
write_body(const contract& in, const body_rule& rule, const json::value& value);

/// One field of a form, and how it is written.
struct form_field {
  parameter rule;
  const json::value* value = nullptr;
  std::string media_type; ///< Of a part of a multipart form; "" by its value.
};
/// Swagger's form parameters; multipart if one is a file or nothing else is
/// taken.
[[nodiscard]] result<written_body>
write_form(const std::vector<form_field>& fields, bool multipart);

} // namespace pawl::openapi
