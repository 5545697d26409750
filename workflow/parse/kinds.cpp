#include "workflow/parse/context.hpp"

#include <algorithm>

namespace pawl::parsing {

namespace {

tasks::switch_case read_case(context& c, const cursor& where,
                             pending_jump jump) {
  tasks::switch_case out;
  object_reader fields{c.faults, where, "a case"};
  out.when = read_program(c, fields.take("when"), site::task_body);
  out.then = read_flow(c, fields.need("then"), std::move(jump));
  fields.close();
  return out;
}

/// `for.in`: an expression, or a list of objects.
dynamic_value read_items(context& c, const cursor& where) {
  if (where.value == nullptr || !where.value->is_array())
    return {read_program(c, where, site::task_body)};
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i)
    if (!where.item(i).value->is_object())
      c.faults.invalid(where.item(i), "the items of a list that is written "
                                      "down are objects; for others use an "
                                      "expression: '${ [1, 2] }'");
  return read_dynamic(c, where, site::task_body);
}

/// Whether jq can read `text` as the name of a variable.
bool is_variable_name(std::string_view text) {
  constexpr std::string_view letters
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr std::string_view all
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return !text.empty() && text.size() <= 64
         && letters.find(text.front()) != std::string_view::npos
         && text.find_first_not_of(all) == std::string_view::npos;
}

} // namespace

std::string read_variable_name(context& c, const cursor& where,
                               std::string fallback) {
  auto text = read_text(c, where);
  if (!text)
    return fallback;
  if (text->starts_with('$')) {
    c.faults.invalid(where, "write the variable's name without '$'");
  } else if (!is_variable_name(*text)) {
    c.faults.invalid(where, quoted(*text)
                              + " cannot be a variable: use up to 64 letters, "
                                "digits and '_', no digit first");
  } else if (std::find(std::begin(variable_names), std::end(variable_names),
                       *text)
             != std::end(variable_names)) {
    c.faults.invalid(where, "the name " + quoted(*text)
                              + " is taken: every expression has $" + *text);
  } else {
    return *text;
  }
  return fallback;
}

tasks::set read_set(context& c, object_reader& fields) {
  const auto where = fields.take("set");
  if (where.value->is_string())
    return {{read_program(c, where, site::task_body)}};
  if (!where.value->is_object() || where.value->get_object().empty()) {
    c.faults.invalid(where, "'set' needs an object with at least one member, "
                            "or one expression");
    return {};
  }
  return {read_dynamic(c, where, site::task_body)};
}

tasks::switch_on read_switch(context& c, object_reader& fields,
                             task_index self) {
  tasks::switch_on out;
  const auto where = fields.take("switch");
  if (!where.value->is_array() || where.value->get_array().empty()) {
    c.faults.invalid(where, "'switch' needs a list of at least one case: "
                            "'- name: {when: ..., then: ...}'");
    return out;
  }
  std::map<std::string, std::string> seen; // Name to pointer.
  std::string default_at;
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i) {
    auto found = read_entry(c, where.item(i),
                            "an entry of 'switch' is an object with one "
                            "member: the case's name, and the case");
    if (!found)
      continue;
    auto& [name, at] = *found;
    if (const auto [first, fresh] = seen.emplace(name, at.pointer); !fresh)
      c.faults.invalid_key(at, "a case named " + quoted(name)
                                 + " is in this switch already, at "
                                 + first->second);
    out.cases.push_back(read_case(
      c, at,
      {self, pending_jump::field::switch_case, out.cases.size(), {}, {}}));
    out.cases.back().name = std::move(name);
    if (at.value->is_object() && !at.value->get_object().contains("when")) {
      if (!default_at.empty())
        c.faults.invalid_key(at, "a switch has at most one case without "
                                 "'when', and there is one already at "
                                   + default_at);
      default_at = at.pointer;
    }
  }
  return out;
}

tasks::for_each read_for(context& c, object_reader& fields) {
  tasks::for_each out;
  object_reader loop{c.faults, fields.take("for"), "'for'"};
  const auto at = loop.take("at");
  out.each = read_variable_name(c, loop.take("each"), out.each);
  out.at = read_variable_name(c, at, out.at);
  if (out.each == out.at)
    c.faults.invalid(at.value != nullptr ? at : loop.where(),
                     "the item and its index cannot both be called "
                       + quoted(out.at));
  out.in = read_items(c, loop.need("in"));
  loop.close();
  out.concurrency = read_concurrency(c, fields.where().member("metadata"));
  const added_locals names{c, {out.each, out.at}};
  out.while_ = read_program(c, fields.take("while"), site::task_body);
  out.body = read_tasks(c, fields.need("do"), "'do'");
  return out;
}

tasks::fork read_fork(context& c, object_reader& fields) {
  tasks::fork out;
  object_reader fork{c.faults, fields.take("fork"), "'fork'"};
  out.compete = read_bool(c, fork.take("compete"), false);
  out.branches
    = read_tasks(c, fork.need("branches"), "'branches'", list_kind::branches);
  fork.close();
  return out;
}

tasks::raise read_raise(context& c, object_reader& fields) {
  object_reader raised{c.faults, fields.take("raise"), "'raise'"};
  tasks::raise out{read_error(c, raised.need("error"))};
  raised.close();
  return out;
}

tasks::wait read_wait(context& c, object_reader& fields) {
  return {read_duration(c, fields.take("wait"), site::task_body)
            .value_or(duration_rule{})};
}

} // namespace pawl::parsing
