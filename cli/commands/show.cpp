#include "cli/commands/show.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {

void add_show(
  CLI::App& group, action& chosen, const char* help, const char* type,
  std::function<outcome<std::string>(session&, const std::string&)> target_of) {
  auto text = std::make_shared<std::string>();
  auto* cmd = group.add_subcommand("show", help);
  cmd->add_option("name", *text, "Which, or a unique beginning")
    ->required()
    ->type_name(type);
  cmd->callback([text, target_of = std::move(target_of), &chosen] {
    chosen = [text, target_of](session& s) -> outcome<exit_code> {
      auto target = target_of(s, *text);
      if (!target)
        return target.error();
      auto whole = call(s, {.target = *target});
      if (!whole)
        return whole.error();
      if (s.output == format::table)
        s.out << to_yaml(*whole) << std::flush;
      else
        print(s, *whole, {}, {text_at(*whole, {"id"})});
      return exit_code::ok;
    };
  });
}

} // namespace pawl::cli::commands
