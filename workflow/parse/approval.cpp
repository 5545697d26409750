#include "workflow/approval.hpp"

#include "workflow/parse/builtin.hpp"

#include <array>

namespace pawl::parsing {

namespace {

/// Members that hold what is asked; expressions in them are evaluated when the
/// task begins.
constexpr std::array<std::string_view, 6> asked{
  "title", "data", "approvers", "escalateTo", "fourEyes", "commentRequired"};

/// What is known already must make sense.
void check_panel(context& c, const cursor& where, const dynamic_value& value) {
  if (const auto* known = std::get_if<datum>(&value.form))
    if (const auto made = normal_panel(**known, {}); !made)
      c.faults.invalid(where, made.error().detail);
}

void check_flag(context& c, const cursor& where, const dynamic_value& value) {
  if (const auto* known = std::get_if<datum>(&value.form);
      known != nullptr && !(*known)->is_bool())
    c.faults.invalid(where, "true, false or an expression is needed");
}

void check_title(context& c, const cursor& where, const dynamic_value& value) {
  if (const auto* known = std::get_if<datum>(&value.form);
      known != nullptr
      && (!(*known)->is_string() || (*known)->get_string().empty()))
    c.faults.invalid(where, "text, or an expression in ${ }, is needed");
}

dynamic_value read_question(context& c, object_reader& fields) {
  dynamic_value::object members;
  for (const auto name : asked) {
    const auto where = name == "title" ? fields.need(name) : fields.take(name);
    if (where.value == nullptr)
      continue;
    auto value = read_dynamic(c, where, site::task_body);
    if (name == "title")
      check_title(c, where, value);
    else if (name == "approvers" || name == "escalateTo")
      check_panel(c, where, value);
    else if (name != "data")
      check_flag(c, where, value);
    members.emplace_back(name, std::move(value));
  }
  return make_object(std::move(members));
}

/// An expression, or plain `true` or `false`.
expression::program_ptr read_condition(context& c, const cursor& where) {
  const auto* flag = where.value != nullptr ? where.value->if_bool() : nullptr;
  if (flag == nullptr)
    return read_program(c, where, site::task_body);
  auto made = expression::compile(*flag ? "true" : "false", {});
  return made ? *made : nullptr;
}

void check_reminder(context& c, const cursor& where,
                    const tasks::approval& made) {
  if (!made.remind)
    return;
  if (!made.due)
    return c.faults.invalid(where, "'remind' says how long before 'due' the "
                                   "approvers are reminded, so it needs 'due'");
  const auto* before = std::get_if<calendar_duration>(&*made.remind);
  const auto* due = std::get_if<calendar_duration>(&*made.due);
  const timestamp start{};
  if (before != nullptr && due != nullptr
      && add(start, *before) >= add(start, *due))
    c.faults.invalid(where, "'remind' must be shorter than 'due': it says how "
                            "long before that the approvers are reminded");
}

void check_due(context& c, object_reader& fields, const cursor& on_due,
               const tasks::approval& made) {
  const bool escalates = made.on_due == tasks::approval::due_kind::escalate;
  if (on_due.value != nullptr && !made.due)
    c.faults.invalid(on_due, "'onDue' needs 'due'");
  if (escalates && !fields.has("escalateTo"))
    c.faults.invalid(on_due, "'onDue: escalate' needs 'escalateTo', which "
                             "says who may decide then");
  if (!escalates && fields.has("escalateTo"))
    c.faults.invalid_key(fields.take("escalateTo"),
                         "'escalateTo' belongs to 'onDue: escalate'");
}

} // namespace

tasks::approval read_approval(context& c, const cursor& with) {
  tasks::approval out;
  object_reader fields{c.faults, with, "'with' of 'call: approval'"};
  out.with = read_question(c, fields);
  out.auto_approve = read_condition(c, fields.take("autoApprove"));
  out.due = read_duration(c, fields.take("due"), site::task_body);
  const auto remind = fields.take("remind");
  out.remind = read_duration(c, remind, site::task_body);
  check_reminder(c, remind, out);
  const auto on_due = fields.take("onDue");
  // In the order of due_kind.
  constexpr std::array<std::string_view, 4> ways{"fault", "approve", "reject",
                                                 "escalate"};
  if (const auto way = read_choice(c, on_due, ways))
    out.on_due = static_cast<tasks::approval::due_kind>(*way);
  check_due(c, fields, on_due, out);
  out.data_schema = read_data_schema(c, fields.take("dataSchema"));
  fields.close();
  return out;
}

} // namespace pawl::parsing
