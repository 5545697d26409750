#include "workflow/parse/context.hpp"

#include <array>

namespace pawl::parsing {

namespace {

/// A text of the static filter. It is compared as it stands.
std::optional<std::string> read_static(context& c, const cursor& where) {
  auto text = read_text(c, where, true);
  if (text && expression::strip_braces(*text).data() != nullptr)
    c.faults.warn(where, "'errors.with' is compared as it stands, it holds no "
                         "expressions; use 'when' for that");
  return text;
}

error_filter read_filter(context& c, const cursor& where) {
  error_filter out;
  object_reader fields{c.faults, where, "'errors.with'"};
  out.type = read_static(c, fields.take("type"));
  if (const auto at = fields.take("status"); at.value != nullptr)
    out.status = read_integer(c, at, 0);
  out.instance = read_static(c, fields.take("instance"));
  out.title = read_static(c, fields.take("title"));
  const auto detail = fields.take("detail");
  const auto details = fields.take("details"); // The name in DSL 1.0.3.
  out.detail = read_static(c, detail.value != nullptr ? detail : details);
  if (detail.value != nullptr && details.value != nullptr)
    c.faults.invalid(details, "'detail' and 'details' mean the same; give one");
  fields.close();
  if (where.value != nullptr && fields.is_object()
      && where.value->get_object().empty())
    c.faults.invalid(where, "'errors.with' needs at least one member");
  return out;
}

} // namespace

tasks::try_catch read_try(context& c, object_reader& fields, task_index self) {
  tasks::try_catch out;
  out.body = read_tasks(c, fields.take("try"), "'try'");
  object_reader caught{c.faults, fields.need("catch"), "'catch'"};
  object_reader errors{c.faults, caught.take("errors"), "'catch.errors'"};
  out.errors = read_filter(c, errors.take("with"));
  errors.close();
  out.as = read_variable_name(c, caught.take("as"), out.as);
  out.retry = read_retry(c, caught.take("retry"), out.as);
  const added_locals name{c, {out.as}};
  out.when = read_program(c, caught.take("when"), site::task_body);
  out.except_when = read_program(c, caught.take("exceptWhen"), site::task_body);
  const auto handler = caught.take("do");
  out.has_handler = handler.value != nullptr;
  out.handler = read_tasks(c, handler, "'catch.do'");
  out.then = read_flow(c, caught.take("then"),
                       {self, pending_jump::field::catch_then, 0, {}, {}});
  caught.close();
  return out;
}

} // namespace pawl::parsing
