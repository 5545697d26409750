#include "base/bytes.hpp"
#include "workflow/arguments.hpp"

namespace pawl {

namespace {

/// Deeper than this, workflows that run each other are a loop.
constexpr std::uint32_t children_max = 32;

std::string_view name_of(tasks::run_program::kind what) {
  constexpr std::string_view names[] = {"shell", "script", "container"};
  return names[static_cast<std::size_t>(what)];
}

/// A command that says nothing is a mistake, often of the expression it is made
/// by.
bool is_without_command(const tasks::run_program& what,
                        const argument_list& arguments) {
  if (what.what != tasks::run_program::kind::shell)
    return false;
  const auto* with = arguments.made().if_contains("with");
  if (with == nullptr || !with->is_object())
    return false;
  const auto* command = with->get_object().if_contains("command");
  return command != nullptr && command->is_string()
         && command->get_string().empty();
}

std::string attempts_of(const instance_state& s, const entry& e) {
  // An id may be used again once its instance was deleted.
  auto attempts = to_text(s.created) + "/" + std::to_string(e.attempt);
  for (auto id = e.parent; id != 0;) {
    const auto& scope = s.frames.at(id);
    attempts += "." + std::to_string(scope.attempt);
    id = scope.parent;
  }
  return attempts;
}

// A child is the same through pauses and crashes, and another for a retry: what
// has failed once would only fail again.
std::string child_id(const planner& p, const entry& e) {
  frame own;
  own.id = e.id;
  own.parent = e.parent;
  own.node = e.node->index;
  own.visit = e.visit;
  constexpr std::size_t parent_max = 100; // Of the 128 that an id may have.
  const auto number = xxh3(effect_key(p.state(), own, p.of()),
                           xxh3(attempts_of(p.state(), e), 0));
  std::string bytes;
  put_u64(bytes, number);
  return p.state().id.substr(0, parent_max) + "-" + to_hex(bytes);
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::run_program& what) {
  argument_list arguments{p, e};
  arguments.add("with", what.with);
  arguments.add_fixed("kind", json::value(name_of(what.what)));
  arguments.add_fixed("await", json::value(what.await));
  if (!what.language.empty())
    arguments.add_fixed("language", json::value(what.language));
  if (what.source)
    arguments.add_endpoint("source", *what.source);
  if (is_without_command(what, arguments))
    arguments.fail(error_kind::runtime, "the command is empty");
  begin_effect(p, e, arguments.take());
}

void begin_task(planner& p, const entry& e, const tasks::run_workflow& what) {
  argument_list arguments{p, e};
  arguments.add_fixed("id", json::value(child_id(p, e)));
  arguments.add_fixed("namespace", json::value(what.ns));
  arguments.add_fixed("name", json::value(what.name));
  arguments.add_fixed("version", json::value(what.version));
  if (what.input)
    arguments.add("input", *what.input);
  else
    arguments.add_fixed("input", *e.input);
  arguments.add_fixed("depth", json::value(p.state().depth + 1));
  if (!p.state().started_by.empty()) // What a child asks, he may not decide.
    arguments.add_fixed("by", json::value(p.state().started_by));
  if (p.state().depth >= children_max)
    arguments.fail(error_kind::runtime, "workflows run each other more than "
                                          + std::to_string(children_max)
                                          + " levels deep");
  begin_effect(p, e, arguments.take());
}

} // namespace pawl
