#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

constexpr std::array<std::string_view, 12> targets{
  "call", "composite", "emit",   "for", "listen", "raise",
  "run",  "set",       "switch", "try", "wait",   "all"};

bool extends(const extension& what, const task& node) {
  if (what.target == "all")
    return true;
  if (what.target == "composite")
    return node.kind_name == "do" || node.kind_name == "fork";
  return what.target == node.kind_name;
}

extension read_extension(context& c, const cursor& where, std::string name) {
  extension out;
  out.name = std::move(name);
  object_reader fields{c.faults, where, "an extension"};
  if (const auto i = read_choice(c, fields.need("extend"), targets))
    out.target = targets[*i];
  out.when = read_program(c, fields.take("when"), site::task_if);
  const auto first = static_cast<task_index>(c.out.tasks.size());
  out.before = read_tasks(c, fields.take("before"), "'before'");
  out.after = read_tasks(c, fields.take("after"), "'after'");
  c.extending.emplace_back(first, static_cast<task_index>(c.out.tasks.size()));
  fields.close();
  return out;
}

/// Marks the tasks of extensions, and of functions that these call: they are
/// not extended themselves, or it would have no end.
std::vector<bool> exempt_tasks(context& c) {
  std::vector<bool> out(c.out.tasks.size(), false);
  auto open = c.extending;
  while (!open.empty()) {
    const auto [first, end] = open.back();
    open.pop_back();
    if (first == end || out[first])
      continue;
    std::fill(out.begin() + first, out.begin() + end, true);
    // Calls are in the order of their tasks.
    auto call = std::lower_bound(
      c.calls.begin(), c.calls.end(), first,
      [](const pending_call& a, task_index b) { return a.owner < b; });
    for (; call != c.calls.end() && call->owner < end; ++call) {
      const auto to
        = std::get<tasks::call_function>(c.out.tasks[call->owner].kind)
            .function;
      open.emplace_back(to, c.out.tasks[to].end);
    }
  }
  return out;
}

} // namespace

void read_extensions(context& c) {
  const auto& where = c.extensions_written;
  if (where.value == nullptr)
    return;
  if (!where.value->is_array()) {
    c.faults.invalid(where, "'use.extensions' must be a list of extensions: "
                            "'- name: {extend: ...}'");
    return;
  }
  std::map<std::string, std::string> seen; // Name to pointer.
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i) {
    auto entry = read_entry(c, where.item(i),
                            "an entry of 'use.extensions' is an object with "
                            "one member: the extension's name, and the "
                            "extension");
    if (!entry)
      continue;
    auto& [name, at] = *entry;
    if (const auto [first, fresh] = seen.emplace(name, at.pointer); !fresh)
      c.faults.invalid_key(at, "an extension named " + quoted(name)
                                 + " is in this list already, at "
                                 + first->second);
    auto made = read_extension(c, at, std::move(name));
    c.out.extensions.push_back(std::move(made));
  }
}

void apply_extensions(context& c) {
  if (c.out.extensions.empty() || !c.faults.clean() || !c.wanted.empty())
    return;
  const auto exempt = exempt_tasks(c);
  for (const auto function : c.functions)
    if (exempt[function])
      c.faults.warn(c.root.member("use"),
                    "an extension calls the function "
                      + quoted(c.out.tasks[function].name)
                      + ", so no extension applies to its tasks");
  for (auto& node : c.out.tasks)
    for (std::size_t i = 0; !exempt[node.index] && i < c.out.extensions.size();
         ++i)
      if (extends(c.out.extensions[i], node))
        node.extended_by.push_back(static_cast<std::uint32_t>(i));
}

} // namespace pawl::parsing
