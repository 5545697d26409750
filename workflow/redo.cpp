#include "workflow/redo.hpp"

#include "workflow/folder.hpp"
#include "workflow/planner.hpp"
#include "workflow/shown.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl {

namespace {

/// Of one instance at a time.
constexpr std::ptrdiff_t redos_max = 100;

refused bad_redo(std::string detail) {
  return {{errc::invalid_request, std::move(detail)}, {}};
}

const tasks::for_each* loop_of(const task& node) {
  return std::get_if<tasks::for_each>(&node.kind);
}

bool is_redo(const frame& f) {
  return f.role == frame_role::redo;
}

// The `for` itself, if it has not come to its end.
const frame* active_loop(const instance_state& s, const frame& redone) {
  for (const auto& [id, f] : s.frames)
    if (f.node == redone.node && f.role == frame_role::task
        && redo_around(s, id) == 0 && f.gathered.contains(redone.lane))
      return &f;
  return nullptr;
}

} // namespace

std::array<local_name, 2> local_names(const instance_state& s,
                                      const definition& of, const frame& f) {
  const auto& kind = of.tasks[*f.node].kind;
  if (const auto* loop = std::get_if<tasks::for_each>(&kind)) {
    // A lane's items are those of the loop that it belongs to.
    const bool lane = f.role == frame_role::lane;
    const auto number = lane ? std::uint64_t{f.lane} : f.iterations;
    if (number == 0 || (!lane && loop->concurrency > 0))
      return {};
    const auto& owner = lane ? s.frames.at(f.parent) : f;
    return {{{loop->each, &owner.arguments->as_array()[number - 1]},
             {loop->at, nullptr, number - 1}}};
  }
  if (const auto* guard = std::get_if<tasks::try_catch>(&kind);
      guard != nullptr && f.handling)
    return {{{guard->as, f.error.get()}, {}}};
  if (const auto* listen = std::get_if<tasks::listen>(&kind);
      listen != nullptr && f.listening && f.iterations > 0)
    return {{{listen->item, f.listening->item.get()},
             {listen->at, nullptr, f.iterations - 1}}};
  return {};
}

frame_id redo_around(const instance_state& s, frame_id frame) {
  for (auto id = frame; id != 0;) {
    const auto found = s.frames.find(id);
    if (found == s.frames.end())
      return 0;
    if (is_redo(found->second))
      return id;
    id = found->second.parent;
  }
  return 0;
}

// --- What the history tells --------------------------------------------------

void redo_finder::enter(const instance_state& s, const definition& of,
                        const frame& f, const datum& given) {
  json::object names;
  for (const auto* at = &f; at->id != 0; at = &s.frames.at(at->parent)) {
    if (is_redo(*at)) {
      for (const auto& known : at->locals->as_object())
        names.emplace(known.key(), known.value());
      break;
    }
    if (at->role == frame_role::wrap)
      continue;
    for (const auto& one : local_names(s, of, *at))
      if (!one.name.empty())
        names.emplace(one.name, one.value != nullptr ? *one.value
                                                     : json::value(one.number));
  }
  open_[f.id] = {given, make_datum(std::move(names))};
}

void redo_finder::leave(frame_id frame) {
  const auto found = open_.find(frame);
  if (found == open_.end())
    return;
  found_ = std::move(found->second);
  open_.erase(found);
}

void redo_finder::before(const instance_state& s, const definition& of,
                         const event& fact) {
  // A loop without lanes is at its next item when it has left the one before.
  const auto leaves_item = [&](frame_id frame, const std::string& task) {
    if (task != task_ || item_ == 0)
      return;
    const auto found = s.frames.find(frame);
    if (found != s.frames.end() && found->second.iterations == item_
        && loop_of(of.tasks[*found->second.node])->concurrency == 0)
      leave(frame);
  };
  if (const auto* next = std::get_if<events::task_iterated>(&fact))
    leaves_item(next->frame, next->task);
  if (const auto* done = std::get_if<events::task_completed>(&fact)) {
    const auto found = of.by_pointer.find(done->task);
    if (loop_of(of.tasks[found->second]) != nullptr)
      leaves_item(done->frame, done->task);
  }
}

void redo_finder::after(const instance_state& s, const definition& of,
                        const event& fact) {
  if (task_of(fact) != task_)
    return;
  const auto found = of.by_pointer.find(task_);
  const bool of_item = item_ > 0 && loop_of(of.tasks[found->second]) != nullptr;
  if (const auto* begun = std::get_if<events::task_started>(&fact)) {
    const auto& f = s.frames.at(begun->frame);
    if (!of_item && (item_ == 0 || lane_of(s, f) == item_))
      enter(s, of, f, f.raw);
    if (of_item && redo_around(s, f.id) == 0)
      outputs_.clear();
  }
  if (const auto* done = std::get_if<events::task_completed>(&fact))
    leave(done->frame);
  if (!of_item)
    return;
  if (const auto* again = std::get_if<events::redo_started>(&fact);
      again != nullptr && again->item == item_)
    open_[again->frame] = {again->input, again->locals};
  if (const auto* next = std::get_if<events::task_iterated>(&fact);
      next != nullptr && next->index + 1 == item_) {
    const auto& f = s.frames.at(next->frame);
    enter(s, of, f, f.data);
  }
  if (const auto* lane = std::get_if<events::branch_started>(&fact);
      lane != nullptr && lane->number == item_) {
    const auto& f = s.frames.at(lane->frame);
    enter(s, of, f, f.raw);
  }
  if (const auto* lane = std::get_if<events::branch_completed>(&fact)) {
    outputs_[lane->number] = lane->output;
    leave(lane->frame);
  }
  if (const auto* again = std::get_if<events::redo_completed>(&fact);
      again != nullptr && again->item > 0) {
    outputs_[again->item] = again->output;
    leave(again->frame);
  }
}

void redo_finder::tell(requests::redo& wish) const {
  if (!found_)
    return;
  wish.given = found_->given;
  wish.locals = found_->locals;
  json::array all;
  for (const auto& [number, output] : outputs_)
    all.push_back(*output);
  wish.outputs = make_datum(std::move(all));
}

// --- The machine -------------------------------------------------------------

planner::answer planner::redo(const requests::redo& wish) {
  if (std::ranges::count(allowed_verbs(state_), "redo") == 0)
    return not_now("redo");
  const auto named = of_.by_pointer.find(wish.task);
  if (named == of_.by_pointer.end())
    return bad_redo("the definition has no task '" + wish.task + "'");
  const auto& node = of_.tasks[named->second];
  const bool of_item = wish.item > 0 && loop_of(node) != nullptr;
  if (!wish.given)
    return bad_redo("'" + wish.task + "'"
                    + (wish.item > 0
                         ? ", iteration " + std::to_string(wish.item) + ","
                         : std::string{})
                    + " has not run through, so there is nothing to redo");
  if (std::ranges::count_if(state_.frames,
                            [](const auto& f) { return is_redo(f.second); })
      >= redos_max)
    return refused{{errc::overloaded, "too many redos are under way"}, {}};
  const auto item = of_item ? wish.item : 0;
  for (const auto& [id, f] : state_.frames)
    if (is_redo(f) && f.node == node.index && f.lane == item
        && *f.locals == *wish.locals)
      return not_now("redo");
  plan.emplace_back(
    events::redo_started{.frame = state_.next_frame,
                         .task = wish.task,
                         .item = item,
                         .input = wish.input ? *wish.input : wish.given,
                         .locals = wish.locals,
                         .outputs = of_item ? wish.outputs : null_datum(),
                         .reason = wish.reason});
  return {};
}

// An item of a `for` that is over changes what that has put out, so it is
// exported anew.
void planner::complete_redo(const frame& f) {
  const auto& node = of_.tasks[*f.node];
  datum context;
  const auto* loop = loop_of(node);
  const auto count = f.gathered.size();
  if (f.lane > 0 && loop->concurrency > 0 && f.lane <= count
      && active_loop(state_, f) == nullptr) {
    json::array outputs;
    for (const auto& [number, output] : f.gathered)
      outputs.push_back(number == f.lane ? *f.data : *output);
    auto made = transform(node.output, node.exports,
                          make_datum(std::move(outputs)), seen_from(f));
    if (!made)
      return fail_redo(f, made.error());
    context = made->context;
  }
  plan.emplace_back(
    events::redo_completed{f.id, node.pointer, f.lane, f.data, context});
}

void planner::fail_redo(const frame& f, const raised& why) {
  plan.emplace_back(events::redo_faulted{f.id, of_.tasks[*f.node].pointer,
                                         f.lane, make_datum(why.problem)});
}

// --- The fold ----------------------------------------------------------------

void folder::operator()(const events::redo_started& x) {
  const auto& node = node_of(x.task);
  auto& f = open_frame(x.frame, 0, node.index);
  f.role = frame_role::redo;
  f.lane = x.item;
  f.raw = x.input;
  f.input = x.input;
  f.data = x.input;
  f.locals = x.locals;
  if (const auto* all = x.outputs->if_array())
    for (const auto& output : *all)
      f.gathered[static_cast<std::uint32_t>(f.gathered.size()) + 1]
        = make_datum(output);
  f.at = phase::ready;
}

void folder::operator()(const events::redo_completed& x) {
  auto& f = frame_of(x.frame);
  if (x.context)
    s_.context = x.context;
  if (x.item > 0)
    if (const auto* loop = active_loop(s_, f))
      frame_of(loop->id).gathered[x.item] = x.output;
  // Others that are redone beside it see what it has put out.
  for (auto& [id, other] : s_.frames)
    if (x.item > 0 && is_redo(other) && other.node == f.node
        && other.gathered.contains(x.item))
      other.gathered[x.item] = x.output;
  close(x.frame);
}

void folder::operator()(const events::redo_faulted& x) {
  close(x.frame);
}

} // namespace pawl
