#include "cli/commands/commands.hpp"
#include "cli/commands/kept.hpp"
#include "cli/commands/moment.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <optional>

namespace pawl::cli::commands {
namespace {

/// "workflow=shop/order task=book".
std::string members_text(const json::value& one, const char* part) {
  std::string out;
  const auto* of = find_at(one, {part});
  if (of == nullptr || !of->is_object())
    return out;
  for (const auto& member : of->get_object())
    out += fmt::format("{}{}={}", out.empty() ? "" : " ",
                       std::string_view{member.key()},
                       text_at(one, {part, member.key().data()}));
  return out;
}

const kept_words& words() {
  static const kept_words all{
    "/v1/faults",
    "injected fault",
    "injected faults",
    {"ON", "DO", "STRUCK", "ACTIVE", "UNTIL", "REASON"},
    [](const json::value& one) -> std::vector<std::string> {
      return {members_text(one, "on"),  members_text(one, "do"),
              text_at(one, {"struck"}), text_at(one, {"active"}),
              text_at(one, {"until"}),  text_at(one, {"reason"})};
    }};
  return all;
}

struct fault_options {
  std::string name;
  std::string workflow, task, host, queue;
  std::optional<std::int64_t> status, times;
  std::string body, latency, error_type, error_title;
  bool reset = false, kill = false;
  std::optional<double> probability;
  std::string until, reason;
};

outcome<json::object> what_of(const fault_options& o) {
  json::object what;
  if (!o.error_type.empty())
    what["error"]
      = {{"type", o.error_type},
         {"title", o.error_title.empty() ? "Injected" : o.error_title},
         {"status", o.status.value_or(500)}};
  else if (o.status)
    what["status"] = *o.status;
  if (!o.body.empty())
    what["body"] = o.body;
  if (!o.latency.empty())
    what["latency"] = o.latency;
  if (o.reset)
    what["reset"] = true;
  if (o.kill)
    what["kill"] = true;
  if (what.empty())
    return failure{exit_code::usage, "one of --status, --reset, --latency, "
                                     "--error and --kill is needed"};
  return what;
}

outcome<exit_code> inject(session& s, const fault_options& o) {
  auto until = moment_of(o.until, "--until");
  if (!until)
    return until.error();
  auto what = what_of(o);
  if (!what)
    return what.error();
  json::object on;
  const std::pair<const char*, const std::string&> places[]
    = {{"workflow", o.workflow},
       {"task", o.task},
       {"host", o.host},
       {"queue", o.queue}};
  for (const auto& [name, text] : places)
    if (!text.empty())
      on[name] = text;
  json::object body{{"on", std::move(on)},
                    {"do", std::move(*what)},
                    {"until", *until},
                    {"reason", o.reason}};
  if (o.probability)
    body["probability"] = *o.probability;
  if (o.times)
    body["times"] = *o.times;
  return put_kept(s, words(), o.name, body);
}

void add_inject(CLI::App& fault, action& chosen) {
  auto o = std::make_shared<fault_options>();
  auto* cmd = fault.add_subcommand(
    "inject", "Let effects fail on purpose; all that is said of them must fit");
  cmd->add_option("name", o->name, "Its name")->required()->type_name("NAME");
  const auto option
    = [&](const char* name, auto& into, const char* help, const char* type) {
        return cmd->add_option(name, into, help)->type_name(type);
      };
  option("--workflow", o->workflow, "Of this workflow", "[NS/]NAME");
  option("--task", o->task, "Of this task", "NAME|POINTER");
  option("--host", o->host, "Calls to this host", "HOST[:PORT]");
  option("--queue", o->queue, "Jobs for this queue", "QUEUE");
  option("--status", o->status, "An answer of this status; of --error, its own",
         "400..599");
  option("--body", o->body, "What the answer says", "TEXT");
  cmd->add_flag("--reset", o->reset, "The connection is lost");
  option("--latency", o->latency, "It begins so much later", "PT2S");
  option("--error", o->error_type, "The task fails with an error of this type",
         "URI");
  option("--title", o->error_title, "The title of --error", "TEXT");
  cmd->add_flag("--kill", o->kill, "The actor that carries it out dies");
  option("--probability", o->probability, "How likely it strikes", "0..1");
  option("--times", o->times, "It strikes so often", "N");
  option("--until", o->until, "It ends then, at most a day from now",
         "TIME|30m|12h")
    ->required();
  option("--reason", o->reason, "Why: whoever asks what went wrong reads it",
         "TEXT")
    ->required();
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return inject(s, *o); }; });
}

} // namespace

void add_faults(CLI::App& app, action& chosen) {
  auto* fault
    = app.add_subcommand("fault", "Injected faults, for drills; an admin's");
  fault->require_subcommand(1);
  fault->footer(
    "Examples:\n"
    "  pawl fault inject crm-down --host crm.example.com --status 503 \\\n"
    "    --until 30m --reason 'drill of 12 May'\n"
    "  pawl fault inject slow --workflow shop/order --task book \\\n"
    "    --latency PT5S --probability 0.2 --until 2h --reason drill\n"
    "  pawl fault inject crash --queue review --kill --times 3 --until 1h \\\n"
    "    --reason drill\n"
    "  pawl fault ls\n"
    "  pawl fault show crm-down\n"
    "  pawl fault rm crm-down");
  add_inject(*fault, chosen);
  add_kept(*fault, chosen, words());
}

} // namespace pawl::cli::commands
