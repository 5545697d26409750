#pragma once

#include "workflow/parse/context.hpp"

/// The functions of the built-in catalog that are tasks of their own.
namespace pawl::parsing {

/// Whether `name` is `function` of the built-in catalog, whose name is no
/// function of the document: "approval", "approval:1.0.0@default".
bool is_builtin(const context& c, std::string_view name,
                std::string_view function);

tasks::approval read_approval(context& c, const cursor& with);

/// A JSON Schema as it stands, or a schema as the DSL writes it, around
/// `document` or `resource`.
schema_ptr read_data_schema(context& c, const cursor& where);

} // namespace pawl::parsing
