#include "cli/views.hpp"

#include "cli/size_text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace pawl::cli {
namespace {

constexpr std::size_t value_width = 60;

/// "12s ago" of an RFC 3339 text; the text itself if it does not parse.
std::string ago(const std::string& time, timestamp now) {
  auto parsed = parse_timestamp(time);
  if (!parsed)
    return time.empty() ? "-" : time;
  return to_elapsed(now - *parsed) + " ago";
}

bool all_digits(std::string_view text) {
  return !text.empty()
         && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "wait until 12:00:01" or the like: why a current task stands still.
std::string waiting_text(const json::value& task) {
  auto kind = text_at(task, {"waitingFor", "kind"});
  if (kind.empty())
    return {};
  auto until = text_at(task, {"waitingFor", "until"});
  return kind + (until.empty() ? "" : " until " + time_of_day(until));
}

std::string current_text(const json::value& instance) {
  const auto* current = find_at(instance, {"current"});
  if (current == nullptr || !current->is_array())
    return {};
  std::string text;
  for (const auto& task : current->get_array()) {
    text += (text.empty() ? "" : ", ") + task_name(text_at(task, {"task"}));
    if (auto why = waiting_text(task); !why.empty())
      text += " (" + why + ")";
  }
  return text;
}

std::string coloured_status(const std::string& status, const painter& paint) {
  if (status == "completed")
    return paint.green(status);
  if (status == "faulted" || status == "cancelled")
    return paint.red(status);
  return paint.yellow(status);
}

/// A short JSON of a member of `data`, as "name=value".
std::string shown(const json::value& item, const char* member) {
  auto text = text_at(item, {"data", member});
  if (text.empty() || (text == "0" && std::string_view{member} == "branch"))
    return {};
  return fmt::format("{}={}", member, printable(text, value_width));
}

/// "draft -> matched"; "-> draft" at the beginning.
std::string change_of_state(const json::value& item) {
  const auto from = text_at(item, {"data", "from"});
  return printable(from + (from.empty() ? "" : " ") + "-> "
                   + text_at(item, {"data", "to"}));
}

} // namespace

std::string workflow_name(const json::value& workflow) {
  return fmt::format("{}/{}@{}", text_at(workflow, {"namespace"}),
                     text_at(workflow, {"name"}),
                     text_at(workflow, {"version"}));
}

std::string task_name(std::string_view pointer) {
  constexpr std::string_view functions{"/use/functions/"};
  std::string name;
  bool after_index = false;
  if (pointer.starts_with(functions)) {
    pointer.remove_prefix(functions.size());
    const auto end = std::min(pointer.find('/'), pointer.size());
    name = std::string{pointer.substr(0, end)} + "()";
    pointer.remove_prefix(end);
  }
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    auto end = std::min(pointer.find('/'), pointer.size());
    auto token = pointer.substr(0, end);
    pointer.remove_prefix(end);
    if (after_index)
      name += (name.empty() ? "" : "/") + std::string{token};
    after_index = !after_index && all_digits(token);
  }
  return name;
}

std::string time_of_day(std::string_view time) {
  auto t = time.find('T');
  if (t == time.npos)
    return std::string{time};
  auto end = std::min(time.find_first_of("Z+-", t), time.size());
  return std::string{time.substr(t + 1, end - t - 1)};
}

std::string error_text(const json::value& error, std::string_view here) {
  auto type = text_at(error, {"type"});
  auto text = type.substr(type.rfind('/') + 1);
  if (auto status = text_at(error, {"status"}); !status.empty())
    text += " (" + status + ")";
  if (auto place = task_name(text_at(error, {"instance"}));
      !place.empty() && place != here)
    text += " at " + place;
  for (const auto* member : {"title", "detail"})
    if (auto words = text_at(error, {member}); !words.empty())
      text += ": " + words;
  return printable(text);
}

table instance_table(const std::vector<json::value>& instances, timestamp now) {
  table rows{{"ID", "WORKFLOW", "STATUS", "TASK", "STARTED", "UPDATED"}, {}};
  for (const auto& one : instances) {
    auto workflow = find_at(one, {"workflow"});
    rows.rows.push_back(
      {text_at(one, {"id"}),
       workflow == nullptr ? std::string{} : workflow_name(*workflow),
       text_at(one, {"status"}), current_text(one),
       ago(text_at(one, {"startedAt"}), now),
       ago(text_at(one, {"updatedAt"}), now)});
  }
  return rows;
}

std::string instance_summary(const json::value& instance, timestamp now,
                             const painter& paint) {
  std::string out;
  auto line = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      out += paint.bold(fmt::format("{:<10}", name)) + " " + value + "\n";
  };
  line("id", printable(text_at(instance, {"id"})));
  if (const auto* workflow = find_at(instance, {"workflow"}))
    line("workflow", printable(workflow_name(*workflow)));
  line("status", coloured_status(text_at(instance, {"status"}), paint));
  line("state", printable(text_at(instance, {"state"})));
  line("outcome", printable(text_at(instance, {"outcome"})));
  if (const auto* labels = find_at(instance, {"labels"});
      labels != nullptr && labels->is_object()) {
    std::string text;
    for (const auto& [key, value] : labels->get_object())
      text += fmt::format(
        "{}{}={}", text.empty() ? "" : " ", std::string_view{key},
        value.is_string() ? std::string{value.get_string()} : to_text(value));
    line("labels", printable(text));
  }
  auto started = text_at(instance, {"startedAt"});
  auto ended = text_at(instance, {"endedAt"});
  line("started", started.empty() ? "" : started);
  auto from = parse_timestamp(started);
  auto to = parse_timestamp(ended);
  if (from && to)
    line("ended", ended + " after " + to_elapsed(*to - *from));
  else if (from)
    line("running", to_elapsed(now - *from));
  line("current", printable(current_text(instance)));
  if (const auto* size = find_at(instance, {"sizeBytes"});
      size != nullptr && size->is_number())
    line("on disk", to_size(size->to_number<double>()));
  line("completed", text_at(instance, {"progress", "completed"}) + " tasks");
  std::string actions;
  if (const auto* allowed = find_at(instance, {"allowedActions"});
      allowed != nullptr && allowed->is_array())
    for (const auto& one : allowed->get_array())
      actions += (actions.empty() ? "" : ", ") + text_at(one, {"name"});
  line("allowed", printable(actions));
  if (const auto* error = find_at(instance, {"error"});
      error != nullptr && error->is_object())
    line("error", paint.red(error_text(*error)));
  if (const auto* output = find_at(instance, {"output"});
      output != nullptr && !output->is_null())
    out += paint.bold("output") + "\n" + to_pretty(*output);
  return out;
}

std::string event_detail(const json::value& item) {
  auto type = text_at(item, {"type"});
  std::string text;
  auto add = [&](const std::string& part) {
    if (!part.empty())
      text += (text.empty() ? "" : "  ") + part;
  };
  if (const auto* error = find_at(item, {"data", "error"});
      error != nullptr && error->is_object())
    add(error_text(*error, task_name(text_at(item, {"task"}))));
  for (const auto* member : {"visit", "attempt"})
    if (auto n = text_at(item, {"data", member}); !n.empty() && n != "1")
      add(fmt::format("{}={}", member, n));
  for (const auto* member :
       {"reason", "mode", "outcome", "by", "comment", "purpose", "due", "until",
        "branch", "index", "number", "arguments", "output"})
    add(shown(item, member));
  if (type == "instance.created")
    add(shown(item, "input"));
  if (type == "state.changed")
    add(change_of_state(item));
  if (auto event = text_at(item, {"data", "event", "type"}); !event.empty())
    add("event=" + printable(event));
  return text;
}

table history_table(const std::vector<json::value>& items) {
  table rows{{"SEQ", "TIME", "TYPE", "TASK", "DETAIL"}, {}};
  for (const auto& item : items)
    rows.rows.push_back(
      {text_at(item, {"sequence"}), time_of_day(text_at(item, {"time"})),
       text_at(item, {"type"}), task_name(text_at(item, {"task"})),
       event_detail(item)});
  return rows;
}

} // namespace pawl::cli
