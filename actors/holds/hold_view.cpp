#include "actors/holds/hold_view.hpp"

#include "workflow/next_task.hpp"
#include "workflow/shown.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

using hold_list = std::vector<placed_hold>;

/// A task that holds keep, or its effect.
struct kept_task {
  const task* node = nullptr;
  std::uint32_t lane = 0;
  timestamp since;
  bool begun = false; ///< It is its effect that was not begun.
  hold_list by;
};

/// All that holds keep of an instance.
struct kept_instance {
  hold_list whole;
  std::vector<kept_task> tasks;
};

hold_place place_of(const machine& flow) {
  const auto& id = flow.flow().id;
  return {id.ns, id.name, id.version};
}

kept_instance find_kept(const hold_book& in, const instance_key& who,
                        const machine& flow) {
  kept_instance out;
  const auto& s = flow.state();
  if (in.empty() || ended(s.status))
    return out;
  const auto at = place_of(flow);
  out.whole = in.on_instance(at);
  if (!moves(s))
    return out;
  auto effects = in.resting(who);
  for (const auto& [id, f] : s.frames) {
    if (const auto* next = next_task(s, flow.flow(), f); next != nullptr) {
      auto by = in.on_task(at, next->pointer);
      by.insert(by.end(), out.whole.begin(), out.whole.end());
      if (!by.empty())
        out.tasks.push_back(
          {next, lane_of(s, f), s.updated, false, std::move(by)});
    }
    if (const auto on = effects.find(id);
        on != effects.end() && f.node && f.at == phase::running)
      out.tasks.push_back({&flow.flow().tasks[*f.node], lane_of(s, f),
                           f.started, true, std::move(on->second)});
  }
  return out;
}

json::object brief(const placed_hold& what) {
  json::object out{{"id", what.id}, {"reason", what.reason}, {"by", what.by}};
  if (what.until)
    out["until"] = to_text(*what.until);
  return out;
}

bool is_text(const json::value* value, std::string_view text) {
  return value != nullptr && value->is_string()
         && value->get_string().subview() == text;
}

/// The entry of the task in a list of those that are active; null if it has
/// none yet.
json::object* entry_of(json::array& list, const task& node,
                       std::uint32_t lane) {
  for (auto& one : list) {
    auto& members = one.as_object();
    const auto* task = members.if_contains("task");
    const auto* item = members.if_contains("iteration");
    const auto in = item == nullptr ? 0U : item->to_number<std::uint32_t>();
    if (is_text(task, node.pointer) && in == lane)
      return &members;
  }
  return nullptr;
}

void show_task(const kept_task& what, json::array& current) {
  auto* entry = entry_of(current, *what.node, what.lane);
  if (entry == nullptr) {
    json::object fresh{{"task", what.node->pointer},
                       {"name", what.node->name},
                       {"kind", what.node->kind_name},
                       {"attempt", 1},
                       {"since", to_text(what.since)}};
    if (what.lane > 0)
      fresh["iteration"] = what.lane;
    current.emplace_back(std::move(fresh));
    entry = &current.back().as_object();
  }
  auto waits = brief(what.by.front());
  waits["kind"] = "hold";
  (*entry)["status"] = "waiting";
  (*entry)["waitingFor"] = std::move(waits);
}

bool nothing_runs(const json::array& current) {
  return std::ranges::none_of(current, [](const json::value& one) {
    return one.at("status") == "running";
  });
}

json::object reason_of(const placed_hold& what) {
  auto out = brief(what);
  out["kind"] = "hold";
  out["since"] = to_text(what.created);
  out["selector"] = selector_json(what.on);
  out["detail"] = "it is on hold: " + what.reason;
  json::array moves;
  moves.emplace_back(json::object{{"name", "release"},
                                  {"method", "DELETE"},
                                  {"href", "/v1/holds/" + what.id}});
  out["movedBy"] = std::move(moves);
  return out;
}

bool all_end(const hold_list& holds) {
  return std::ranges::all_of(holds,
                             [](const auto& h) { return h.until.has_value(); });
}

/// What explain() says, with what is added.
class explanation {
public:
  explanation(json::object& why) // NOLINT(google-explicit-constructor)
      : why_{why}, blocked_{why["blockedBy"].as_array()},
        waits_{why["waitsFor"].as_array()} {}

  void add_whole(const hold_list& whole) {
    for (const auto& one : whole)
      blocked_.emplace_back(reason_of(one));
    added_ = added_ || !whole.empty();
    end_ = end_ && all_end(whole);
    whole_ = !whole.empty();
  }

  void add_task(const kept_task& what) {
    for (auto at = waits_.begin(); what.begun && at != waits_.end();) {
      const auto& members = at->as_object();
      const auto* task = members.if_contains("task");
      const bool same
        = members.at("kind") == "call" && is_text(task, what.node->pointer);
      at = same ? waits_.erase(at) : std::next(at);
    }
    add_task(what.node->pointer, what.by);
  }

  /// Jobs that wait for a worker and may not be given to one.
  void add_jobs(const hold_book& in, const hold_place& at) {
    const auto entries = blocked_; // It grows meanwhile.
    for (const auto& one : entries) {
      const auto& members = one.as_object();
      const auto* queue = members.if_contains("queue");
      if (members.at("kind") != "worker" || members.contains("worker")
          || queue == nullptr || !queue->is_string())
        continue;
      const std::string task{members.at("task").as_string()};
      auto by = in.on_job(at, task, queue->get_string());
      std::erase_if(by, [](const auto& h) {
        return kind_of(h.on) == hold_kind::instance; // Told already.
      });
      add_task(task, by);
    }
  }

  void finish() {
    if (!added_)
      return;
    if (why_.at("status") == "running" && (whole_ || waits_.empty())
        && std::ranges::none_of(waits_, [](const json::value& one) {
             return one.at("kind") == "call";
           }))
      why_["status"] = "waiting";
    if (whole_ || waits_.empty())
      why_["canProceed"] = end_;
  }

private:
  void add_task(const std::string& pointer, const hold_list& by) {
    for (const auto& one : by) {
      if (kind_of(one.on) == hold_kind::instance)
        continue;
      auto reason = reason_of(one);
      reason["task"] = pointer;
      blocked_.emplace_back(std::move(reason));
      added_ = true;
    }
    end_ = end_ && all_end(by);
  }

  json::object& why_;
  json::array& blocked_;
  json::array& waits_;
  bool added_ = false;
  bool whole_ = false;
  bool end_ = true; ///< All of them end by themselves.
};

} // namespace

void show_holds(const hold_book& in, const instance_key& who,
                const machine& flow, json::object& shown) {
  const auto kept = find_kept(in, who, flow);
  if (kept.whole.empty() && kept.tasks.empty())
    return;
  json::array holds;
  const auto add = [&](const placed_hold& one) {
    const bool there = std::ranges::any_of(
      holds, [&](const auto& h) { return is_text(&h.at("id"), one.id); });
    if (!there)
      holds.emplace_back(brief(one));
  };
  auto& current = shown["current"].as_array();
  for (const auto& one : kept.whole)
    add(one);
  for (const auto& one : kept.tasks) {
    for (const auto& h : one.by)
      add(h);
    show_task(one, current);
  }
  shown["holds"] = std::move(holds);
  if (shown.at("status") == "running" && nothing_runs(current))
    shown["status"] = "waiting";
}

void explain_holds(const hold_book& in, const instance_key& who,
                   const machine& flow, json::object& why) {
  if (in.empty() || ended(flow.state().status))
    return;
  const auto kept = find_kept(in, who, flow);
  explanation out{why};
  out.add_jobs(in, place_of(flow));
  out.add_whole(kept.whole);
  for (const auto& one : kept.tasks)
    out.add_task(one);
  out.finish();
}

} // namespace pawl::actors
