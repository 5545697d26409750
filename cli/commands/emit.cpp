#include "base/ids.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/prefix.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct emit_options {
  std::string type;
  std::string data;
  std::string source = "/pawl/cli";
  std::string subject;
  std::string id;
  std::string instance;
  std::string reason;
  bool now = false;
};

outcome<exit_code> emit(session& s, const emit_options& o) {
  auto id
    = o.id.empty() ? make_ulid(unix_ms(clock::now()), random_entropy()) : o.id;
  json::object event{{"specversion", "1.0"},
                     {"id", id},
                     {"source", o.source},
                     {"type", o.type},
                     {"time", to_text(clock::now())}};
  if (!o.subject.empty())
    event["subject"] = o.subject;
  if (!o.data.empty()) {
    auto data = read_json_argument(s, o.data, "--data");
    if (!data)
      return data.error();
    event["datacontenttype"] = "application/json";
    event["data"] = std::move(*data);
  }
  request what{.method = "POST", .target = "/v1/events"};
  std::string instance;
  if (!o.instance.empty()) {
    auto resolved = resolve_id(s, o.instance);
    if (!resolved)
      return resolved.error();
    instance = *resolved;
    what.target = instance_target(s, instance, "/events");
    if (o.now)
      add_query(what.target, "buffer", "false");
  } else {
    add_query(what.target, "namespace", s.ns);
  }
  add_query(what.target, "reason", o.reason);
  what.headers = {{"Content-Type", "application/cloudevents+json"}};
  what.body = to_text(event);
  auto answer = call(s, std::move(what), {}, instance);
  if (!answer)
    return answer.error();
  print(s, answer->is_null() ? json::value(event) : *answer,
        {{"ID", "TYPE", "SOURCE"}, {{id, o.type, o.source}}}, {id});
  return exit_code::ok;
}

} // namespace

void add_emit(CLI::App& app, action& chosen) {
  auto o = std::make_shared<emit_options>();
  auto* cmd = app.add_subcommand(
    "emit", "Send a CloudEvent to whoever listens, or to one instance");
  cmd->add_option("type", o->type, "Type of the event")
    ->required()
    ->type_name("TYPE");
  cmd->add_option("-d,--data", o->data, "Data: JSON, @FILE, or - for stdin")
    ->type_name("JSON|@FILE|-");
  cmd->add_option("--source", o->source, "Source (/pawl/cli)")
    ->type_name("URI");
  cmd->add_option("--subject", o->subject, "Subject")->type_name("TEXT");
  cmd
    ->add_option("--id", o->id,
                 "Id; an event with the same source and id counts once")
    ->type_name("ID");
  cmd->add_option("--instance", o->instance, "Only for this instance")
    ->type_name("ID");
  cmd
    ->add_flag("--now", o->now,
               "With --instance: refuse it if nothing waits for it, instead of "
               "keeping it for later")
    ->needs("--instance");
  add_reason(*cmd, o->reason);
  cmd->footer("Examples:\n"
              "  pawl emit com.example.paid -d '{\"order\":7}'\n"
              "  pawl emit approved --instance 01JABC --now");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return emit(s, *o); }; });
}

} // namespace pawl::cli::commands
