#pragma once

#include "workflow/parse/context.hpp"

/// The functions of the built-in catalog that are tasks of their own.
namespace pawl::parsing {

tasks::approval read_approval(context& c, const cursor& with);
tasks::notify read_notify(context& c, const cursor& with);

/// A JSON Schema as it stands, or a schema as the DSL writes it, around
/// `document` or `resource`.
schema_ptr read_data_schema(context& c, const cursor& where);

} // namespace pawl::parsing
