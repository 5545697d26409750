#include "cli/commands/commands.hpp"
#include "cli/size_text.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <cmath>
#include <fmt/format.h>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct stats_options {
  std::string workflow; ///< NAME or NS/NAME; "" for all.
  bool bottlenecks = false;
  bool sizes = false;
};

double number_of(const json::value& of,
                 std::initializer_list<const char*> path) {
  const auto* found = find_at(of, path);
  return found != nullptr && found->is_number() ? found->to_number<double>()
                                                : 0;
}

std::string count_at(const json::value& of, const char* name) {
  return fmt::format("{:.0f}", number_of(of, {name}));
}

/// "" where nothing was measured.
std::string span_at(const json::value& of,
                    std::initializer_list<const char*> path) {
  const auto* found = find_at(of, path);
  if (found == nullptr || !found->is_number())
    return "";
  return to_elapsed(duration{std::llround(found->to_number<double>() * 1000)});
}

std::string percent_at(const json::value& of, const char* name) {
  const auto* found = find_at(of, {name});
  if (found == nullptr || !found->is_number())
    return "";
  return fmt::format("{:.1f} %", found->to_number<double>() * 100);
}

const json::array& list_at(const json::value& of, const char* name) {
  static const json::array nothing;
  const auto* found = find_at(of, {name});
  return found != nullptr && found->is_array() ? found->get_array() : nothing;
}

std::string full_name(const json::value& of) {
  return text_at(of, {"namespace"}) + '/' + text_at(of, {"workflow"});
}

std::string size_at(const json::value& of) {
  const auto* found = find_at(of, {"sizeBytes"});
  return found == nullptr || !found->is_number()
           ? std::string{}
           : to_size(found->to_number<double>());
}

/// "3 approval, 1 timer".
std::string waits_of(const json::value& of) {
  std::string out;
  for (const auto& one : list_at(of, "waiting"))
    out += (out.empty() ? "" : ", ") + count_at(one, "count") + ' '
           + text_at(one, {"kind"});
  return out;
}

table workflow_rows(const json::value& body, std::vector<std::string>& names) {
  table out{{"WORKFLOW", "STARTED", "COMPLETED", "FAULTED", "CANCELLED", "RATE",
             "P50", "P95", "P99", "MAX"},
            {}};
  for (const auto& w : list_at(body, "workflows")) {
    names.push_back(full_name(w));
    out.rows.push_back(
      {names.back(), count_at(w, "started"), count_at(w, "completed"),
       count_at(w, "faulted"), count_at(w, "cancelled"),
       percent_at(w, "completionRate"), span_at(w, {"duration", "p50"}),
       span_at(w, {"duration", "p95"}), span_at(w, {"duration", "p99"}),
       span_at(w, {"duration", "max"})});
  }
  return out;
}

table task_rows(const json::value& body, std::vector<std::string>& names) {
  table out{{"TASK", "KIND", "ENTERED", "COMPLETED", "FAULTED", "RETRIED",
             "P50", "P95", "DWELL P95", "WAITING"},
            {}};
  for (const auto& w : list_at(body, "workflows")) {
    for (const auto& t : list_at(w, "tasks")) {
      names.push_back(text_at(t, {"task"}));
      out.rows.push_back({task_name(names.back()), text_at(t, {"kind"}),
                          count_at(t, "entered"), count_at(t, "completed"),
                          count_at(t, "faulted"), count_at(t, "retried"),
                          span_at(t, {"duration", "p50"}),
                          span_at(t, {"duration", "p95"}),
                          span_at(t, {"dwell", "p95"}), waits_of(t)});
    }
    for (const auto& s : list_at(w, "states")) {
      names.push_back(text_at(s, {"state"}));
      out.rows.push_back({names.back(), "state", count_at(s, "entered"), "", "",
                          "", "", "", span_at(s, {"dwell", "p95"}), ""});
    }
  }
  return out;
}

/// What namespaces take on disk, and their workflows.
table size_rows(const json::value& body, std::vector<std::string>& names) {
  table out{{"NAMESPACE", "WORKFLOW", "SIZE"}, {}};
  for (const auto& n : list_at(body, "namespaces")) {
    names.push_back(text_at(n, {"namespace"}));
    out.rows.push_back({names.back(), "", size_at(n)});
  }
  for (const auto& w : list_at(body, "workflows")) {
    names.push_back(full_name(w));
    out.rows.push_back(
      {text_at(w, {"namespace"}), text_at(w, {"workflow"}), size_at(w)});
  }
  return out;
}

table bottleneck_rows(const json::value& body,
                      std::vector<std::string>& names) {
  table out{{"WORKFLOW", "TASK", "KIND", "SHARE", "TIME", "ENDED", "P95",
             "WAITING NOW", "OLDEST"},
            {}};
  for (const auto& b : list_at(body, "bottlenecks")) {
    names.push_back(text_at(b, {"task"}));
    out.rows.push_back({full_name(b), task_name(names.back()),
                        text_at(b, {"kind"}), percent_at(b, "share"),
                        span_at(b, {"seconds"}), count_at(b, "ended"),
                        span_at(b, {"p95"}), count_at(b, "waitingNow"),
                        span_at(b, {"oldestSeconds"})});
  }
  return out;
}

outcome<exit_code> show(session& s, const stats_options& o) {
  std::string target = "/v1/stats";
  const auto slash = o.workflow.find('/');
  const auto name
    = slash == std::string::npos ? o.workflow : o.workflow.substr(slash + 1);
  add_query(target, "namespace",
            slash == std::string::npos ? s.ns : o.workflow.substr(0, slash));
  add_query(target, "workflow", name);
  auto body = call(s, {.target = target});
  if (!body)
    return body.error();
  std::vector<std::string> names;
  const auto rows = o.bottlenecks        ? bottleneck_rows(*body, names)
                    : o.sizes            ? size_rows(*body, names)
                    : o.workflow.empty() ? workflow_rows(*body, names)
                                         : task_rows(*body, names);
  print(s, *body, rows, names);
  if (s.output == format::table)
    s.err << (names.empty() ? "nothing was counted since " : "since ")
          << text_at(*body, {"since"}) << '\n';
  return exit_code::ok;
}

} // namespace

void add_stats(CLI::App& app, action& chosen) {
  auto* of = app.add_subcommand(
    "stats", "How long workflows and tasks take, how they end, and what holds "
             "them up");
  auto o = std::make_shared<stats_options>();
  of->add_option("workflow", o->workflow,
                 "NAME or NAMESPACE/NAME: its tasks and states");
  of->add_flag("--bottlenecks", o->bottlenecks,
               "The tasks at which most time goes by");
  of->add_flag("--sizes", o->sizes,
               "What namespaces and workflows take on disk");
  of->footer("Examples:\n"
             "  pawl stats\n"
             "  pawl stats default/story\n"
             "  pawl stats --bottlenecks\n"
             "  pawl stats --sizes\n"
             "  pawl stats -o json");
  of->callback(
    [&chosen, o] { chosen = [o](session& s) { return show(s, *o); }; });
}

} // namespace pawl::cli::commands
