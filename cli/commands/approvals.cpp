#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/commands/moment.hpp"
#include "cli/commands/show.hpp"
#include "cli/prefix.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct list_options {
  std::string group;
  std::string user;
  std::string due_before;
};

struct vote_options {
  std::string outcome;
  std::vector<std::string> ids;
  std::string comment;
  std::string data;
  std::string by;
  std::vector<std::string> groups;
};

outcome<std::vector<json::value>> open_approvals(session& s,
                                                 const list_options& o) {
  std::string base = "/v1/approvals?limit=1000";
  add_query(base, "namespace", s.ns);
  add_query(base, "group", o.group);
  add_query(base, "user", o.user);
  add_query(base, "dueBefore", o.due_before);
  return all_items(s, base);
}

/// "peer elder ann": those who may decide.
std::string approvers_of(const json::value& approval) {
  std::string out;
  for (const auto* member : {"groups", "users"})
    if (const auto* names = find_at(approval, {member});
        names != nullptr && names->is_array())
      for (const auto& name : names->get_array())
        if (name.is_string())
          out.append(out.empty() ? "" : " ").append(name.get_string());
  return out.empty() ? "operators" : out;
}

std::string votes_of(const json::value& approval) {
  const auto* votes = find_at(approval, {"votes"});
  return votes != nullptr && votes->is_array()
           ? std::to_string(votes->get_array().size())
           : "0";
}

outcome<exit_code> list(session& s, const list_options& o) {
  auto items = open_approvals(s, o);
  if (!items)
    return items.error();
  table rows{
    {"APPROVAL", "WORKFLOW", "TITLE", "WHO", "MODE", "VOTES", "SINCE", "DUE"},
    {}};
  std::vector<std::string> names;
  for (const auto& one : *items) {
    names.push_back(text_at(one, {"id"}));
    const auto* workflow = find_at(one, {"workflow"});
    const auto due = text_at(one, {"due"});
    rows.rows.push_back(
      {names.back(), workflow == nullptr ? "" : workflow_name(*workflow),
       printable(text_at(one, {"title"}), 40), printable(approvers_of(one), 40),
       text_at(one, {"mode"}), votes_of(one), text_at(one, {"since"}),
       due == "null" ? "" : due});
  }
  print(s, as_list(*items), rows, names);
  if (s.output == format::table && items->empty())
    s.err << "no approvals wait\n";
  return exit_code::ok;
}

std::string approval_target(const session& s, const std::string& id,
                            const char* rest = "") {
  auto target = "/v1/approvals/" + url_encode(id) + rest;
  add_query(target, "namespace", s.ns);
  return target;
}

/// The whole id of an approval, of which `text` may be the beginning.
outcome<std::string> resolve_approval(session& s, const std::string& text) {
  if (text.find('~') != text.npos) {
    auto answer = s.http.send({.target = approval_target(s, text)});
    if (!answer)
      return answer.error();
    if (answer->status == 200)
      return text;
  }
  auto open = open_approvals(s, {});
  if (!open)
    return open.error();
  return choose_among(text, *open, "open approval");
}

outcome<json::value> vote(session& s, const std::string& text,
                          const std::string& body) {
  auto id = resolve_approval(s, text);
  if (!id)
    return id.error();
  request what{.method = "POST", .target = approval_target(s, *id)};
  what.headers = {{"Content-Type", "application/json"}};
  what.body = body;
  return call(s, std::move(what));
}

outcome<exit_code> decide(session& s, const vote_options& o) {
  json::object body{{"outcome", o.outcome}};
  if (!o.comment.empty())
    body["comment"] = o.comment;
  if (!o.by.empty())
    body["by"] = o.by;
  if (!o.groups.empty())
    body["groups"] = json::array(o.groups.begin(), o.groups.end());
  if (!o.data.empty()) {
    auto data = read_json_argument(s, o.data, "--data");
    if (!data)
      return data.error();
    body["data"] = std::move(*data);
  }
  const auto text = to_text(body);
  auto did = for_each(s, o.ids,
                      [&](const std::string& id) { return vote(s, id, text); });
  if (!did)
    return did.error();
  if (did->answers.empty())
    return did->code;
  std::vector<std::string> names;
  for (const auto& told : did->answers)
    names.push_back(text_at(told, {"id"}));
  print(s, data_of(*did), instance_table(did->answers, clock::now()), names);
  return did->code;
}

void add_vote(CLI::App& app, action& chosen, const char* name,
              const char* outcome, const char* help) {
  auto o = std::make_shared<vote_options>();
  o->outcome = outcome;
  auto* cmd = app.add_subcommand(name, help);
  cmd
    ->add_option("id", o->ids,
                 "Approvals, or unique beginnings of their ids; - for those on "
                 "stdin")
    ->required()
    ->type_name("ID...");
  cmd
    ->add_option("-m,--comment,--reason", o->comment, "Why; kept with the vote")
    ->type_name("TEXT");
  cmd->add_option("-d,--data", o->data, "What the workflow gets besides")
    ->type_name("JSON|@FILE|-");
  cmd->add_option("--by", o->by, "Who decides (anonymous)")->type_name("NAME");
  cmd->add_option("--group", o->groups, "A group that he decides for")
    ->type_name("GROUP")
    ->allow_extra_args(false);
  cmd->footer(fmt::format("Examples:\n"
                          "  pawl approvals ls --group peer\n"
                          "  pawl {} 01JABC~3 --by ann --group peer -m 'seen'",
                          name));
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return decide(s, *o); }; });
}

struct link_options {
  std::string id;
  std::string outcome = "approved";
  std::string by;
  std::vector<std::string> groups;
  std::string expires;
  std::string reason;
};

/// A link by which one person decides one way.
outcome<exit_code> link(session& s, const link_options& o) {
  auto expires = moment_of(o.expires, "--expires");
  if (!expires)
    return expires.error();
  auto id = resolve_approval(s, o.id);
  if (!id)
    return id.error();
  json::object body{{"outcome", o.outcome}};
  if (!o.by.empty())
    body["by"] = o.by;
  if (!o.groups.empty())
    body["groups"] = json::array(o.groups.begin(), o.groups.end());
  if (!expires->empty())
    body["expires"] = *expires;
  auto target = approval_target(s, *id, "/links");
  add_query(target, "reason", o.reason);
  auto made = call(s, {.method = "POST",
                       .target = std::move(target),
                       .headers = {{"Content-Type", "application/json"}},
                       .body = to_text(json::value(body))});
  if (!made)
    return made.error();
  const auto url = text_at(*made, {"url"});
  if (s.output == format::table)
    s.out << printable(url) << std::endl;
  else
    print(s, *made, {}, {url});
  return exit_code::ok;
}

void add_link(CLI::App& of, action& chosen) {
  auto o = std::make_shared<link_options>();
  auto* cmd = of.add_subcommand(
    "link", "Make a link that decides with one click, for mail and chat");
  cmd->add_option("id", o->id, "Which, or a unique beginning of its id")
    ->required()
    ->type_name("ID");
  cmd
    ->add_option("--outcome", o->outcome,
                 "What the one who follows it decides (approved)")
    ->type_name("approved|rejected")
    ->check(CLI::IsMember({"approved", "rejected"}).description(""));
  cmd->add_option("--by", o->by, "Whose vote it is (anonymous)")
    ->type_name("NAME");
  cmd->add_option("--group", o->groups, "A group that he decides for")
    ->type_name("GROUP")
    ->allow_extra_args(false);
  cmd
    ->add_option("--expires", o->expires,
                 "Until when it can be used (when the approval is due, or a "
                 "week)")
    ->type_name("TIME|30m|12h|7d");
  add_reason(*cmd, o->reason);
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return link(s, *o); }; });
}

} // namespace

void add_approvals(CLI::App& app, action& chosen) {
  auto* of = app.add_subcommand("approvals", "What waits for people to decide");
  of->require_subcommand(1);
  of->footer("Examples:\n"
             "  pawl approvals ls --group peer\n"
             "  pawl approvals show 01JABC~3\n"
             "  pawl approvals link 01JABC~3 --by ann --group peer");
  auto o = std::make_shared<list_options>();
  auto* ls = of->add_subcommand("ls", "List open approvals");
  ls->add_option("--group", o->group, "Only those that this group may decide")
    ->type_name("GROUP");
  ls->add_option("--user", o->user, "Only those that name this user")
    ->type_name("NAME");
  ls->add_option("--due-before", o->due_before, "Only those due before then")
    ->type_name("TIME");
  ls->callback(
    [o, &chosen] { chosen = [o](session& s) { return list(s, *o); }; });
  add_show(*of, chosen, "All of one approval, with its votes and data", "ID",
           [](session& s, const std::string& text) -> outcome<std::string> {
             auto id = resolve_approval(s, text);
             if (!id)
               return id.error();
             return approval_target(s, *id);
           });
  add_link(*of, chosen);
  add_vote(app, chosen, "approve", "approved", "Approve what waits for it");
  add_vote(app, chosen, "reject", "rejected", "Reject what waits for approval");
}

} // namespace pawl::cli::commands
