#include "cli/commands/list_filter.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace pawl::cli::commands {

namespace {

/// The workflow filter takes NS/NAME, too, as everything else does.
void add_workflow(const session& s, std::string& target,
                  const std::string& workflow) {
  auto slash = workflow.find('/');
  auto ns = s.ns;
  auto name = workflow;
  std::string version;
  if (slash != name.npos) {
    ns = name.substr(0, slash);
    name = name.substr(slash + 1);
  }
  if (auto at = name.find('@'); at != name.npos) {
    version = name.substr(at + 1);
    name.resize(at);
  }
  add_query(target, "namespace", ns);
  add_query(target, "workflow", name);
  add_query(target, "version", version);
}

} // namespace

void add_list_filter(CLI::App& to, list_filter& filter) {
  to.add_option("-w,--workflow", filter.workflow, "Only of this workflow")
    ->type_name("[NS/]NAME[@VER]");
  to.add_option("-s,--status", filter.status,
                "Only in this status: pending running waiting suspending "
                "suspended cancelling completed faulted cancelled")
    ->type_name("STATUS")
    ->check(
      CLI::IsMember({"pending", "running", "waiting", "suspending", "suspended",
                     "cancelling", "completed", "faulted", "cancelled"})
        .description(""));
  to.add_option("--state", filter.state, "Only in this business state")
    ->type_name("STATE");
  to.add_option("--label", filter.labels, "Only with this label; repeatable")
    ->type_name("KEY=VALUE")
    ->expected(1)
    ->take_all();
  to.add_option("--index", filter.index,
                "Only with this value of metadata.index; repeatable")
    ->type_name("NAME=VALUE")
    ->expected(1)
    ->take_all();
  to.add_flag("--quarantined", filter.quarantined,
              "Only those that were set aside, as they bring the daemon down");
  to.add_option("--started-after", filter.started_after, "RFC 3339 time")
    ->type_name("TIME");
  to.add_option("--started-before", filter.started_before, "RFC 3339 time")
    ->type_name("TIME");
}

outcome<std::string> list_target(const session& s, const list_filter& filter,
                                 std::uint32_t limit) {
  std::string target = fmt::format("/v1/instances?limit={}", limit);
  add_workflow(s, target, filter.workflow);
  add_query(target, "status", filter.status);
  add_query(target, "state", filter.state);
  add_query(target, "quarantined", filter.quarantined ? "true" : "");
  add_query(target, "startedAfter", filter.started_after);
  add_query(target, "startedBefore", filter.started_before);
  const auto add_pairs =
    [&](const auto& pairs, std::string_view option) -> std::optional<failure> {
    for (const std::string& pair : pairs) {
      auto equals = pair.find('=');
      if (equals == pair.npos || equals == 0)
        return failure{exit_code::usage,
                       fmt::format("--{} {}: expected {}=VALUE", option, pair,
                                   option == "label" ? "KEY" : "NAME")};
      add_query(target, fmt::format("{}.{}", option, pair.substr(0, equals)),
                pair.substr(equals + 1));
    }
    return std::nullopt;
  };
  for (auto why :
       {add_pairs(filter.labels, "label"), add_pairs(filter.index, "index")})
    if (why)
      return *why;
  return target;
}

} // namespace pawl::cli::commands
