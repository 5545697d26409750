#include "workflow/parse/context.hpp"

namespace pawl::parsing {

namespace {

/// Checks one attribute of an event that will be sent, beyond what holds for
/// those of a filter as well.
void check_sent(context& c, const cursor& where, std::string_view name) {
  if (name == "data")
    return;
  check_attribute(c, where, name);
  if (!is_text_attribute(name) && where.value->is_structured())
    c.faults.invalid(where, "an extension attribute of an event is text, a "
                            "number or a boolean");
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789")
      != std::string_view::npos)
    c.faults.warn(where, "CloudEvents names attributes with lower-case letters "
                         "and digits only, which "
                           + quoted(name) + " is not");
  if (!is_literal(where))
    return;
  if ((name == "type" || name == "id") && where.text().empty())
    c.faults.invalid(where,
                     "the attribute " + quoted(name) + " cannot be empty");
  if (name == "source" || name == "dataschema")
    read_uri(c, where, site::task_body);
}

} // namespace

tasks::emit read_emit(context& c, object_reader& fields) {
  tasks::emit out;
  object_reader emitted{c.faults, fields.take("emit"), "'emit'"};
  object_reader event{c.faults, emitted.need("event"), "'emit.event'"};
  const auto with = event.need("with");
  event.close();
  emitted.close();
  object_reader attributes{c.faults, with, "'emit.event.with'"};
  attributes.need("type");
  if (!attributes.is_object())
    return out;
  for_members(c, with, "'emit.event.with'",
              [&c](const std::string& name, const cursor& at) {
                check_sent(c, at, name);
              });
  out.with = read_dynamic(c, with, site::task_body);
  return out;
}

} // namespace pawl::parsing
