#include "workflow/diagram/parts.hpp"

#include "base/overload.hpp"
#include "workflow/diagram/picture.hpp"

namespace pawl::diagram {

namespace {

constexpr std::size_t word_width = 28;

/// A text that is known without evaluating anything, with a blank before it;
/// else "".
std::string known(const dynamic_value& value) {
  const auto* fixed = std::get_if<datum>(&value.form);
  return fixed != nullptr && (*fixed)->is_string()
           ? ' ' + shortened((*fixed)->get_string(), word_width)
           : std::string{};
}

/// The same of a member of an object.
std::string known_member(const dynamic_value& of, std::string_view name) {
  if (const auto* members = std::get_if<dynamic_value::object>(&of.form))
    for (const auto& [key, value] : *members)
      if (key == name)
        return known(value);
  const auto* fixed = std::get_if<datum>(&of.form);
  const auto* members = fixed == nullptr ? nullptr : (*fixed)->if_object();
  const auto* found = members == nullptr ? nullptr : members->if_contains(name);
  return found != nullptr && found->is_string()
           ? ' ' + shortened(found->get_string(), word_width)
           : std::string{};
}

std::string types_of(const event_strategy& by) {
  std::string out;
  for (const auto& filter : by.filters)
    for (const auto& [key, value] : filter.with)
      if (key == "type")
        out += (out.empty()                           ? ""
                : by.how == event_strategy::kind::all ? " and"
                                                      : " or")
               + known(value);
  return out;
}

std::string loop_note(const tasks::for_each& what) {
  auto out = "for each " + shortened(what.each, word_width);
  if (what.concurrency > 0)
    out += ", " + std::to_string(what.concurrency) + " at once";
  return out;
}

std::string program_note(const tasks::run_program& what) {
  switch (what.what) {
  case tasks::run_program::kind::shell:
    return "run shell";
  case tasks::run_program::kind::script:
    return "run script " + shortened(what.language, word_width);
  case tasks::run_program::kind::container:
    break;
  }
  return "run container" + known_member(what.with, "image");
}

std::string note_of_kind(const task& of, const definition& in) {
  return std::visit(
    overload{
      [](const tasks::for_each& x) { return loop_note(x); },
      [](const tasks::fork& x) {
        return std::string{x.compete ? "fork, the first wins" : "fork"};
      },
      [](const tasks::try_catch& x) {
        return std::string{x.retry ? "try, with retries" : "try"};
      },
      [](const tasks::call_http& x) {
        return "call http " + shortened(x.method, word_width);
      },
      [](const tasks::call_openapi& x) {
        return "call openapi " + shortened(x.operation_id, word_width);
      },
      [&](const tasks::call_function& x) {
        return "call " + shortened(in.tasks[x.function].name, word_width);
      },
      [](const tasks::log&) { return std::string{"call log"}; },
      [](const tasks::worker_job& x) { return "call worker" + known(x.queue); },
      [](const tasks::approval& x) {
        return "call approval" + known_member(x.with, "title");
      },
      [](const tasks::run_program& x) { return program_note(x); },
      [](const tasks::run_workflow& x) {
        return "run " + shortened(x.ns + '/' + x.name, word_width);
      },
      [](const tasks::emit& x) {
        return "emit" + known_member(x.with, "type");
      },
      [](const tasks::listen& x) {
        return "listen" + shortened(types_of(x.to), 2 * word_width);
      },
      [&](const auto&) { return std::string{of.kind_name}; }},
    of.kind);
}

} // namespace

std::vector<part> parts_of(const task& of) {
  std::vector<part> out;
  std::visit(overload{[&](const tasks::do_block& x) {
                        out.push_back({"", x.body});
                      },
                      [&](const tasks::for_each& x) {
                        out.push_back({"", x.body});
                      },
                      [&](const tasks::listen& x) {
                        if (x.has_each)
                          out.push_back({"for each event", x.body});
                      },
                      [&](const tasks::fork& x) {
                        for (const auto branch : x.branches)
                          out.push_back({"", {branch}, false});
                      },
                      [&](const tasks::try_catch& x) {
                        out.push_back({"try", x.body});
                        if (x.has_handler)
                          out.push_back({"catch", x.handler});
                      },
                      [](const auto&) {}},
             of.kind);
  std::erase_if(out, [](const part& p) { return p.tasks.empty(); });
  return out;
}

std::string note_of(const task& of, const definition& in) {
  auto out = note_of_kind(of, in);
  if (of.if_)
    out += ", if";
  if (!of.compensation.empty())
    out += ", undone by "
           + shortened(in.tasks[of.compensation.front()].name, word_width)
           + (of.compensation.size() > 1 ? ", ..." : "");
  return out;
}

} // namespace pawl::diagram
