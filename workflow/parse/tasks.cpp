#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

/// More than any document of 1 MiB means; bounds what pointers and sources
/// may take.
constexpr std::size_t tasks_max = 10'000;
constexpr std::size_t name_bytes_max = 256;

/// What makes a task what it is, as the DSL writes it. `do` comes last: it also
/// belongs to `for`.
constexpr std::array<std::string_view, 12> kinds{
  "call", "emit", "for",    "fork", "listen", "raise",
  "run",  "set",  "switch", "try",  "wait",   "do"};

/// The kind of the task at `where`, or nothing after a fault.
std::string_view kind_of(context& c, const object_reader& fields) {
  std::vector<std::string_view> found;
  for (const auto kind : kinds)
    if (fields.has(kind) && (kind != "do" || !fields.has("for")))
      found.push_back(kind);
  if (found.size() == 1)
    return found.front();
  if (!fields.is_object())
    return {};
  if (found.size() > 1) {
    c.faults.invalid(fields.where(), "a task does one thing, but this one has "
                                       + listed(found));
    return {};
  }
  std::string hint;
  for (const auto& member : fields.where().value->get_object())
    if (hint.empty())
      hint = did_you_mean({member.key().data(), member.key().size()}, kinds);
  c.faults.invalid(fields.where(),
                   "a task needs one of " + listed(kinds) + "." + hint);
  return {};
}

/// What is particular to the kind.
task_kind read_kind(context& c, object_reader& fields, std::string_view kind,
                    task_index self) {
  if (kind == "set")
    return read_set(c, fields);
  if (kind == "switch")
    return read_switch(c, fields, self);
  if (kind == "for")
    return read_for(c, fields);
  if (kind == "fork")
    return read_fork(c, fields);
  if (kind == "try")
    return read_try(c, fields, self);
  if (kind == "raise")
    return read_raise(c, fields);
  if (kind == "wait")
    return read_wait(c, fields);
  if (kind == "call")
    return read_call(c, fields, self);
  if (kind == "emit")
    return read_emit(c, fields);
  if (kind == "listen")
    return read_listen(c, fields);
  if (kind == "run")
    return read_run(c, fields);
  return tasks::do_block{read_tasks(c, fields.take("do"), "'do'")};
}

/// Reads what all tasks have. A reference to the task would dangle when tasks
/// nested in it are added, so it is looked up anew each time.
void read_common(context& c, object_reader& fields, task_index self) {
  auto condition = read_program(c, fields.take("if"), site::task_if);
  auto input = read_input(c, fields.take("input"), site::task_if);
  auto output
    = read_output(c, fields.take("output"), site::task_output, "'output'");
  auto exports
    = read_output(c, fields.take("export"), site::task_export, "'export'");
  auto timeout = read_timeout(c, fields.take("timeout"), site::task_body);
  const auto then = read_flow(c, fields.take("then"),
                              {self, pending_jump::field::then, 0, {}, {}});
  read_task_metadata(c, fields.take("metadata"), self);
  auto& task = c.out.tasks[self];
  task.if_ = std::move(condition);
  task.input = std::move(input);
  task.output = std::move(output);
  task.exports = std::move(exports);
  task.timeout = std::move(timeout);
  task.then = then;
}

void read_task(context& c, const cursor& where, std::string name,
               std::uint32_t position) {
  const auto self = static_cast<task_index>(c.out.tasks.size());
  task made;
  made.name = std::move(name);
  made.pointer = where.pointer;
  made.index = self;
  made.position = position;
  made.source = *where.value;
  c.out.tasks.push_back(std::move(made));
  object_reader fields{c.faults, where, "a task"};
  const auto kind = kind_of(c, fields);
  if (!kind.empty()) {
    c.out.tasks[self].kind_name = kind;
    read_common(c, fields, self);
    auto particular = read_kind(c, fields, kind, self);
    c.out.tasks[self].kind = std::move(particular);
    fields.close();
  }
  c.out.tasks[self].end = static_cast<task_index>(c.out.tasks.size());
}

/// Whether `name`, which stands at `at`, can be a task's.
bool is_task_name(context& c, const cursor& at, std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max) {
    c.faults.invalid_key(at, "a task's name has 1 to 256 bytes");
    return false;
  }
  if (name == "continue" || name == "exit" || name == "end")
    c.faults.warn(at, "no 'then' can lead to this task, because " + quoted(name)
                        + " is a flow directive");
  return true;
}

/// Whether one more task may be read.
bool has_room(context& c, const cursor& where) {
  if (c.out.tasks.size() < tasks_max)
    return true;
  c.faults.invalid(where, "a workflow has at most 10,000 tasks");
  return false;
}

} // namespace

task_list read_tasks(context& c, const cursor& where, std::string_view what,
                     list_kind kind) {
  task_list out;
  if (where.value == nullptr)
    return out;
  if (!where.value->is_array()) {
    c.faults.invalid(where, std::string{what}
                              + " must be a list of tasks: '- name: {...}'");
    return out;
  }
  const auto jumps_before = c.jumps.size();
  std::vector<cursor> places;
  std::map<std::string, std::string> seen; // Name to pointer.
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i) {
    const auto item = where.item(i);
    auto entry = read_entry(c, item,
                            "an entry of a task list is an object with one "
                            "member: the task's name, and the task");
    if (!entry || !is_task_name(c, entry->second, entry->first))
      continue;
    auto& [name, at] = *entry;
    if (const auto [first, fresh] = seen.emplace(name, at.pointer); !fresh)
      c.faults.invalid_key(at, "a task named " + quoted(name)
                                 + " is in this list already, at "
                                 + first->second);
    if (!has_room(c, item))
      break;
    out.push_back(static_cast<task_index>(c.out.tasks.size()));
    places.push_back(at);
    read_task(c, at, std::move(name), static_cast<std::uint32_t>(i));
  }
  if (kind == list_kind::branches)
    refuse_jumps(c, jumps_before, "a branch of a fork");
  else
    resolve_flow(c, out, places, jumps_before);
  return out;
}

task_index read_lone_task(context& c, const cursor& where, std::string name) {
  const auto jumps_before = c.jumps.size();
  const auto made = static_cast<task_index>(c.out.tasks.size());
  if (is_task_name(c, where, name) && has_room(c, where))
    read_task(c, where, std::move(name), 0);
  refuse_jumps(c, jumps_before, "a function");
  return made;
}

flow read_flow(context& c, const cursor& where, pending_jump jump) {
  auto text = read_text(c, where);
  if (!text || *text == "continue")
    return {};
  if (*text == "exit")
    return {flow::kind::exit, 0};
  if (*text == "end")
    return {flow::kind::end, 0};
  jump.target = std::move(*text);
  jump.where = where;
  c.jumps.push_back(std::move(jump));
  return {flow::kind::jump, 0};
}

} // namespace pawl::parsing
