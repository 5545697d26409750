#include "cli/commands/commands.hpp"
#include "cli/commands/wait_option.hpp"
#include "cli/follow.hpp"
#include "cli/prefix.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct list_options {
  std::string workflow;
  std::string status;
  std::string state;
  std::string started_after;
  std::string started_before;
  std::vector<std::string> labels;
  std::uint32_t limit = 50;
  bool all = false;
};

/// The workflow filter takes NS/NAME, too, as everything else does.
void add_workflow_filter(session& s, std::string& target,
                         const list_options& o) {
  auto slash = o.workflow.find('/');
  auto ns = s.ns;
  auto name = o.workflow;
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

outcome<std::string> list_target(session& s, const list_options& o) {
  std::string target
    = fmt::format("/v1/instances?limit={}", o.all ? 1000 : o.limit);
  add_workflow_filter(s, target, o);
  add_query(target, "status", o.status);
  add_query(target, "state", o.state);
  add_query(target, "startedAfter", o.started_after);
  add_query(target, "startedBefore", o.started_before);
  for (const auto& pair : o.labels) {
    auto equals = pair.find('=');
    if (equals == pair.npos || equals == 0)
      return failure{exit_code::usage,
                     fmt::format("--label {}: expected KEY=VALUE", pair)};
    add_query(target, "label." + pair.substr(0, equals),
              pair.substr(equals + 1));
  }
  return target;
}

outcome<exit_code> list(session& s, const list_options& o) {
  auto base = list_target(s, o);
  if (!base)
    return base.error();
  json::array items;
  std::string cursor;
  json::value page;
  do {
    auto target = *base;
    add_query(target, "cursor", cursor);
    auto answer = call(s, {.target = target});
    if (!answer)
      return answer.error();
    page = std::move(*answer);
    cursor = text_at(page, {"nextCursor"});
    if (auto* list
        = page.is_object() ? page.get_object().if_contains("items") : nullptr;
        list != nullptr && list->is_array())
      for (auto& item : list->get_array())
        items.push_back(std::move(item));
  } while (o.all && !cursor.empty());
  std::vector<std::string> names;
  std::vector<json::value> instances{items.begin(), items.end()};
  names.reserve(instances.size());
  for (const auto& one : instances)
    names.push_back(text_at(one, {"id"}));
  if (page.is_object())
    page.get_object()["items"] = std::move(items);
  print(s, page, instance_table(instances, clock::now()), names);
  if (s.output == format::table && instances.empty())
    s.err << "no instances\n";
  if (!cursor.empty())
    s.err << "there are more: --limit N or --all\n";
  return exit_code::ok;
}

outcome<exit_code> status(session& s, const std::string& text) {
  auto id = resolve_id(s, text);
  if (!id)
    return id.error();
  auto instance = call(s, {.target = instance_target(s, *id)}, {}, *id);
  if (!instance)
    return instance.error();
  if (s.output == format::table)
    s.out << instance_summary(*instance, clock::now(), painter{s.colour_out})
          << std::flush;
  else
    print(s, *instance, {}, {*id});
  return exit_code::ok;
}

struct result_options {
  std::string id;
  wait_option wait;
};

outcome<exit_code> show_result(session& s, const result_options& o) {
  auto limit = limit_of(o.wait);
  if (!limit)
    return limit.error();
  auto id = resolve_id(s, o.id);
  if (!id)
    return id.error();
  auto instance = o.wait.given
                    ? wait_until_ended(s, *id, *limit)
                    : call(s, {.target = instance_target(s, *id)}, {}, *id);
  if (!instance)
    return instance.error();
  if (!has_ended(*instance))
    return failure{exit_code::not_allowed,
                   fmt::format("the instance is {}, it has no result yet\n"
                               "try: pawl result {} --wait",
                               text_at(*instance, {"status"}), *id)};
  if (text_at(*instance, {"status"}) != "completed")
    return ending(s, *instance);
  const auto* output = find_at(*instance, {"output"});
  json::value value = output == nullptr ? json::value{} : *output;
  if (s.output == format::table)
    s.out << to_pretty(value) << std::flush;
  else if (s.output == format::jsonl)
    s.out << to_text(value) << '\n' << std::flush;
  else
    print(s, value, {}, {*id});
  return exit_code::ok;
}

void add_list(CLI::App& app, action& chosen) {
  auto o = std::make_shared<list_options>();
  auto* cmd = app.add_subcommand("ls", "List instances, newest first");
  cmd->add_option("-w,--workflow", o->workflow, "Only of this workflow")
    ->type_name("[NS/]NAME[@VER]");
  cmd
    ->add_option("-s,--status", o->status,
                 "Only in this status: pending running waiting suspending "
                 "suspended cancelling completed faulted cancelled")
    ->type_name("STATUS");
  cmd->add_option("--state", o->state, "Only in this business state")
    ->type_name("STATE");
  cmd->add_option("--label", o->labels, "Only with this label; repeatable")
    ->type_name("KEY=VALUE")
    ->expected(1);
  cmd->add_option("--started-after", o->started_after, "RFC 3339 time")
    ->type_name("TIME");
  cmd->add_option("--started-before", o->started_before, "RFC 3339 time")
    ->type_name("TIME");
  cmd->add_option("--limit", o->limit, "At most so many (50)")
    ->check(CLI::Range(1U, 1000U).description(""))
    ->type_name("N");
  cmd->add_flag("--all", o->all, "All pages of the list");
  cmd->footer("Examples:\n"
              "  pawl ls -s faulted\n"
              "  pawl ls -w default/story --label team=a -o jsonl | jq .id\n"
              "  pawl pause $(pawl ls -s running -o name)");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return list(s, *o); }; });
}

} // namespace

void add_instances(CLI::App& app, action& chosen) {
  add_list(app, chosen);
  auto id = std::make_shared<std::string>();
  auto* cmd = app.add_subcommand("status", "Show one instance");
  cmd->add_option("id", *id, "Id, or a unique beginning of one")
    ->required()
    ->type_name("ID");
  cmd->footer("Examples:\n"
              "  pawl status 01JABC\n"
              "  pawl status order-7 -o json | jq '.current[].task'");
  cmd->callback(
    [id, &chosen] { chosen = [id](session& s) { return status(s, *id); }; });

  auto o = std::make_shared<result_options>();
  cmd = app.add_subcommand("result", "Print the output of an instance");
  cmd->add_option("id", o->id, "Id, or a unique beginning of one")
    ->required()
    ->type_name("ID");
  add_wait_option(*cmd, o->wait);
  cmd->footer("Examples:\n"
              "  pawl result 01JABC --wait 60 | jq .outcome\n"
              "Without --wait, 4 says that it has not ended. Ended: "
              "0 completed, 10 faulted, 11 cancelled.");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return show_result(s, *o); }; });
}

} // namespace pawl::cli::commands
