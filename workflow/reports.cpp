#include "base/overload.hpp"
#include "workflow/planner.hpp"

#include <stdexcept>

namespace pawl {

namespace {

// The frame whose effect this report is about; null if the report is late: of
// a closed frame, or of a dispatch that was given up.
const frame* effect_frame(const instance_state& s, frame_id id,
                          std::uint32_t dispatch) {
  const auto found = s.frames.find(id);
  const bool over = ended(s.status) && s.status != instance_status::faulted;
  if (found == s.frames.end() || !effect_is_out(found->second)
      || found->second.dispatch != dispatch || over)
    return nullptr;
  return &found->second;
}

// What a program or a service may make as large as it likes.
std::size_t size_of(const effect_outcome& outcome) {
  return std::visit(
    overload{
      [](const http_outcome& x) { return x.body.size(); },
      [](const program_outcome& x) { return x.out.size() + x.err.size(); },
      [](const child_outcome&) { return std::size_t{0}; },
      [](const worker_outcome&) { return std::size_t{0}; }},
    outcome);
}

or_raised<json::value> output_of(const task& node, const frame& f,
                                 const effect_outcome& outcome) {
  // How a task fails that was not even tried, whatever it is: a limit or an
  // injected fault says it.
  if (const auto* told = std::get_if<worker_outcome>(&outcome);
      told != nullptr && !told->error.empty())
    return read_outcome(*told, node.pointer);
  return std::visit(
    overload{
      [&](const tasks::call_http& x) {
        return read_outcome(std::get<http_outcome>(outcome), x.output,
                            x.redirect, node.pointer);
      },
      [&](const tasks::call_openapi& x) {
        return read_outcome(std::get<http_outcome>(outcome), x.output,
                            x.redirect, node.pointer);
      },
      [&](const tasks::run_program& x) {
        return read_outcome(std::get<program_outcome>(outcome), x, f.input,
                            node.pointer);
      },
      [&](const tasks::run_workflow&) {
        return read_outcome(std::get<child_outcome>(outcome), f.input,
                            node.pointer);
      },
      [&](const tasks::notify&) {
        const auto& told = std::get<http_outcome>(outcome);
        auto answer = read_outcome(told, output_kind::raw, false, node.pointer);
        if (answer)
          answer
            = json::value{{"channel", f.arguments->as_object().at("channel")},
                          {"status", told.status}};
        return answer;
      },
      [&](const tasks::worker_job&) {
        return read_outcome(std::get<worker_outcome>(outcome), node.pointer);
      },
      [](const auto&) -> or_raised<json::value> {
        throw std::logic_error{"an outcome of a task without an effect"};
      }},
    node.kind);
}

} // namespace

void planner::done(const reports::effect_done& what) {
  const auto* f = effect_frame(state_, what.frame, what.dispatch);
  if (f == nullptr)
    return;
  if (state_.status == instance_status::faulted) // A retry asks again.
    return stopped({what.frame, what.dispatch});
  const auto& node = of_.tasks[*f->node];
  if (size_of(what.outcome) > limits_.payload_max)
    return fail(*f, raised{std::in_place,
                           make_problem(error_kind::communication,
                                        "the answer is larger than "
                                        "instances.payload_max allows: "
                                          + std::to_string(limits_.payload_max)
                                          + " bytes",
                                        node.pointer)});
  auto output = output_of(node, *f, what.outcome);
  if (const auto* told = std::get_if<worker_outcome>(&what.outcome);
      told != nullptr && !told->usage.empty())
    if (auto why = meter(f->id, node, json::value(told->usage)))
      return fail(*f, std::move(*why));
  if (!output) {
    fail(*f, output.error());
    return stop_at_budget();
  }
  finish(*f, make_datum(std::move(*output)));
}

void planner::failed(const reports::effect_failed& what) {
  const auto* f = effect_frame(state_, what.frame, what.dispatch);
  if (f == nullptr)
    return;
  if (state_.status == instance_status::faulted)
    return stopped({what.frame, what.dispatch});
  fail(*f, raised{std::in_place, make_problem(what.kind, what.detail,
                                              of_.tasks[*f->node].pointer)});
}

void planner::stopped(const reports::effect_stopped& what) {
  const auto* f = effect_frame(state_, what.frame, what.dispatch);
  if (f == nullptr)
    return;
  const bool again
    = state_.status != instance_status::cancelling || moves(state_);
  plan.emplace_back(
    events::task_cancelled{f->id, of_.tasks[*f->node].pointer, again});
}

void planner::settle() {
  for (const auto& [id, f] : state_.frames)
    if (effect_is_out(f))
      return;
  if (state_.status == instance_status::suspending)
    plan.emplace_back(events::instance_suspended{state_.reason, state_.freeze});
  if (state_.status != instance_status::cancelling || state_.rollback)
    return;
  if (wants_saga())
    return begin_saga(rollback_end::cancel, nullptr);
  plan.emplace_back(events::instance_cancelled{state_.reason});
}

} // namespace pawl
