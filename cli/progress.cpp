#include "cli/progress.hpp"

#include "cli/views.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace pawl::cli {
namespace {

std::int64_t number_at(const json::value& value,
                       std::initializer_list<const char*> path,
                       std::int64_t otherwise) {
  const auto* at = find_at(value, path);
  if (at == nullptr)
    return otherwise;
  if (at->is_int64())
    return at->get_int64();
  if (at->is_uint64())
    return static_cast<std::int64_t>(at->get_uint64());
  return otherwise;
}

timestamp time_at(const json::value& item) {
  auto parsed = parse_timestamp(text_at(item, {"time"}));
  return parsed ? *parsed : timestamp{};
}

/// " (attempt 2, visit 3)", nothing for the first of both.
std::string counts(const std::string& attempt, const std::string& visit) {
  std::string text;
  if (!visit.empty() && visit != "1")
    text = "visit " + visit;
  if (!attempt.empty() && attempt != "1")
    text += (text.empty() ? "" : ", ") + ("attempt " + attempt);
  return text.empty() ? text : " (" + text + ")";
}

/// The root frame is the workflow itself; it is not drawn as a task.
constexpr std::int64_t root = 0;

} // namespace

void progress::apply(const json::value& item) {
  auto number = number_at(item, {"sequence"}, 0);
  if (number <= 0 || static_cast<std::uint64_t>(number) <= sequence_)
    return;
  sequence_ = static_cast<std::uint64_t>(number);
  auto type = text_at(item, {"type"});
  auto dot = std::min(type.find('.'), type.size());
  auto subject = type.substr(0, dot);
  auto kind = dot < type.size() ? type.substr(dot + 1) : std::string{};
  if (subject == "instance") {
    apply_instance(kind, item);
  } else if (subject == "task") {
    apply_task(kind, item);
  } else if (type == "timer.armed") {
    arm(item);
  } else if (type == "timer.fired") {
    if (auto t = timers_.find(number_at(item, {"data", "timer"}, -1));
        t != timers_.end()) {
      if (auto f = frames_.find(t->second); f != frames_.end())
        f->second.until.reset();
      timers_.erase(t);
    }
  } else if (type == "event.received") {
    add(line::tone::plain, item,
        "event received: " + text_at(item, {"data", "event", "type"}));
  }
}

void progress::apply_instance(const std::string& kind,
                              const json::value& item) {
  auto reason = text_at(item, {"data", "reason"});
  auto because = reason.empty() ? reason : ": " + reason;
  if (kind == "created") {
    id_ = text_at(item, {"data", "id"});
    if (const auto* workflow = find_at(item, {"data", "workflow"}))
      workflow_ = workflow->is_object() ? workflow_name(*workflow)
                                        : text_at(item, {"data", "workflow"});
    add(line::tone::plain, item, "created " + workflow_ + " " + id_);
    return;
  }
  status_ = kind == "started" || kind == "resumed" ? "running" : kind;
  if (kind == "started") {
    started_ = time_at(item);
  } else if (kind == "completed") {
    frames_.clear();
    add(line::tone::good, item, "completed");
  } else if (kind == "faulted") {
    const auto* error = find_at(item, {"data", "error"});
    add(line::tone::bad, item,
        "faulted: " + (error == nullptr ? "" : error_text(*error)));
  } else if (kind == "suspended" || kind == "suspending"
             || kind == "cancelling") {
    add(line::tone::wait, item, kind + because);
  } else {
    add(line::tone::plain, item, kind + because);
  }
}

void progress::start(const json::value& item) {
  frame f;
  f.parent = number_at(item, {"data", "parent"}, root);
  auto pointer = text_at(item, {"task"});
  if (pointer.empty())
    pointer = text_at(item, {"data", "task"});
  f.path = task_name(pointer);
  f.name = f.path.substr(f.path.rfind('/') + 1);
  f.attempt = text_at(item, {"data", "attempt"});
  f.visit = text_at(item, {"data", "visit"});
  f.since = time_at(item);
  if (auto parent = frames_.find(f.parent); parent != frames_.end()) {
    parent->second.has_children = true;
    parent->second.until.reset();
  }
  add(line::tone::quiet, item, f.path + " started" + counts(f.attempt, f.visit),
      true);
  frames_.insert_or_assign(number_at(item, {"data", "frame"}, -1),
                           std::move(f));
}

void progress::retry(const json::value& item, std::int64_t id, timestamp now) {
  close(id, false);
  if (ended())
    status_ = "running"; // An operator reopened it.
  auto attempt = text_at(item, {"data", "attempt"});
  auto until = parse_timestamp(text_at(item, {"data", "until"}));
  auto text = task_name(text_at(item, {"task"})) + " tries again";
  if (!attempt.empty())
    text += fmt::format(" (attempt {})", attempt);
  if (until)
    text += " in " + to_elapsed(*until - now);
  if (auto f = frames_.find(id); f != frames_.end()) {
    f->second.attempt = attempt;
    f->second.waits_for = "retry";
    f->second.until.reset();
    if (until)
      f->second.until = *until;
  }
  add(line::tone::wait, item, text);
}

void progress::apply_task(const std::string& kind, const json::value& item) {
  if (kind == "started")
    return start(item);
  auto id = number_at(item, {"data", "frame"}, -1);
  auto found = frames_.find(id);
  auto path = task_name(text_at(item, {"task"}));
  auto now = time_at(item);
  const auto* error = find_at(item, {"data", "error"});
  auto why = error == nullptr || !error->is_object()
               ? std::string{}
               : ": " + error_text(*error, path);
  if (kind == "retried")
    return retry(item, id, now);
  if (kind == "completed") {
    bool leaf = found == frames_.end() || !found->second.has_children;
    auto took = found == frames_.end()
                  ? std::string{}
                  : counts(found->second.attempt, found->second.visit) + "  "
                      + to_elapsed(now - found->second.since);
    completed_ += leaf ? 1 : 0;
    // What begins and ends at once is worth one line.
    if (!lines_.empty() && lines_.back().text.starts_with(path + " started"))
      lines_.pop_back();
    add(line::tone::good, item, path + " completed" + took, !leaf);
    close(id, true);
  } else if (kind == "faulted") {
    add(line::tone::bad, item, path + " faulted" + why);
    close(id, true);
  } else if (kind == "caught") {
    close(id, false);
    add(line::tone::wait, item, path + " caught" + why);
  } else if (kind == "cancelled") {
    add(line::tone::wait, item, path + " interrupted");
    if (text_at(item, {"data", "again"}) != "true")
      close(id, true);
  } else {
    add(line::tone::quiet, item, path + " " + kind, kind == "iterated");
  }
}

void progress::arm(const json::value& item) {
  auto purpose = text_at(item, {"data", "purpose"});
  auto id = number_at(item, {"data", "frame"}, -1);
  auto due = parse_timestamp(text_at(item, {"data", "due"}));
  auto found = frames_.find(id);
  if (purpose == "timeout" || found == frames_.end() || !due)
    return;
  timers_[number_at(item, {"data", "timer"}, -1)] = id;
  found->second.until = *due;
  if (purpose == "wait") {
    found->second.waits_for = "wait";
    add(line::tone::wait, item,
        found->second.path + " waits " + to_elapsed(*due - time_at(item)),
        true);
  }
}

void progress::add(line::tone how, const json::value& item,
                   const std::string& text, bool only_plain) {
  lines_.push_back(
    {how, time_of_day(text_at(item, {"time"})), printable(text), only_plain});
}

void progress::close(std::int64_t id, bool itself) {
  std::vector<std::int64_t> children;
  for (const auto& [child, f] : frames_)
    if (f.parent == id && child != id)
      children.push_back(child);
  for (auto child : children)
    close(child, true);
  if (itself)
    frames_.erase(id);
}

std::vector<progress_line> progress::take_lines() {
  return std::exchange(lines_, {});
}

bool progress::ended() const {
  return status_ == "completed" || status_ == "faulted"
         || status_ == "cancelled";
}

std::vector<std::string> progress::live(timestamp now,
                                        const painter& paint) const {
  std::vector<std::string> out;
  auto head = fmt::format("{} {}  {}", paint.bold(printable(workflow_)),
                          printable(id_), paint.yellow(status_));
  if (started_)
    head
      += fmt::format("  {}  {} done", to_elapsed(now - *started_), completed_);
  out.push_back(head);
  draw(out, root, 1, now, paint);
  return out;
}

void progress::draw(std::vector<std::string>& out, std::int64_t parent,
                    std::size_t depth, timestamp now,
                    const painter& paint) const {
  for (const auto& [id, f] : frames_) {
    if (f.parent != parent || id == parent || depth > 32)
      continue;
    std::string text(depth * 2, ' ');
    auto waits = f.until && *f.until > now;
    text += waits ? paint.yellow("◌ ") : paint.green("● ");
    text += printable(f.name) + counts(f.attempt, f.visit);
    if (waits)
      text += paint.dim(
        fmt::format("  {} {}", f.waits_for == "retry" ? "retries in" : "waits",
                    to_elapsed(*f.until - now)));
    else
      text += paint.dim("  " + to_elapsed(now - f.since));
    out.push_back(std::move(text));
    draw(out, id, depth + 1, now, paint);
  }
}

} // namespace pawl::cli
