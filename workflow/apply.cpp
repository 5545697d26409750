#include "base/overload.hpp"
#include "workflow/planner.hpp"
#include "workflow/state.hpp"

#include <algorithm>
#include <stdexcept>

namespace pawl {

namespace {

constexpr std::size_t taken_max = 1024;
constexpr auto taken_for = std::chrono::hours{24};

/// Folds facts, one kind a function. Every move closes frames, opens frames or
/// moves a cursor.
class folder {
public:
  folder(instance_state& s, const definition& of, timestamp at)
      : s_{s}, of_{of}, at_{at} {}

  void operator()(const events::instance_created& x) {
    s_.ns = x.ns;
    s_.id = x.id;
    s_.workflow = x.workflow;
    s_.digest = x.digest;
    s_.labels = x.labels;
    s_.raw_input = x.input;
    s_.context = make_datum(json::object{});
    s_.created = at_;
    s_.visits.assign(of_.tasks.size(), 0);
  }
  void operator()(const events::instance_started& x) {
    s_.status = instance_status::running;
    s_.started = at_;
    frame root;
    root.raw = s_.raw_input;
    root.input = x.input ? x.input : s_.raw_input;
    root.data = root.input;
    root.started = at_;
    s_.frames.emplace(0, std::move(root));
  }
  void operator()(const events::instance_suspending& x) {
    s_.status = instance_status::suspending;
    s_.mode = x.mode;
    s_.reason = x.reason;
  }
  void operator()(const events::instance_suspended& x) {
    s_.status = instance_status::suspended;
    s_.reason = x.reason;
  }
  void operator()(const events::instance_resumed& x) {
    s_.status
      = s_.started ? instance_status::running : instance_status::pending;
    s_.reason = x.reason;
    for (auto& [id, f] : s_.frames)
      f.stopped = false;
  }
  void operator()(const events::instance_cancelling& x) {
    s_.status = instance_status::cancelling;
    s_.reason = x.reason;
  }
  void operator()(const events::instance_cancelled& x) {
    if (!x.reason.empty())
      s_.reason = x.reason;
    end(instance_status::cancelled);
    clear();
  }
  void operator()(const events::instance_faulted& x) {
    end(instance_status::faulted);
    s_.error = x.error;
    s_.faulted_frame = x.frame;
    if (x.frame != 0)
      fault_frame(x.frame, x.error);
  }
  void operator()(const events::instance_completed& x) {
    end(instance_status::completed);
    s_.output = x.output;
    clear();
  }

  void operator()(const events::task_started& x) {
    const auto found = of_.by_pointer.find(x.task);
    require(found != of_.by_pointer.end(), "a task that is not defined");
    auto& parent = frame_of(x.parent);
    auto [place, fresh] = s_.frames.try_emplace(x.frame);
    auto& f = place->second;
    if (fresh) {
      s_.next_frame = x.frame + 1;
      s_.visits.at(found->second) = x.visit;
      f.raw = parent.data;
    }
    f.id = x.frame;
    f.parent = x.parent;
    f.node = found->second;
    f.visit = x.visit;
    f.attempt = x.attempt;
    ++f.dispatch;
    f.input = x.input ? x.input : f.raw;
    f.arguments = x.arguments ? x.arguments : null_datum();
    f.data = f.input;
    f.cursor = 0;
    f.iterations = 0;
    f.retries = 0;
    f.handling = false;
    f.error = null_datum();
    f.started = at_;
    parent.at = phase::holding;
    open(f);
  }
  void operator()(const events::task_completed& x) {
    auto& f = frame_of(x.frame);
    const auto& node = of_.tasks.at(*f.node);
    const auto output = x.output ? x.output : f.input;
    if (x.context)
      s_.context = x.context;
    ++s_.tasks_completed;
    const auto to = flow_behind(f, node, x.branch);
    const auto parent = f.parent;
    close(x.frame);
    move(parent, node, output, to);
  }
  void operator()(const events::task_skipped& x) {
    const auto& node = of_.tasks.at(of_.by_pointer.at(x.task));
    auto& parent = frame_of(x.parent);
    parent.cursor = node.position + 1;
  }
  void operator()(const events::task_faulted& x) {
    if (x.frame == 0) {
      frame_of(0).at = phase::faulted;
      return;
    }
    ++s_.tasks_faulted;
    fault_frame(x.frame, x.error);
  }
  void operator()(const events::task_retried& x) {
    auto& f = frame_of(x.frame);
    if (x.by_operator)
      return retried_by_operator(f, x);
    close_below(x.frame);
    drop_timers(x.frame, timer_purpose::attempt);
    f.retries = x.attempt - 1;
    f.attempt = x.attempt;
    f.cursor = 0;
    f.data = f.input;
    f.at = x.until ? phase::backoff : phase::ready;
    const auto first = *f.node + 1;
    std::ranges::copy(f.visits_before, s_.visits.begin() + first);
  }
  void operator()(const events::task_caught& x) {
    auto& f = frame_of(x.frame);
    const auto& guard = std::get<tasks::try_catch>(of_.tasks.at(*f.node).kind);
    close_below(x.frame);
    drop_timers(x.frame, timer_purpose::attempt);
    f.error = x.error;
    f.handling = true;
    f.data = f.input;
    f.cursor = guard.has_handler ? 0 : cursor_end;
    f.at = phase::ready;
  }
  void operator()(const events::task_iterated& x) {
    auto& f = frame_of(x.frame);
    f.iterations = x.index + 1;
    f.cursor = 0;
    f.at = phase::ready;
  }
  void operator()(const events::task_cancelled& x) {
    if (!x.again)
      return close(x.frame);
    auto& f = frame_of(x.frame);
    ++f.dispatch;
    ++f.attempt;
    f.stopped = s_.status == instance_status::suspending
                || s_.status == instance_status::suspended;
  }

  void operator()(const events::timer_armed& x) {
    drop_timers(x.frame, x.purpose);
    s_.timers[x.timer] = {x.timer, x.frame, x.purpose, at_, x.due};
    s_.next_timer = x.timer + 1;
  }
  void operator()(const events::timer_fired& x) {
    const auto found = s_.timers.find(x.timer);
    require(found != s_.timers.end(), "a timer that is not armed");
    auto& f = frame_of(found->second.frame);
    if (found->second.purpose == timer_purpose::backoff)
      f.at = phase::ready;
    s_.timers.erase(found);
  }
  void operator()(const events::event_received& x) {
    s_.inbox.push_back({x.number, x.event});
    s_.next_inbox = x.number + 1;
    while (!s_.taken.empty()
           && (s_.taken.size() >= taken_max
               || s_.taken.front().first + taken_for < at_))
      s_.taken.pop_front();
    s_.taken.emplace_back(at_, event_hash(*x.event));
  }
  void operator()(const events::event_consumed& x) {
    std::erase_if(s_.inbox,
                  [&](const inbox_event& e) { return e.number == x.number; });
  }

private:
  static void require(bool holds, const char* what) {
    if (!holds)
      throw std::logic_error{std::string{"the history tells of "} + what};
  }
  frame& frame_of(frame_id id) {
    const auto found = s_.frames.find(id);
    require(found != s_.frames.end(), "a task that is not active");
    return found->second;
  }
  void end(instance_status how) {
    s_.status = how;
    s_.ended = at_;
  }
  // Nothing of an instance that is over for good is needed any more.
  void clear() {
    s_.frames.clear();
    s_.timers.clear();
    s_.inbox.clear();
    s_.taken.clear();
  }

  // Gives a task that begins the phase of its kind.
  void open(frame& f) {
    const auto& node = of_.tasks.at(*f.node);
    f.at = std::visit(
      overload{[](const tasks::call_http&) { return phase::running; },
               [](const tasks::wait&) { return phase::waiting; },
               [](const tasks::listen&) { return phase::waiting; },
               [](const auto&) { return phase::ready; }},
      node.kind);
    if (std::holds_alternative<tasks::try_catch>(node.kind))
      f.visits_before.assign(s_.visits.begin() + node.index + 1,
                             s_.visits.begin() + node.end);
    // A loop's first item is taken by task.iterated, as every other.
    if (std::holds_alternative<tasks::for_each>(node.kind))
      f.cursor = cursor_end;
  }

  void close(frame_id id) {
    close_below(id);
    std::erase_if(s_.timers,
                  [&](const auto& t) { return t.second.frame == id; });
    s_.frames.erase(id);
  }
  // A frame's children have greater ids than it has, so one pass upwards finds
  // all that hangs below it.
  void close_below(frame_id id) {
    std::vector<frame_id> doomed{id};
    for (auto f = s_.frames.upper_bound(id); f != s_.frames.end(); ++f)
      if (std::ranges::find(doomed, f->second.parent) != doomed.end())
        doomed.push_back(f->first);
    for (std::size_t i = 1; i < doomed.size(); ++i) {
      std::erase_if(s_.timers,
                    [&](const auto& t) { return t.second.frame == doomed[i]; });
      s_.frames.erase(doomed[i]);
    }
  }
  void drop_timers(frame_id id, timer_purpose purpose) {
    std::erase_if(s_.timers, [&](const auto& t) {
      return t.second.frame == id && t.second.purpose == purpose;
    });
  }
  void fault_frame(frame_id id, const datum& error) {
    close_below(id);
    auto& f = frame_of(id);
    f.at = phase::faulted;
    f.error = error;
    std::erase_if(s_.timers,
                  [&](const auto& t) { return t.second.frame == id; });
  }

  void retried_by_operator(frame& f, const events::task_retried& x) {
    if (f.at == phase::backoff) {
      drop_timers(f.id, timer_purpose::backoff);
      f.at = phase::ready;
      return;
    }
    s_.status = instance_status::running;
    s_.ended.reset();
    s_.error = null_datum();
    s_.faulted_frame = 0;
    // Effects that were out when the instance faulted are ordered again.
    for (auto& [id, other] : s_.frames)
      if (effect_is_out(other)) {
        ++other.dispatch;
        ++other.attempt;
      }
    if (f.id == 0) {
      if (x.input) {
        f.input = x.input;
        f.data = x.input;
      }
      const auto busy = s_.frames.size() > 1;
      f.at = busy ? phase::holding : phase::ready;
      return;
    }
    if (x.input)
      f.raw = x.input;
    f.attempt = x.attempt;
    f.at = phase::entering;
  }

  // The most specific word on where the flow goes wins.
  static flow flow_behind(const frame& f, const task& node,
                          std::uint32_t branch) {
    if (branch > 0) {
      const auto& one
        = std::get<tasks::switch_on>(node.kind).cases.at(branch - 1);
      return one.then;
    }
    if (const auto* guard = std::get_if<tasks::try_catch>(&node.kind);
        guard != nullptr && f.handling && guard->then != flow{})
      return guard->then;
    return node.then;
  }

  void move(frame_id parent, const task& node, const datum& output,
            const flow& to) {
    if (to.to == flow::kind::end) {
      auto& root = frame_of(0);
      close_below(0);
      root.data = output;
      root.cursor = cursor_end;
      root.at = phase::ready;
      return;
    }
    auto& scope = frame_of(parent);
    scope.data = output;
    scope.at = phase::ready;
    switch (to.to) {
    case flow::kind::proceed:
    case flow::kind::end:
      scope.cursor = node.position + 1;
      break;
    case flow::kind::exit:
      scope.cursor = cursor_end;
      break;
    case flow::kind::jump:
      scope.cursor = of_.tasks.at(to.target).position;
      break;
    }
  }

  instance_state& s_;
  const definition& of_;
  timestamp at_;
};

} // namespace

bool effect_is_out(const frame& f) {
  return f.at == phase::running && !f.stopped;
}

void apply(instance_state& state, const definition& of, const event& fact,
           timestamp at) {
  std::visit(folder{state, of, at}, fact);
  ++state.last;
  state.updated = at;
}

} // namespace pawl
