#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <termios.h>
#include <unistd.h>

namespace pawl::cli::commands {
namespace {

std::string secret_target(const std::string& name) {
  return "/v1/secrets/" + url_encode(name);
}

/// One line from the terminal, which does not show it.
std::string read_hidden(session& s, const std::string& name) {
  s.err << "value of " << printable(name) << " (not shown): " << std::flush;
  termios before{};
  const bool known = tcgetattr(STDIN_FILENO, &before) == 0;
  auto silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (known)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string line;
  std::getline(s.in, line);
  if (known)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  s.err << '\n';
  return line;
}

/// What the text of a file means, as the daemon reads files of secrets: a JSON
/// object if it is one, else text without its last line break.
json::value value_of(std::string text) {
  if (auto parsed = parse_json(text); parsed && parsed->is_object())
    return std::move(*parsed);
  if (text.ends_with('\n'))
    text.pop_back();
  if (text.ends_with('\r'))
    text.pop_back();
  return json::value(text);
}

struct secret_options {
  std::string name;
  std::string file;
  std::string reason;
};

outcome<exit_code> set(session& s, const secret_options& o) {
  const auto& [name, file, reason] = o;
  std::string text;
  if (file.empty() && s.asks) {
    text = read_hidden(s, name);
  } else {
    auto content = read_file(s, file.empty() ? "-" : file);
    if (!content)
      return content.error();
    text = std::move(*content);
  }
  const json::object body{{"value", value_of(std::move(text))}};
  auto target = secret_target(name);
  add_query(target, "reason", reason);
  auto stored = call(s, {.method = "PUT",
                         .target = std::move(target),
                         .headers = {{"Content-Type", "application/json"}},
                         .body = to_text(json::value(body))});
  if (!stored)
    return stored.error();
  s.err << "stored " << printable(name) << '\n';
  if (s.output == format::name)
    print(s, {}, {}, {name});
  return exit_code::ok;
}

outcome<exit_code> list(session& s) {
  auto items = all_items(s, "/v1/secrets?limit=1000");
  if (!items)
    return items.error();
  table rows{{"NAME", "SOURCE", "UPDATED"}, {}};
  std::vector<std::string> names;
  for (const auto& item : *items) {
    names.push_back(text_at(item, {"name"}));
    rows.rows.push_back(
      {names.back(), text_at(item, {"source"}), text_at(item, {"updatedAt"})});
  }
  print(s, as_list(*items), rows, names);
  if (s.output == format::table && rows.rows.empty())
    s.err << "no secrets\n";
  return exit_code::ok;
}

outcome<exit_code> remove(session& s, const removal& what) {
  return delete_each(s, what, "removed",
                     [](const std::string& name) -> outcome<std::string> {
                       return secret_target(name);
                     });
}

} // namespace

void add_secrets(CLI::App& app, action& chosen) {
  auto* secret = app.add_subcommand("secret", "Secrets that workflows use");
  secret->require_subcommand(1);
  secret->footer("A value is never an argument: those are seen by all.\n"
                 "Examples:\n"
                 "  pawl secret set api-key < key.txt\n"
                 "  pawl secret set login --from-file login.json\n"
                 "  pawl secret rm api-key\n"
                 "  pawl secret ls");
  auto o = std::make_shared<secret_options>();
  auto* cmd
    = secret->add_subcommand("set", "Store a secret, or replace it: the text "
                                    "from stdin, or a JSON object");
  cmd->add_option("name", o->name, "Its name")->required()->type_name("NAME");
  cmd->add_option("--from-file", o->file, "The file that holds the value")
    ->type_name("FILE");
  add_reason(*cmd, o->reason);
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return set(s, *o); }; });
  cmd = secret->add_subcommand("ls", "List the names");
  cmd->callback([&chosen] { chosen = [](session& s) { return list(s); }; });
  cmd = secret->add_subcommand("rm", "Remove stored secrets");
  auto gone
    = add_removal(*cmd, "name", "Which; - for those on stdin", "NAME...");
  cmd->callback([gone, &chosen] {
    chosen = [gone](session& s) { return remove(s, *gone); };
  });
}

} // namespace pawl::cli::commands
