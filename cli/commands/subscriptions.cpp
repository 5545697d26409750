#include "cli/commands/commands.hpp"
#include "cli/commands/documents.hpp"
#include "cli/commands/each.hpp"
#include "cli/commands/kept.hpp"

#include <boost/json/value_from.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

std::string standing_of(const json::value& one) {
  if (text_at(one, {"paused"}) == "true")
    return "paused";
  const auto failed = text_at(one, {"lastFailure", "at"});
  return !failed.empty() && failed > text_at(one, {"lastSuccess"}) ? "failing"
                                                                   : "ok";
}

const kept_words& words() {
  static const kept_words all{
    "/v1/subscriptions",
    "subscription",
    "subscriptions",
    {"STATUS", "PENDING", "DEAD", "LAST SUCCESS", "URL"},
    [](const json::value& one) -> std::vector<std::string> {
      return {standing_of(one), text_at(one, {"pending"}),
              text_at(one, {"dead"}), text_at(one, {"lastSuccess"}),
              text_at(one, {"url"})};
    }};
  return all;
}

struct set_options {
  std::string name;
  std::string url;
  std::vector<std::string> types;
  std::string workflow;
  std::string version;
  std::string status;
  std::string state;
  std::vector<std::string> labels;
  std::string secret;
  std::vector<std::string> headers;
  std::string mode;
  std::string description;
  bool paused = false;
  std::string reason;
};

/// 'Name: value' each.
outcome<json::object> headers_of(const std::vector<std::string>& given) {
  json::object out;
  for (const auto& one : given) {
    const auto colon = one.find(':');
    if (colon == std::string::npos || colon == 0)
      return failure{
        exit_code::usage,
        fmt::format("--header takes 'Name: value', not '{}'", one)};
    auto value = one.substr(colon + 1);
    value.erase(0, value.find_first_not_of(' '));
    out[one.substr(0, colon)] = value;
  }
  return out;
}

outcome<json::object> filter_of(const set_options& o) {
  json::object out;
  const std::pair<const char*, const std::string&> members[]
    = {{"workflow", o.workflow},
       {"version", o.version},
       {"status", o.status},
       {"state", o.state}};
  for (const auto& [name, text] : members)
    if (!text.empty())
      out[name] = text;
  if (!o.types.empty())
    out["type"] = json::value_from(o.types);
  auto labels = labels_of(o.labels);
  if (!labels)
    return labels.error();
  if (!labels->empty())
    out["label"] = std::move(*labels);
  return out;
}

outcome<exit_code> set(session& s, const set_options& o) {
  auto headers = headers_of(o.headers);
  if (!headers)
    return headers.error();
  auto filter = filter_of(o);
  if (!filter)
    return filter.error();
  json::object body{{"url", o.url}};
  const std::pair<const char*, const std::string&> members[]
    = {{"secret", o.secret}, {"mode", o.mode}, {"description", o.description}};
  for (const auto& [name, text] : members)
    if (!text.empty())
      body[name] = text;
  if (!filter->empty())
    body["filter"] = std::move(*filter);
  if (!headers->empty())
    body["headers"] = std::move(*headers);
  if (o.paused)
    body["paused"] = true;
  return put_kept(s, words(), o.name, body, o.reason);
}

outcome<json::value> ask(session& s, const std::string& name, const char* verb,
                         const json::object& body = {},
                         const std::string& reason = {}) {
  auto target = kept_target(s, words(), name, verb);
  add_query(target, "reason", reason);
  return call(s, {.method = "POST",
                  .target = std::move(target),
                  .headers = {{"Content-Type", "application/json"}},
                  .body = to_text(json::value(body))});
}

outcome<exit_code> test(session& s, const std::string& name,
                        const std::string& reason) {
  auto said = ask(s, name, "/test", {}, reason);
  if (!said)
    return said.error();
  const bool good = text_at(*said, {"delivered"}) == "true";
  print(s, *said,
        {{"DELIVERED", "STATUS", "MS", "DETAIL"},
         {{good ? "yes" : "no", text_at(*said, {"status"}),
           text_at(*said, {"tookMs"}), text_at(*said, {"detail"})}}},
        {name});
  return good ? exit_code::ok : exit_code::error;
}

/// A subscription, and ids of its dead messages.
struct dead_options {
  std::string name;
  std::vector<std::string> ids;
  std::string reason; ///< Of what changes something.
};

outcome<exit_code> redeliver(session& s, const dead_options& o) {
  const auto& name = o.name;
  json::object body;
  if (!o.ids.empty()) {
    auto ids = names_of(s, o.ids);
    if (!ids)
      return ids.error();
    body["messages"] = json::value_from(*ids);
  }
  auto said = ask(s, name, "/redeliver", body, o.reason);
  if (!said)
    return said.error();
  const auto many = text_at(*said, {"redelivered"});
  print(s, *said, {{"NAME", "REDELIVERED"}, {{name, many}}}, {name});
  return exit_code::ok;
}

outcome<exit_code> list_dead(session& s, const std::string& name) {
  auto target = kept_target(s, words(), name, "/dead");
  add_query(target, "limit", "1000");
  auto items = all_items(s, target);
  if (!items)
    return items.error();
  table rows{
    {"DEAD SINCE", "TYPE", "INSTANCE", "TRIES", "STATUS", "REASON", "MESSAGE"},
    {}};
  std::vector<std::string> ids;
  for (const auto& one : *items) {
    ids.push_back(text_at(one, {"id"}));
    rows.rows.push_back({text_at(one, {"deadAt"}), text_at(one, {"type"}),
                         text_at(one, {"instance"}), text_at(one, {"attempts"}),
                         text_at(one, {"status"}), text_at(one, {"reason"}),
                         ids.back()});
  }
  print(s, as_list(*items), rows, ids);
  if (s.output == format::table && items->empty())
    s.err << "no dead messages\n";
  return exit_code::ok;
}

outcome<exit_code> show_dead(session& s, const dead_options& o) {
  if (o.ids.empty())
    return list_dead(s, o.name);
  if (o.ids.size() > 1)
    return failure{exit_code::usage, "one message is shown at a time"};
  const auto& id = o.ids.front();
  auto found = call(
    s, {.target = kept_target(s, words(), o.name, "/dead/" + url_encode(id))});
  if (!found)
    return found.error();
  if (s.output == format::table)
    s.out << to_yaml(*found);
  else
    print(s, *found, {}, {id});
  return exit_code::ok;
}

outcome<exit_code> discard(session& s, const dead_options& o) {
  return delete_each(s, {o.ids, o.reason}, "discarded",
                     [&](const std::string& id) -> outcome<std::string> {
                       return kept_target(s, words(), o.name,
                                          "/dead/" + url_encode(id));
                     });
}

void add_set(CLI::App& of, action& chosen) {
  auto o = std::make_shared<set_options>();
  auto* cmd = of.add_subcommand(
    "set", "Subscribe a URL to events, or put a subscription in place of one "
           "with this name. With -n, to those of that namespace");
  const auto option
    = [&](const char* name, auto& into, const char* help, const char* type) {
        return cmd->add_option(name, into, help)->type_name(type);
      };
  option("name", o->name, "What to call it", "NAME")->required();
  option("--url", o->url, "Where the events are sent", "URL")->required();
  option("--type", o->types,
         "Only events whose type begins so; may be repeated", "PREFIX");
  option("--workflow", o->workflow, "Only of this workflow", "[NS/]NAME");
  option("--version", o->version, "Only of this version of it", "VERSION");
  option("--status", o->status, "Only of instances that stand so", "STATUS");
  option("--state", o->state, "Only of instances in this business state",
         "STATE");
  option("--label", o->labels,
         "Only of instances with this label; may be "
         "repeated",
         "KEY=VALUE");
  option("--secret", o->secret, "Sign with the secret of this name", "NAME");
  option("--header", o->headers,
         "Add a header, in which $secret:NAME stands for a secret; may be "
         "repeated",
         "'NAME: VALUE'");
  option("--mode", o->mode, "How the event stands in the request",
         "structured|binary");
  option("--description", o->description, "What it is for", "TEXT");
  cmd->add_flag("--paused", o->paused, "Send nothing yet");
  add_reason(*cmd, o->reason);
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return set(s, *o); }; });
}

void add_test_event(CLI::App& of, action& chosen) {
  auto name = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  auto* cmd = of.add_subcommand(
    "test", "Send it one event now; exit code 1 if it was not taken");
  cmd->add_option("name", *name, "Which")->required()->type_name("NAME");
  add_reason(*cmd, *reason);
  cmd->callback([name, reason, &chosen] {
    chosen = [name, reason](session& s) { return test(s, *name, *reason); };
  });
}

/// A command about dead messages, that may change them; `needed`: they must be
/// named.
struct dead_words {
  const char* name;
  const char* help;
  bool changes;
  bool needed;
};

void add_dead(CLI::App& of, action& chosen, const dead_words& what,
              outcome<exit_code> (*run)(session&, const dead_options&)) {
  auto o = std::make_shared<dead_options>();
  auto* cmd = of.add_subcommand(what.name, what.help);
  cmd->add_option("name", o->name, "The subscription")
    ->required()
    ->type_name("NAME");
  cmd
    ->add_option("message", o->ids,
                 "Dead messages, as `subscription dead NAME` lists them; - "
                 "reads them from stdin")
    ->required(what.needed)
    ->type_name("MESSAGE");
  if (what.changes)
    add_reason(*cmd, o->reason);
  cmd->callback([o, run, &chosen] {
    chosen = [o, run](session& s) { return run(s, *o); };
  });
}

} // namespace

void add_subscriptions(CLI::App& app, action& chosen) {
  auto* of = app.add_subcommand("subscription",
                                "Have events brought to a URL, durably");
  of->require_subcommand(1);
  of->footer("Examples:\n"
             "  pawl subscription set faults --url https://ops.example/hook "
             "--type io.serverlessworkflow.workflow.faulted\n"
             "  pawl -n shop subscription set crm --url https://crm.example/in "
             "--secret crm-hook --label team=a\n"
             "  pawl subscription test faults\n"
             "  pawl subscription ls\n"
             "  pawl subscription dead faults\n"
             "  pawl subscription discard faults 01JABC\n"
             "  pawl subscription show faults\n"
             "  pawl subscription rm faults\n"
             "  pawl subscription redeliver faults");
  add_set(*of, chosen);
  add_test_event(*of, chosen);
  add_dead(*of, chosen,
           {"dead", "What could not be delivered, or all of one such message",
            false, false},
           show_dead);
  add_dead(*of, chosen,
           {"redeliver",
            "Try again to deliver what was set aside: all of it, "
            "or these messages",
            true, false},
           redeliver);
  add_dead(*of, chosen,
           {"discard",
            "Forget messages that were set aside; they are never "
            "sent",
            true, true},
           discard);
  add_kept(*of, chosen, words());
}

} // namespace pawl::cli::commands
