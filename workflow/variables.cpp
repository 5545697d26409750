#include "base/version.hpp"
#include "workflow/evaluator.hpp"
#include "workflow/redo.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

/// What the variables of expressions stand for.
namespace pawl {

namespace {

json::value time_value(timestamp t) {
  const auto ms = unix_ms(t);
  return {{"iso8601", to_text(t)},
          {"epoch", {{"seconds", ms / 1000}, {"milliseconds", ms}}}};
}

// The members of an object that an expression reads, and no others: some are
// large.
class selected {
public:
  explicit selected(const expression::variable_use& use) : use_{use} {}
  template <class F>
  selected& add(std::string_view key, F&& make) {
    if (use_.whole || std::ranges::find(use_.keys, key) != use_.keys.end())
      out_[key] = make();
    return *this;
  }
  json::value take() { return std::move(out_); }

private:
  const expression::variable_use& use_;
  json::object out_;
};

} // namespace

const json::value* evaluator::find_in_frame(const frame& f,
                                            std::string_view name) {
  for (const auto& one : local_names(state_, of_, f))
    if (!one.name.empty() && one.name == name)
      return one.value != nullptr ? one.value
                                  : &built_.emplace_back(one.number);
  return nullptr;
}

const json::value* evaluator::find_local(std::string_view name,
                                         const vantage& at) {
  for (const auto& [known, value] : at.names)
    if (known == name)
      return value.get();
  for (auto id = at.scope; id != 0;) {
    const auto& f = state_.frames.at(id);
    if (f.role == frame_role::redo)
      return f.locals->as_object().if_contains(name);
    if (f.role != frame_role::wrap)
      if (const auto* found = find_in_frame(f, name))
        return found;
    id = f.parent;
  }
  return nullptr;
}

// The frame of the extensions that a task belongs to, if it is no part of the
// extended task itself.
const frame* evaluator::extended_around(const vantage& at) const {
  for (auto id = at.scope; id != 0;) {
    const auto& f = state_.frames.at(id);
    if (f.wrap)
      return f.wrap->segment == f.wrap->extensions.size() ? nullptr : &f;
    id = f.parent;
  }
  return nullptr;
}

const json::value* evaluator::find(const expression::variable_use& use,
                                   const vantage& at) {
  if (const auto* local = find_local(use.name, at))
    return local;
  if (use.name == "context")
    return state_.context.get();
  if (use.name == "input")
    return at.input.get();
  if (use.name == "output")
    return at.output.get();
  if (use.name == "task" && at.node != nullptr)
    return &built_.emplace_back(task_variable(use, at));
  if (use.name == "workflow")
    return &built_.emplace_back(workflow_variable(use));
  if (use.name == "runtime")
    return &built_.emplace_back(runtime_variable(use));
  return nullptr;
}

json::value evaluator::task_variable(const expression::variable_use& use,
                                     const vantage& at) const {
  const auto copy = [](const datum& d) { return d ? *d : json::value{}; };
  // To the tasks of an extension, `$task` is the task that they extend.
  if (const auto* around = extended_around(at)) {
    const auto& node = of_.tasks[*around->node];
    return selected{use}
      .add("name", [&] { return json::value(node.name); })
      .add("reference", [&] { return json::value(node.pointer); })
      .add("definition", [&] { return node.source; })
      .add("input", [&] { return *around->raw; })
      .add("output", [&] { return *around->wrap->output; })
      .add("startedAt", [&] { return time_value(around->started); })
      .take();
  }
  return selected{use}
    .add("name", [&] { return json::value(at.node->name); })
    .add("reference", [&] { return json::value(at.node->pointer); })
    .add("definition", [&] { return at.node->source; })
    .add("input", [&] { return copy(at.raw); })
    .add("output", [&] { return copy(at.raw_output); })
    .add("startedAt", [&] { return time_value(at.started); })
    .take();
}

json::value evaluator::runtime_variable(const expression::variable_use& use) {
  return selected{use}
    .add("name", [] { return json::value("pawl"); })
    .add("version", [] { return json::value(version); })
    .add("metadata",
         [this] {
           flags_read_ = true;
           json::object metadata;
           if (flags_)
             metadata["flags"] = *flags_;
           return json::value(std::move(metadata));
         })
    .take();
}

json::value
evaluator::workflow_variable(const expression::variable_use& use) const {
  return selected{use}
    .add("id", [&] { return json::value(state_.id); })
    .add("definition", [&] { return of_.document; })
    .add("input", [&] { return *state_.raw_input; })
    .add("startedAt", [&] { return time_value(state_.started.value_or(now_)); })
    .take();
}

} // namespace pawl
