#include "workflow/parse/context.hpp"

namespace pawl::parsing {

namespace {

void read_each(context& c, const cursor& where, tasks::listen& out) {
  if (where.value == nullptr)
    return;
  out.has_each = true;
  object_reader fields{c.faults, where, "'foreach'"};
  const auto at = fields.take("at");
  out.item = read_variable_name(c, fields.take("item"), out.item);
  out.at = read_variable_name(c, at, out.at);
  if (out.item == out.at)
    c.faults.invalid(at.value != nullptr ? at : where,
                     "the item and its index cannot both be called "
                       + quoted(out.at));
  const added_locals names{c, {out.item, out.at}};
  out.body = read_tasks(c, fields.take("do"), "'do'");
  out.output
    = read_output(c, fields.take("output"), site::task_output, "'output'");
  out.exports
    = read_output(c, fields.take("export"), site::task_export, "'export'");
  fields.close();
}

} // namespace

tasks::listen read_listen(context& c, object_reader& fields) {
  tasks::listen out;
  object_reader listened{c.faults, fields.take("listen"), "'listen'"};
  out.to
    = read_strategy(c, listened.need("to"), "'listen.to'", site::task_body);
  out.read = read_how(c, listened.take("read"));
  listened.close();
  read_each(c, fields.take("foreach"), out);
  return out;
}

} // namespace pawl::parsing
