#include "cli/load_view.hpp"

#include "cli/size_text.hpp"
#include "cli/views.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <optional>

namespace pawl::cli {
namespace {

using namespace std::chrono_literals;

/// A status, and its column.
constexpr std::pair<const char*, const char*> shown_statuses[]
  = {{"pending", "PENDING"},     {"running", "RUNNING"},
     {"waiting", "WAITING"},     {"suspending", "SUSPENDING"},
     {"suspended", "SUSPENDED"}, {"cancelling", "CANCELLING"},
     {"faulted", "FAULTED"}};

/// What happens a second, and the counter that tells it.
constexpr std::pair<const char*, const char*> rates[]
  = {{"started", R"(pawl_instances_total{status="created"})"},
     {"completed", R"(pawl_instances_total{status="completed"})"},
     {"faulted", R"(pawl_instances_total{status="faulted"})"},
     {"cancelled", R"(pawl_instances_total{status="cancelled"})"},
     {"tasks", R"(pawl_tasks_total{status="completed"})"},
     {"retries", R"(pawl_tasks_total{status="retried"})"},
     {"facts", "pawl_journal_events_total"}};

constexpr std::pair<const char*, const char*> gauges[]
  = {{"memoryBytes", "process_resident_memory_bytes"},
     {"diskFreeBytes", "pawl_disk_free_bytes"},
     {"hotInstances", "pawl_hot_instances"}};

std::optional<double> metric(const load_reading& of, const char* name) {
  const auto found = of.metrics.find(name);
  if (found == of.metrics.end())
    return std::nullopt;
  return found->second;
}

json::value rates_of(const load_reading& before, const load_reading& now) {
  const auto seconds
    = std::chrono::duration<double>(now.at - before.at).count();
  if (before.metrics.empty() || now.metrics.empty() || seconds <= 0)
    return nullptr;
  json::object out;
  for (const auto& [name, counter] : rates) {
    const auto from = metric(before, counter).value_or(0);
    const auto to = metric(now, counter).value_or(0);
    // After a restart of the daemon its counters begin at 0 again.
    out[name] = (to < from ? to : to - from) / seconds;
  }
  return out;
}

json::object no_counts() {
  json::object out;
  for (const auto& [status, column] : shown_statuses)
    out[status] = 0;
  return out;
}

void count(json::object& in, const std::string& what) {
  if (auto* number = in.if_contains(what))
    *number = number->to_number<std::int64_t>() + 1;
}

struct workflow_load {
  json::object statuses = no_counts();
  std::int64_t alive = 0;
  std::int64_t started = 0;
};

std::string name_of(const json::value& instance) {
  const auto* workflow = find_at(instance, {"workflow"});
  return workflow == nullptr ? std::string{} : workflow_name(*workflow);
}

json::array by_workflow(const std::map<std::string, workflow_load>& workflows) {
  std::vector<std::pair<std::string, workflow_load>> all{workflows.begin(),
                                                         workflows.end()};
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::pair{a.second.alive, a.second.started}
           > std::pair{b.second.alive, b.second.started};
  });
  json::array out;
  for (const auto& [name, load] : all)
    out.push_back(json::object{{"workflow", name},
                               {"instances", load.statuses},
                               {"startedLastMinute", load.started}});
  return out;
}

std::int64_t number_at(const json::value& of,
                       std::initializer_list<const char*> path) {
  const auto* found = find_at(of, path);
  return found != nullptr && found->is_number()
           ? found->to_number<std::int64_t>()
           : 0;
}

std::string rates_line(const json::value& load) {
  std::string line;
  for (const auto& [name, counter] : rates) {
    const auto* rate = find_at(load, {"rates", name});
    if (rate != nullptr && rate->is_number())
      line += fmt::format("{}{:.1f} {}", line.empty() ? "" : "  ",
                          rate->to_number<double>(), name);
  }
  return line.empty() ? line : "a second  " + line;
}

std::string daemon_line(const json::value& load) {
  std::string line;
  const auto add = [&](const char* member, const char* name, bool bytes) {
    const auto* value = find_at(load, {member});
    if (value == nullptr || !value->is_number())
      return;
    const auto n = value->to_number<double>();
    line += fmt::format("{}{} {}", line.empty() ? "" : "  ", name,
                        bytes ? to_size(n) : fmt::format("{:.0f}", n));
  };
  add("memoryBytes", "memory", true);
  add("diskFreeBytes", "disk free", true);
  add("hotInstances", "in memory", false);
  return line.empty() ? line : "daemon    " + line;
}

void append(std::vector<std::string>& lines, const table& rows,
            const painter& paint) {
  const auto text = lay_out(rows);
  bool first = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    if (first)
      lines.emplace_back();
    lines.push_back(first ? paint.bold(line) : line);
    first = false;
    at = end + 1;
  }
}

table workflow_table(const json::value& load) {
  table rows{{"WORKFLOW"}, {}};
  std::vector<const char*> columns; // Those that are not empty.
  for (const auto& [status, column] : shown_statuses)
    if (number_at(load, {"instances", status}) > 0) {
      columns.push_back(status);
      rows.header.emplace_back(column);
    }
  rows.header.emplace_back("STARTED/MIN");
  if (const auto* all = find_at(load, {"workflows"}))
    for (const auto& one : all->as_array()) {
      std::vector<std::string> row{text_at(one, {"workflow"})};
      for (const auto* status : columns)
        row.push_back(std::to_string(number_at(one, {"instances", status})));
      row.push_back(std::to_string(number_at(one, {"startedLastMinute"})));
      rows.rows.push_back(std::move(row));
    }
  return rows;
}

table queue_table(const json::value& load) {
  table rows{{"QUEUE", "READY", "LEASED", "WORKERS", ""}, {}};
  if (const auto* items = find_at(load, {"queues"});
      items != nullptr && items->is_array())
    for (const auto& one : items->get_array())
      rows.rows.push_back(
        {text_at(one, {"name"}), std::to_string(number_at(one, {"ready"})),
         std::to_string(number_at(one, {"leased"})),
         std::to_string(number_at(one, {"workers"})),
         text_at(one, {"unserved"}) == "true" ? "unserved" : ""});
  return rows;
}

} // namespace

std::map<std::string, double> parse_metrics(std::string_view text) {
  std::map<std::string, double> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string line{text.substr(0, end)};
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto blank = line.rfind(' ');
    if (line.starts_with('#') || blank == line.npos || blank == 0)
      continue;
    char* rest = nullptr;
    const auto value = std::strtod(line.c_str() + blank + 1, &rest);
    if (*rest == '\0' && rest != line.c_str() + blank + 1)
      out[line.substr(0, blank)] = value;
  }
  return out;
}

json::object load_of(const load_reading& before, const load_reading& now) {
  auto total = no_counts();
  std::map<std::string, workflow_load> workflows;
  for (const auto& one : now.instances) {
    const auto status = text_at(one, {"status"});
    auto& load = workflows[name_of(one)];
    count(total, status);
    count(load.statuses, status);
    load.alive += status == "faulted" ? 0 : 1;
  }
  for (const auto& one : now.recent) {
    const auto made = parse_timestamp(text_at(one, {"createdAt"}));
    if (made && now.at - *made <= 1min)
      ++workflows[name_of(one)].started;
  }
  json::object out{{"time", to_text(now.at)},
                   {"instances", std::move(total)},
                   {"complete", now.complete},
                   {"rates", rates_of(before, now)},
                   {"workflows", by_workflow(workflows)},
                   {"queues", nullptr}};
  for (const auto& [name, gauge] : gauges) {
    const auto value = metric(now, gauge);
    out[name] = value ? json::value(*value) : json::value(nullptr);
  }
  if (const auto* queues = find_at(now.queues, {"items"}))
    out["queues"] = *queues;
  return out;
}

std::vector<std::string> load_lines(const json::value& load,
                                    const painter& paint) {
  std::string counts;
  for (const auto& [status, column] : shown_statuses)
    if (const auto n = number_at(load, {"instances", status}); n > 0)
      counts += fmt::format("{}{} {}", counts.empty() ? "" : "  ", n, status);
  if (text_at(load, {"complete"}) != "true")
    counts += "  (of the newest; there are more)";
  std::vector<std::string> lines{
    "instances " + (counts.empty() ? "none that live" : counts)};
  for (auto line : {rates_line(load), daemon_line(load)})
    if (!line.empty())
      lines.push_back(std::move(line));
  append(lines, workflow_table(load), paint);
  append(lines, queue_table(load), paint);
  return lines;
}

} // namespace pawl::cli
