#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/commands/kept.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace pawl::cli::commands {
namespace {

const kept_words& words() {
  static const kept_words all{
    "/v1/flags",
    "flag",
    "flags",
    {"VALUE", "BY", "DESCRIPTION"},
    [](const json::value& one) -> std::vector<std::string> {
      const auto* value = find_at(one, {"value"});
      return {value == nullptr ? "" : to_text(*value), text_at(one, {"by"}),
              text_at(one, {"description"})};
    }};
  return all;
}

struct flag_options {
  std::string name;
  std::string value;
  std::string description;
  std::string reason;
};

outcome<exit_code> set(session& s, const flag_options& o) {
  // What is no JSON is meant as the text that it is.
  auto text = read_argument(s, o.value);
  if (!text)
    return text.error();
  auto value = parse_json(*text);
  json::object body{{"value", value ? *value : json::value(*text)}};
  if (!o.description.empty())
    body["description"] = o.description;
  return put_kept(s, words(), o.name, body, o.reason);
}

} // namespace

void add_flags(CLI::App& app, action& chosen) {
  auto* flag = app.add_subcommand(
    "flag", "Values that workflows read as $runtime.metadata.flags");
  flag->require_subcommand(1);
  flag->footer("Without -n a flag is for all namespaces, and an admin's.\n"
               "Examples:\n"
               "  pawl -n shop flag set new-prices true\n"
               "  pawl flag set model '\"gpt-small\"' --description 'while "
               "the big one is slow'\n"
               "  pawl flag ls\n"
               "  pawl -n shop flag show new-prices\n"
               "  pawl -n shop flag rm new-prices");
  auto o = std::make_shared<flag_options>();
  auto* cmd = flag->add_subcommand("set", "Set a flag");
  cmd->add_option("name", o->name, "Its name")->required()->type_name("NAME");
  cmd->add_option("value", o->value, "JSON, or a plain text; @FILE, or -")
    ->required()
    ->type_name("VALUE");
  cmd->add_option("--description", o->description, "What it is for")
    ->type_name("TEXT");
  add_reason(*cmd, o->reason);
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return set(s, *o); }; });
  add_kept(*flag, chosen, words());
}

} // namespace pawl::cli::commands
