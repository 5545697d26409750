#include "workflow/approval.hpp"
#include "workflow/effect.hpp"
#include "workflow/shown.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl {

namespace {

struct explanation {
  json::array blocked; ///< Somebody must do something.
  json::array waits;   ///< It moves on by itself.
};

json::array moves_of(const instance_state& s,
                     std::initializer_list<std::string_view> verbs) {
  const auto allowed = allowed_verbs(s);
  json::array all;
  for (const auto verb : verbs)
    if (std::ranges::count(allowed, verb) > 0)
      all.emplace_back(action_of(s.id, verb));
  return all;
}

json::object of_instance(const instance_state& s, std::string_view kind,
                         timestamp since, std::string detail) {
  json::object one{
    {"kind", kind}, {"since", to_text(since)}, {"detail", std::move(detail)}};
  if (kind == "pause")
    one["movedBy"] = moves_of(s, {"resume"});
  else if (kind == "fault")
    one["movedBy"] = moves_of(s, {"retry", "skip"});
  return one;
}

void explain_effect(const frame& f, json::object& one) {
  one["kind"] = "call";
  one["detail"] = f.stopped ? "its effect was stopped and is ordered again "
                              "when the instance goes on"
                            : "its effect is under way";
}

std::string_view sentence_of(std::string_view kind) {
  if (kind == "event")
    return "no event that fits has come";
  if (kind == "child")
    return "the child has not ended";
  if (kind == "worker")
    return "no worker of its queue has brought a result";
  if (kind == "approval")
    return "those who are asked have not decided";
  if (kind == "retry")
    return "an attempt has failed; the next begins then";
  return "the time has not come";
}

// Its `until` is what it was before, and moves with the resume.
bool stands_still(const instance_state& s, std::string_view kind) {
  return s.freeze && s.paused && (kind == "timer" || kind == "retry");
}

json::array moves_of_approval(const instance_state& s, const frame& f) {
  json::array all;
  if (takes_votes(s))
    all = approval_actions(s, f);
  for (auto& one : moves_of(s, {"complete", "fail", "skip"}))
    all.emplace_back(std::move(one));
  return all;
}

void explain_task(const instance_state& s, const definition& of, const frame& f,
                  explanation& out) {
  const auto& node = of.tasks[*f.node];
  json::object one{{"task", node.pointer},
                   {"name", node.name},
                   {"attempt", f.attempt},
                   {"since", to_text(f.started)}};
  if (const auto lane = lane_of(s, f); lane > 0)
    one["iteration"] = lane;
  const auto wait = waiting_for(s, f, node);
  if (const auto* members = wait.if_object()) {
    for (const auto& member : *members)
      one[member.key()] = member.value();
    const std::string kind{one["kind"].as_string()};
    one["detail"] = stands_still(s, kind)
                      ? "its time stands still while the instance is paused"
                      : sentence_of(kind);
    const bool asks = kind == "event" || kind == "worker" || kind == "approval";
    if (kind == "event")
      one["movedBy"] = moves_of(s, {"event", "complete", "fail", "skip"});
    else if (kind == "approval")
      one["movedBy"] = moves_of_approval(s, f);
    else if (asks || kind == "child")
      one["movedBy"] = moves_of(s, {"complete", "fail", "skip"});
    else if (kind == "retry")
      one["movedBy"] = moves_of(s, {"retry", "skip"});
    else
      one["movedBy"] = moves_of(s, {"complete", "skip"});
    auto& list = asks ? out.blocked : out.waits;
    list.emplace_back(std::move(one));
    return;
  }
  if (f.at == phase::faulted && s.status != instance_status::faulted) {
    one["kind"] = "fault";
    one["detail"] = "it has failed; a resume tries it again";
    one["error"] = *f.error;
    one["movedBy"] = moves_of(s, {"resume", "skip"});
    out.blocked.emplace_back(std::move(one));
    return;
  }
  if (f.at != phase::running)
    return; // It takes its next step at once.
  explain_effect(f, one);
  out.waits.emplace_back(std::move(one));
}

explanation reasons_of(const instance_state& s, const definition& of) {
  explanation out;
  switch (s.status) {
  case instance_status::completed:
  case instance_status::cancelled:
    out.blocked.emplace_back(
      of_instance(s, "ended", s.ended.value_or(s.updated),
                  "it is " + std::string{to_text(s.status)} + " for good"));
    return out;
  case instance_status::faulted: {
    auto one = of_instance(s, "fault", s.ended.value_or(s.updated),
                           "a task has failed and nothing caught the error");
    one["error"] = *s.error;
    if (const auto f = s.frames.find(s.faulted_frame);
        f != s.frames.end() && f->second.node)
      one["task"] = of.tasks[*f->second.node].pointer;
    out.blocked.emplace_back(std::move(one));
    return out;
  }
  case instance_status::suspending:
  case instance_status::suspended: {
    auto one = of_instance(s, "pause", s.paused.value_or(s.updated),
                           s.reason.empty() ? "it is paused"
                                            : "it is paused: " + s.reason);
    if (const auto until = due_of(s, timer_purpose::resume))
      one["until"] = to_text(*until);
    (one.contains("until") ? out.waits : out.blocked).emplace_back(one);
    break;
  }
  default:
    break;
  }
  if (const auto start = due_of(s, timer_purpose::start))
    out.waits.emplace_back(json::object{{"kind", "timer"},
                                        {"since", to_text(s.created)},
                                        {"until", to_text(*start)},
                                        {"detail", "it is to start then"}});
  for (const auto& [id, f] : s.frames)
    if (is_leaf(s, f))
      explain_task(s, of, f, out);
  return out;
}

// Whether it comes further without anybody's doing.
bool can_proceed(const instance_state& s, const explanation& why) {
  if (ended(s.status))
    return false;
  if (s.status == instance_status::suspended
      || s.status == instance_status::suspending)
    return due_of(s, timer_purpose::resume).has_value();
  return !why.waits.empty() || why.blocked.empty();
}

} // namespace

json::object explain(const instance_state& s, const definition& of) {
  auto why = reasons_of(s, of);
  const bool moves = can_proceed(s, why);
  return {{"id", s.id},
          {"status", to_text(shown_status(s, of))},
          {"sequence", s.last},
          {"canProceed", moves},
          {"blockedBy", std::move(why.blocked)},
          {"waitsFor", std::move(why.waits)},
          {"allowedActions", allowed_actions(s)}};
}

} // namespace pawl
