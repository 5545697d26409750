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

struct token_options {
  std::string name;
  std::vector<std::string> roles;
  std::vector<std::string> namespaces;
  std::vector<std::string> definitions;
  std::vector<std::string> events;
  std::string expires;
  std::string reason;
};

std::string token_target(const std::string& id) {
  return "/v1/tokens/" + url_encode(id);
}

json::array list_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts)
    out.emplace_back(text);
  return out;
}

/// "a,b", or what stands there if it is no list.
std::string joined(const json::value& of, const char* name) {
  const auto* list = find_at(of, {name});
  if (list == nullptr || !list->is_array())
    return text_at(of, {name});
  std::string out;
  for (const auto& one : list->get_array())
    out += (out.empty() ? "" : ",")
           + (one.is_string() ? std::string{one.get_string().c_str()}
                              : std::string{});
  return out;
}

/// "operator on a,b; worker:q on *; operator on c for refund".
std::string roles_text(const json::value& token) {
  std::string out;
  const auto* roles = find_at(token, {"roles"});
  if (roles == nullptr || !roles->is_array())
    return out;
  for (const auto& role : roles->get_array()) {
    out += (out.empty() ? "" : "; ") + text_at(role, {"role"}) + " on "
           + joined(role, "namespaces");
    if (auto names = joined(role, "definitions"); !names.empty())
      out += " for " + names;
    if (auto types = joined(role, "eventTypes"); !types.empty())
      out += " sending " + types;
  }
  return out;
}

outcome<exit_code> create(session& s, const token_options& o) {
  auto expires = moment_of(o.expires, "--expires");
  if (!expires)
    return expires.error();
  json::array roles;
  for (const auto& name : o.roles) {
    json::object role{{"role", name}};
    if (o.namespaces.empty())
      role["namespaces"] = "*";
    else
      role["namespaces"] = list_of(o.namespaces);
    if (!o.definitions.empty())
      role["definitions"] = list_of(o.definitions);
    if (!o.events.empty())
      role["eventTypes"] = list_of(o.events);
    roles.push_back(std::move(role));
  }
  json::object body{{"name", o.name}, {"roles", std::move(roles)}};
  if (!expires->empty())
    body["expiresAt"] = *expires;
  std::string target = "/v1/tokens";
  add_query(target, "reason", o.reason);
  auto made = call(s, {.method = "POST",
                       .target = std::move(target),
                       .headers = {{"Content-Type", "application/json"}},
                       .body = to_text(json::value(body))});
  if (!made)
    return made.error();
  const auto text = text_at(*made, {"token"});
  if (s.output == format::table)
    s.out << text << '\n';
  else
    print(s, *made, {}, {text_at(*made, {"id"})});
  s.err << "made token " << printable(text_at(*made, {"id"}))
        << "; its text is shown only here\n";
  return exit_code::ok;
}

outcome<exit_code> list(session& s) {
  auto items = all_items(s, "/v1/tokens?limit=1000");
  if (!items)
    return items.error();
  table rows{{"ID", "NAME", "ROLES", "CREATED", "EXPIRES", "LAST USED"}, {}};
  std::vector<std::string> names;
  for (const auto& item : *items) {
    names.push_back(text_at(item, {"id"}));
    rows.rows.push_back({names.back(), text_at(item, {"name"}),
                         roles_text(item), text_at(item, {"createdAt"}),
                         text_at(item, {"expiresAt"}),
                         text_at(item, {"lastUsedAt"})});
  }
  print(s, as_list(*items), rows, names);
  if (s.output == format::table && rows.rows.empty())
    s.err << "no tokens\n";
  return exit_code::ok;
}

outcome<exit_code> revoke(session& s, const removal& what) {
  auto known = all_items(s, "/v1/tokens?limit=1000");
  if (!known)
    return known.error();
  return delete_each(s, what, "revoked",
                     [&](const std::string& text) -> outcome<std::string> {
                       auto id = choose_among(text, *known, "token");
                       if (!id)
                         return id.error();
                       return token_target(*id);
                     });
}

/// As whom the daemon knows us, and what we may do.
outcome<exit_code> who_am_i(session& s) {
  auto told = call(s, {.target = "/v1/whoami"});
  if (!told)
    return told.error();
  const auto who = text_at(*told, {"who"});
  const bool all = text_at(*told, {"almighty"}) == "true";
  table rows{{},
             {{"who", who.empty() ? "anybody: there is no token yet" : who},
              {"server", s.http.server_name()},
              {"may", all ? "everything" : roles_text(*told)}}};
  if (const auto user = text_at(*told, {"user"}); !user.empty())
    rows.rows.push_back({"votes as", user});
  print(s, *told, rows, {who});
  return exit_code::ok;
}

void add_create(CLI::App& token, action& chosen) {
  auto o = std::make_shared<token_options>();
  auto* cmd = token.add_subcommand(
    "create", "Make a token and print it: it is shown only here");
  cmd->add_option("name", o->name, "What it is for")
    ->required()
    ->type_name("NAME");
  cmd
    ->add_option("--role", o->roles,
                 "viewer, operator, author, worker:QUEUE, approver:GROUP or "
                 "admin; may be repeated")
    ->required()
    ->expected(1)
    ->allow_extra_args(false)
    ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
    ->type_name("ROLE");
  const std::pair<const char*, std::vector<std::string>*> narrower[]
    = {{"--in", &o->namespaces},
       {"--definition", &o->definitions},
       {"--event-type", &o->events}};
  const char* const help[]
    = {"A namespace where the roles hold; may be repeated (all)",
       "Only for this workflow; may be repeated",
       "Operators only: it may send this event and else only read"};
  for (std::size_t i = 0; i < std::size(narrower); ++i)
    cmd->add_option(narrower[i].first, *narrower[i].second, help[i])
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name(i == 0   ? "NS"
                  : i == 1 ? "NAME"
                           : "TYPE");
  cmd->add_option("--expires", o->expires, "Until when it holds (for ever)")
    ->type_name("TIME|90d|12h");
  add_reason(*cmd, o->reason);
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return create(s, *o); }; });
}

} // namespace

void add_tokens(CLI::App& app, action& chosen) {
  auto* token = app.add_subcommand("token", "Tokens that let clients in");
  token->require_subcommand(1);
  token->footer(
    "From the first token on, everybody but root and the daemon's own user on\n"
    "the unix socket must show one.\n"
    "Examples:\n"
    "  pawl token create me --role admin > ~/.config/pawl/token\n"
    "  pawl token create ci --role author --role operator --in shop "
    "--expires 90d\n"
    "  pawl token ls\n"
    "  pawl token show 1f0c6d2b9a3e\n"
    "  pawl token revoke 1f0c6d2b9a3e");
  add_create(*token, chosen);
  token->add_subcommand("ls", "List the tokens, without their texts")
    ->callback([&chosen] { chosen = [](session& s) { return list(s); }; });
  add_show(*token, chosen, "All of one token, without its text", "ID",
           [](session& s, const std::string& text) -> outcome<std::string> {
             auto known = all_items(s, "/v1/tokens?limit=1000");
             if (!known)
               return known.error();
             auto id = choose_among(text, *known, "token");
             if (!id)
               return id.error();
             return token_target(*id);
           });
  auto* cmd = token->add_subcommand("revoke", "End tokens at once");
  auto ids = add_removal(*cmd, "id",
                         "Which, as `token ls` names them, or unique "
                         "beginnings; - for those on stdin",
                         "ID...");
  cmd->callback(
    [ids, &chosen] { chosen = [ids](session& s) { return revoke(s, *ids); }; });
  cmd = app.add_subcommand("whoami", "Who the daemon takes you for, and what "
                                     "you may do");
  cmd->footer("Examples:\n"
              "  pawl whoami\n"
              "  pawl --token-file ci.token whoami -o json");
  cmd->callback([&chosen] { chosen = who_am_i; });
}

} // namespace pawl::cli::commands
