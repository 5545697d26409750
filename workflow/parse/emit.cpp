#include "workflow/cloudevent.hpp"
#include "workflow/parse/context.hpp"

namespace pawl::parsing {

namespace {

/// Warns of a name or a constant that the schema of the DSL accepts, and
/// CloudEvents does not.
void check_envelope(context& c, const cursor& where, std::string_view name) {
  const bool computed
    = where.value->is_string() && (c.loose || !is_literal(where));
  if (computed && (is_attribute_name(name) || name == "data_base64"))
    return;
  if (const auto why = attribute_fault(name, *where.value); !why.empty())
    c.faults.warn(where, "CloudEvents refuses the attribute " + quoted(name)
                           + ", so the task would fail. " + std::string{why});
}

/// Checks one attribute of an event that will be sent, beyond what holds for
/// those of a filter as well.
void check_sent(context& c, const cursor& where, std::string_view name) {
  if (name == "data")
    return;
  check_attribute(c, where, name);
  if (!is_text_attribute(name) && where.value->is_structured()) {
    c.faults.invalid(where, "an extension attribute of an event is text, a "
                            "number or a boolean");
    return;
  }
  if (is_literal(where) && (name == "type" || name == "id")
      && where.text().empty()) {
    c.faults.invalid(where,
                     "the attribute " + quoted(name) + " cannot be empty");
    return;
  }
  if (is_literal(where) && (name == "source" || name == "dataschema"))
    read_uri(c, where, site::task_body);
  check_envelope(c, where, name);
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
