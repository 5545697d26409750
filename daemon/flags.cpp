#include "daemon/flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

namespace pawl::daemon {

namespace {

constexpr int usage_error = 64; // EX_USAGE of sysexits.h.

/// A flag that sets an option.
struct shortcut {
  const char* flag;
  const char* key;
  const char* type;
  const char* help;
};

constexpr std::array<shortcut, 4> shortcuts{{
  {"--data-dir", "data_dir", "DIR", "Where the data lives"},
  {"--listen", "listen", "ADDR:PORT[,unix:PATH]", "Where to serve"},
  {"--log-level", "log_level", "LEVEL", "debug, info, warn or error"},
  {"--memory-max", "memory_max", "SIZE", "Memory, like 512MiB"},
}};

early_exit usage(const std::string& detail) {
  return {usage_error, fmt::format("pawld: {}\nTry 'pawld --help'.\n", detail)};
}

/// Splits the texts of --set at their first '='.
std::optional<early_exit> add_settings(const std::vector<std::string>& texts,
                                       flags& out) {
  for (const auto& text : texts) {
    const auto at = text.find('=');
    if (at == std::string::npos || at == 0)
      return usage(fmt::format("--set takes KEY=VALUE, not '{}'", text));
    out.overrides.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
  return std::nullopt;
}

/// Every complaint about the flags, a line each.
std::string complaints(const flags& in) {
  config::options scratch;
  std::string text;
  for (const auto& each : config::apply_flags(in.overrides, scratch))
    text += (text.empty() ? "" : "\n") + each.detail;
  return text;
}

struct flag_values {
  flags out;
  std::array<std::vector<std::string>, shortcuts.size()> given;
  std::vector<std::string> settings;
};

void declare(CLI::App& app, flag_values& into) {
  app.footer("Every option of the configuration file can be set by --set, by "
             "the environment\n(PAWL_HTTP_BODY_MAX for http.body_max) and in "
             "the file; see --print-config.\n"
             "Without a running daemon: pawld verify, pawld backup, pawld "
             "token, and pawld man,\nwhich prints the manual page.");
  app.set_version_flag("--version", "pawld " PAWL_VERSION);
  app.add_option("--config", into.out.config_file, "A YAML file with options")
    ->envname("PAWL_CONFIG")
    ->type_name("FILE");
  for (std::size_t i = 0; i < shortcuts.size(); ++i)
    app.add_option(shortcuts[i].flag, into.given[i], shortcuts[i].help)
      ->type_name(shortcuts[i].type)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--set", into.settings, "Set any option, like http.threads=2")
    ->type_name("KEY=VALUE")
    ->expected(1)
    ->allow_extra_args(false)
    ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--print-config", into.out.print_config,
               "Print the options in force as a file, and end");
  app.add_flag("--check-config", into.out.check_config,
               "Check the configuration, and end");
}

} // namespace

std::vector<flag_entry> all_flags() {
  CLI::App app;
  flag_values values;
  declare(app, values);
  std::vector<flag_entry> out;
  for (const auto* option : app.get_options())
    if (option != app.get_help_ptr())
      out.push_back({.name = option->get_name(),
                     .type = option->get_items_expected_max() == 0
                               ? std::string{}
                               : option->get_type_name(),
                     .help = option->get_description()});
  return out;
}

std::variant<flags, early_exit>
parse_flags(std::vector<std::string> arguments) {
  CLI::App app{"The Pawl daemon: runs durable workflows.", "pawld"};
  flag_values values;
  declare(app, values);
  try {
    std::reverse(arguments.begin(), arguments.end()); // CLI11 reads backwards.
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return early_exit{0, app.help()};
  } catch (const CLI::CallForVersion& version) {
    return early_exit{0, std::string{version.what()} + "\n"};
  } catch (const CLI::ParseError& mistake) {
    return usage(mistake.what());
  }
  auto& [out, given, settings] = values;
  for (std::size_t i = 0; i < shortcuts.size(); ++i)
    if (!given[i].empty())
      out.overrides.emplace_back(shortcuts[i].key,
                                 fmt::format("{}", fmt::join(given[i], ",")));
  if (const auto mistake = add_settings(settings, out))
    return *mistake;
  if (const auto text = complaints(out); !text.empty())
    return usage(text);
  return std::move(out);
}

} // namespace pawl::daemon
