#include "workflow/lifecycle.hpp"

#include "workflow/approval.hpp"
#include "workflow/sensitive.hpp"

#include <utility>

namespace pawl {

namespace {

constexpr std::string_view prefix = "io.serverlessworkflow.";

/// Turns the facts of a turn into CloudEvents, one after the other.
class lifecycle_writer {
public:
  lifecycle_writer(const lifecycle_facts& turn, lifecycle_scope scope)
      : turn_{turn}, scope_{scope}, name_{qualified_name(turn.after)},
        at_{to_text(turn.at)}, source_{'/' + turn.of.id.ns + '/'
                                       + turn.of.id.name + '/'
                                       + turn.of.id.version} {}

  std::vector<datum> write() {
    number_ = turn_.first;
    for (const auto& fact : turn_.facts) {
      part_ = 0;
      std::visit([this](const auto& f) { tell(f); }, fact);
      ++number_;
    }
    return std::move(out_);
  }

private:
  // --- Of the workflow -----------------------------------------------------

  void tell(const events::instance_started&) {
    const auto& id = turn_.of.id;
    workflow(
      "started", "startedAt",
      {{"definition",
        {{"name", id.name}, {"namespace", id.ns}, {"version", id.version}}}});
  }
  void tell(const events::instance_suspended&) {
    workflow("suspended", "suspendedAt");
  }
  void tell(const events::instance_resumed&) {
    workflow("resumed", "resumedAt");
  }
  void tell(const events::instance_cancelled&) {
    workflow("cancelled", "cancelledAt");
  }
  void tell(const events::instance_faulted& f) {
    workflow("faulted", "faultedAt", {{"error", *f.error}});
  }
  void tell(const events::instance_completed& f) {
    workflow("completed", "completedAt", {{"output", *f.output}});
  }

  // --- Of tasks --------------------------------------------------------------

  void tell(const events::task_started& f) {
    if (const auto* what = listening(f.task);
        what != nullptr && correlates(*what))
      workflow("correlation-started", "startedAt");
    if (f.attempt == 1)
      task("created", "createdAt", f.task);
    task("started", "startedAt", f.task);
    if (const auto* open = approval_at(f.frame))
      approval("requested", f.task, waiting_for_people(turn_.after, *open));
  }
  void tell(const events::task_completed& f) {
    if (const auto* what = listening(f.task);
        what != nullptr && correlates(*what)) {
      json::object more;
      if (keys_.is_object())
        more["correlationKeys"] = std::exchange(keys_, nullptr);
      workflow("correlation-completed", "completedAt", more);
    }
    json::object more;
    if (f.output)
      more["output"] = *f.output;
    task("completed", "completedAt", f.task, more);
  }
  void tell(const events::event_consumed& f) {
    if (f.correlation)
      keys_ = *f.correlation;
  }
  void tell(const events::approval_voted& f) {
    json::object data{{"by", f.by},
                      {"outcome", f.outcome},
                      {"comment", f.comment},
                      {"automatic", f.automatic}};
    if (!f.group.empty())
      data["group"] = f.group;
    approval("voted", f.task, std::move(data));
  }
  void tell(const events::approval_escalated& f) {
    approval("escalated", f.task, {{"approvers", *f.approvers}});
  }
  void tell(const events::instance_overdue& f) {
    workflow("overdue", "overdueAt", {{"dueAt", to_text(f.due)}});
  }
  void tell(const events::task_faulted& f) {
    task("faulted", "faultedAt", f.task, {{"error", *f.error}});
  }
  void tell(const events::task_retried& f) {
    task("retried", "retriedAt", f.task);
  }
  void tell(const events::task_cancelled& f) {
    if (f.again)
      task("suspended", "suspendedAt", f.task);
    else
      task("cancelled", "cancelledAt", f.task);
  }

  /// Nothing is told of these.
  template <class Fact>
  void tell(const Fact&) {}

  // --- Both ------------------------------------------------------------------

  [[nodiscard]] const tasks::listen*
  listening(const std::string& pointer) const {
    const auto found = turn_.of.by_pointer.find(pointer);
    return found == turn_.of.by_pointer.end()
             ? nullptr
             : std::get_if<tasks::listen>(&turn_.of.tasks[found->second].kind);
  }
  static bool correlates(const tasks::listen& what) {
    for (const auto& filter : what.to.filters)
      if (!filter.correlate.empty())
        return true;
    return false;
  }

  /// If people are still asked when the turn is over.
  [[nodiscard]] const frame* approval_at(frame_id id) const {
    const auto found = turn_.after.frames.find(id);
    return found != turn_.after.frames.end() && is_open_approval(found->second)
             ? &found->second
             : nullptr;
  }
  /// The specification has no events for people who decide.
  void approval(std::string_view what, const std::string& pointer,
                json::object data) {
    data.erase("kind");
    data["workflow"] = name_;
    data["task"] = pointer;
    add("approval.", what, std::move(data));
  }
  void workflow(std::string_view what, std::string_view time,
                const json::object& more = {}) {
    json::object data{{"name", name_}};
    data[time] = at_;
    for (const auto& [key, value] : more)
      data[key] = value;
    add("workflow.", what, std::move(data));
  }
  void task(std::string_view what, std::string_view time,
            const std::string& pointer, const json::object& more = {}) {
    if (scope_ != lifecycle_scope::tasks)
      return;
    json::object data{{"workflow", name_}, {"task", pointer}};
    data[time] = at_;
    for (const auto& [key, value] : more)
      data[key] = value;
    add("task.", what, std::move(data));
  }
  void add(std::string_view kind, std::string_view what, json::object data) {
    std::string type{prefix};
    type.append(kind).append(what).append(".v1");
    auto id = turn_.after.id + '/' + std::to_string(number_);
    if (part_++ > 0) // Of the events of one fact all but the first are marked.
      id += '.' + std::to_string(part_);
    out_.push_back(
      make_datum(json::object{{"specversion", "1.0"},
                              {"id", std::move(id)},
                              {"source", source_},
                              {"type", std::move(type)},
                              {"subject", turn_.after.id},
                              {"time", at_},
                              {"datacontenttype", "application/json"},
                              {"data", std::move(data)}}));
  }

  const lifecycle_facts& turn_;
  lifecycle_scope scope_;
  std::string name_, at_, source_;
  sequence number_ = 0;
  int part_ = 0;
  json::value keys_; ///< Of the correlation that this turn has completed.
  std::vector<datum> out_;
};

} // namespace

std::vector<datum> lifecycle_of(const lifecycle_facts& turn,
                                lifecycle_scope scope) {
  if (scope == lifecycle_scope::none)
    return {};
  auto made = lifecycle_writer{turn, scope}.write();
  if (const masker hides{turn.after, turn.of, turn.known}; !hides.idle())
    for (auto& one : made)
      one = make_datum(hides.lifecycle(*one));
  return made;
}

std::string qualified_name(const instance_state& s) {
  return s.workflow.name + '-' + s.id + '.' + s.ns;
}

bool is_lifecycle_type(std::string_view type) {
  return type.substr(0, prefix.size()) == prefix;
}

} // namespace pawl
