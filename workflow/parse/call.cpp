#include "workflow/parse/builtin.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

/// Protocols of the DSL that are refused by name.
constexpr std::array<std::string_view, 4> refused{"asyncapi", "grpc", "a2a",
                                                  "mcp"};

/// An object that may hold expressions, or nothing.
std::optional<dynamic_value> read_arguments(context& c, const cursor& where,
                                            std::string_view what, site at) {
  if (where.value == nullptr)
    return std::nullopt;
  const object_reader fields{c.faults, where, what};
  if (!fields.is_object())
    return std::nullopt;
  return read_dynamic(c, where, at);
}

tasks::call_openapi read_call_openapi(context& c, const cursor& with) {
  tasks::call_openapi out;
  object_reader arguments{c.faults, with, "'with' of 'call: openapi'"};
  out.document = read_resource(c, arguments.need("document"), "'document'");
  out.operation_id
    = read_text(c, arguments.need("operationId")).value_or(std::string{});
  out.parameters = read_arguments(c, arguments.take("parameters"),
                                  "'parameters'", site::task_arguments);
  out.access = read_authentication(c, arguments.take("authentication"),
                                   site::authentication);
  out.output = read_output_kind(c, arguments.take("output"));
  out.redirect = read_bool(c, arguments.take("redirect"), false);
  arguments.close();
  return out;
}

tasks::log read_log(context& c, const cursor& with) {
  tasks::log out;
  object_reader arguments{c.faults, with, "'with' of 'call: log'"};
  if (const auto message = arguments.take("message"); message.value != nullptr)
    out.message = read_dynamic(c, message, site::task_body);
  const auto level = arguments.take("level");
  constexpr std::array<std::string_view, 6> levels{
    "debug", "info", "information", "warn", "warning", "error"};
  if (is_literal(level))
    read_choice(c, level, levels);
  out.level = read_text_or_expression(c, level, site::task_body);
  // The daemon's log has its own form, and each line has its time.
  arguments.refuse("timestamp", "'timestamp' of 'call: log'");
  arguments.refuse("format", "'format' of 'call: log'");
  arguments.close();
  return out;
}

} // namespace

task_kind read_call(context& c, object_reader& fields, task_index self) {
  const auto call = fields.take("call");
  const auto with = fields.take("with");
  const auto name = read_text(c, call);
  if (!name)
    return tasks::call_function{};
  if (std::find(refused.begin(), refused.end(), *name) != refused.end()) {
    c.faults.unsupported(call, "'call: " + *name + "'");
    return tasks::call_function{};
  }
  if (*name == "http" || *name == "openapi") {
    if (with.value == nullptr)
      c.faults.invalid(fields.where(), "'call: " + *name + "' needs 'with'");
    else if (*name == "http")
      return read_call_http(c, with);
    else
      return read_call_openapi(c, with);
    return tasks::call_function{};
  }
  if (is_builtin(c, *name, "log"))
    return read_log(c, with);
  for (const std::string_view own : {"approval", "notify"}) {
    if (!is_builtin(c, *name, own))
      continue;
    if (with.value == nullptr) {
      c.faults.invalid(fields.where(),
                       "'call: " + std::string{own} + "' needs 'with'");
      return tasks::call_function{};
    }
    if (own == "approval")
      return read_approval(c, with);
    return read_notify(c, with);
  }
  if (is_builtin(c, *name, "worker"))
    return read_call_worker(c, with);
  c.calls.push_back({self, *name, call, c.faults.part()});
  return tasks::call_function{
    0, read_arguments(c, with, "'with' of a function", site::task_body)};
}

} // namespace pawl::parsing
