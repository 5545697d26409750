#include "workflow/parse/builtin.hpp"

#include <array>

namespace pawl::parsing {

namespace {

/// Whether `format` is `json`, with or without a draft that we implement.
bool is_known_format(std::string_view format) {
  constexpr std::array<std::string_view, 6> known{
    "json",         "json:draft-07",      "json:draft-7",
    "json:2020-12", "json:draft-2020-12", "json:draft/2020-12"};
  for (const auto name : known)
    if (format == name)
      return true;
  return false;
}

schema_ptr compile(context& c, const cursor& document) {
  auto made = compile_schema(*document.value, c.pattern_budget);
  if (made)
    return *made;
  const auto why = made.error(); // A copy: error() returns by value.
  for (const auto& each : why.faults)
    c.faults.invalid(descend(document, each.pointer), each.detail);
  return nullptr;
}

} // namespace

schema_ptr read_schema(context& c, const cursor& where) {
  if (where.value == nullptr)
    return nullptr;
  object_reader fields{c.faults, where, "a schema"};
  const auto format = fields.take("format");
  const auto name = read_text(c, format);
  if (name && !is_known_format(*name))
    c.faults.unsupported(format, "the schema format " + quoted(*name));
  const auto document = fields.take("document");
  const auto resource = fields.take("resource");
  fields.close();
  if (!fields.is_object())
    return nullptr;
  if (document.value != nullptr && resource.value != nullptr)
    c.faults.invalid(resource, "a schema has either 'document' or "
                               "'resource', not both");
  if (document.value == nullptr && resource.value == nullptr)
    c.faults.invalid(where, "a schema needs 'document', which holds it, or "
                            "'resource', which says where it is");
  if (document.value == nullptr)
    return resource.value != nullptr ? read_schema_resource(c, resource)
                                     : nullptr;
  return compile(c, document);
}

schema_ptr read_data_schema(context& c, const cursor& where) {
  if (where.value == nullptr)
    return nullptr;
  // No keyword of JSON Schema has one of these names.
  const auto* members = where.value->if_object();
  if (members != nullptr
      && (members->contains("document") || members->contains("resource")))
    return read_schema(c, where);
  return compile(c, where);
}

input_rule read_input(context& c, const cursor& where, site from) {
  input_rule out;
  if (where.value == nullptr)
    return out;
  object_reader fields{c.faults, where, "'input'"};
  out.schema = read_schema(c, fields.take("schema"));
  out.from = read_transform(c, fields.take("from"), from);
  fields.close();
  return out;
}

output_rule read_output(context& c, const cursor& where, site as,
                        std::string_view what) {
  output_rule out;
  if (where.value == nullptr)
    return out;
  object_reader fields{c.faults, where, what};
  out.schema = read_schema(c, fields.take("schema"));
  out.as = read_transform(c, fields.take("as"), as);
  fields.close();
  return out;
}

} // namespace pawl::parsing
