#include "daemon/token.hpp"

#include "access/token.hpp"
#include "daemon/exit_code.hpp"
#include "storage/store.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace pawl::daemon {

namespace {

struct wanted {
  std::string data_dir;
  std::string name;
  std::vector<std::string> roles;
  std::vector<std::string> namespaces;
  std::string expires;
};

int fail(const error& why) {
  std::fprintf(stderr, "pawld: %s\n", why.detail.c_str());
  for (const auto& f : why.faults)
    std::fprintf(stderr, "  %s\n", f.detail.c_str());
  return exit_code_of(why);
}

result<access::token_wish> wish_of(const wanted& from) {
  access::token_wish out{.name = from.name};
  json::array namespaces;
  for (const auto& ns : from.namespaces)
    namespaces.emplace_back(ns);
  json::array roles;
  for (const auto& role : from.roles)
    roles.push_back(json::object{{"role", role},
                                 {"namespaces", from.namespaces.empty()
                                                  ? json::value("*")
                                                  : json::value(namespaces)}});
  auto read = access::read_bindings(roles, "");
  if (!read)
    return read.error();
  out.roles = std::move(*read);
  if (from.expires.empty())
    return out;
  const auto at = parse_timestamp(from.expires);
  if (!at)
    return at.error();
  out.expires = *at;
  return out;
}

int create(const wanted& from) {
  const auto wish = wish_of(from);
  if (!wish)
    return fail(wish.error());
  storage::recovery_report found;
  const auto store = storage::store::open({.directory = from.data_dir}, found);
  if (!store)
    return fail(store.error());
  const auto who = "uid:" + std::to_string(::getuid());
  const auto now = clock::now();
  const auto [made, text] = access::make_token(*wish, who, now);
  const storage::audit_entry note{.at = now,
                                  .who = who,
                                  .from = "offline",
                                  .action = "createToken",
                                  .target = made.id + " (" + made.name + ")",
                                  .status = 201};
  if (const auto done
      = (*store)->put_token({made.id, access::encode_token(made)}, note);
      !done)
    return fail(done.error());
  if (const auto closed = (*store)->close(); !closed)
    return fail(closed.error());
  std::printf("%s\n", text.c_str());
  return 0;
}

} // namespace

int token(const std::vector<std::string>& arguments) {
  wanted asked;
  CLI::App app{"Tokens of a daemon that does not run.", "pawld token"};
  app.require_subcommand(1, 1);
  auto* cmd = app.add_subcommand(
    "create", "Make a token and print it: it is shown only here");
  cmd->add_option("--data-dir", asked.data_dir, "Where the data lives")
    ->required()
    ->type_name("DIR");
  cmd->add_option("--name", asked.name, "What it is for")
    ->required()
    ->type_name("NAME");
  cmd
    ->add_option("--role", asked.roles,
                 "viewer, operator, author, worker:QUEUE, approver:GROUP or "
                 "admin; may be repeated")
    ->required()
    ->type_name("ROLE");
  cmd
    ->add_option("--namespace", asked.namespaces,
                 "Where the roles hold; may be repeated (all)")
    ->type_name("NS");
  cmd->add_option("--expires", asked.expires, "Until when it holds (for ever)")
    ->type_name("TIME");
  try {
    auto words = arguments;
    std::reverse(words.begin(), words.end()); // CLI11 reads backwards.
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    std::fputs(cmd->parsed() ? cmd->help().c_str() : app.help().c_str(),
               stdout);
    return 0;
  } catch (const CLI::ParseError& mistake) {
    std::fprintf(stderr, "pawld: %s\nTry 'pawld token create --help'.\n",
                 mistake.what());
    return exit_usage;
  }
  return create(asked);
}

} // namespace pawl::daemon
