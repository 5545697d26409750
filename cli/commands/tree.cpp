#include "cli/commands/tree.hpp"

#include "base/similar.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <sstream>

namespace pawl::cli {
namespace {

/// The words of "table|json|name"; none if it says more than words: FILE|-.
std::vector<std::string> words_of(const std::string& type) {
  if (type == "STATUS")
    return {"pending",    "running",   "waiting", "suspending", "suspended",
            "cancelling", "completed", "faulted", "cancelled"};
  std::vector<std::string> words;
  if (type.find('|') == type.npos
      || type.find_first_not_of("abcdefghijklmnopqrstuvwxyz|") != type.npos)
    return words;
  for (std::size_t at = 0; at <= type.size();) {
    const auto end = std::min(type.find('|', at), type.size());
    words.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

option_entry describe(const CLI::Option& option) {
  option_entry out;
  for (const auto& name : option.get_snames())
    out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames())
    out.names.push_back("--" + name);
  if (option.get_items_expected_max() != 0)
    out.type = option.get_type_name();
  out.help = option.get_description();
  out.words = words_of(out.type);
  return out;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

void collect(const CLI::App& app, const std::string& path,
             std::vector<command_entry>& out) {
  command_entry one{.path = path,
                    .help = app.get_description(),
                    .footer = app.get_footer(),
                    .options = {},
                    .arguments = {},
                    .subcommands = {}};
  for (const auto* option : app.get_options()) {
    if (option == app.get_help_ptr())
      continue;
    (option->nonpositional() ? one.options : one.arguments)
      .push_back(describe(*option));
  }
  for (const auto* sub : commands_of(app))
    one.subcommands.emplace_back(sub->get_name(), sub->get_description());
  out.push_back(std::move(one));
  for (const auto* sub : commands_of(app))
    collect(*sub, path + (path.empty() ? "" : " ") + sub->get_name(), out);
}

/// Whether the next word belongs to this one: "-o", of "-o json".
bool takes_next(const CLI::App& app, const std::string& word) {
  const auto* option = app.get_option_no_throw(word);
  return word.starts_with('-') && option != nullptr
         && option->get_items_expected_max() != 0;
}

/// The command that the words name, and the first that is none of its own.
std::pair<const CLI::App*, std::string>
reached(const CLI::App& app, const std::vector<std::string>& given) {
  const auto* at = &app;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto below = commands_of(*at);
    if (below.empty())
      break;
    if (takes_next(app, given[i])) {
      ++i;
      continue;
    }
    const auto found
      = std::find_if(below.begin(), below.end(), [&](const auto* one) {
          return one->get_name() == given[i];
        });
    if (found != below.end())
      at = *found;
    else if (!given[i].starts_with('-'))
      return {at, given[i]};
  }
  return {at, {}};
}

/// The part of a group's notes that is about the command `path`: what stands
/// before the examples, and those examples that have it.
std::string notes_for(const std::string& path, const std::string& notes) {
  std::istringstream in{notes};
  std::string prose;
  std::string examples;
  bool taken = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "Examples:" || line == "Example:")
      continue;
    if (line.starts_with("  pawl "))
      taken = (line + ' ').find(' ' + path + ' ') != line.npos;
    else if (!line.starts_with("  "))
      taken = false;
    if (taken)
      examples += line + '\n';
    else if (!line.starts_with("  "))
      prose += line + '\n';
  }
  if (!examples.empty())
    examples.insert(0, "Examples:\n");
  auto out = prose + examples;
  if (out.ends_with('\n'))
    out.pop_back();
  return out;
}

void give_examples(CLI::App& group, const std::string& path) {
  for (auto* sub : group.get_subcommands([](CLI::App*) { return true; })) {
    const auto name = path + (path.empty() ? "" : " ") + sub->get_name();
    give_examples(*sub, name);
    if (!path.empty() && sub->get_footer() == group.get_footer())
      sub->footer(notes_for(name, group.get_footer()));
  }
}

std::string asked(const std::string& meant) {
  return meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant);
}

} // namespace

std::vector<command_entry> describe(const CLI::App& app) {
  std::vector<command_entry> out;
  collect(app, "", out);
  return out;
}

void give_examples(CLI::App& app) {
  give_examples(app, "");
}

std::string guess_meant(const CLI::App& app,
                        const std::vector<std::string>& given) {
  const auto [at, stray] = reached(app, given);
  std::vector<std::string> names{"--help"};
  for (const auto* where : {&app, at})
    for (const auto* option : where->get_options())
      for (const auto& name : option->get_lnames())
        names.push_back("--" + name);
  for (const auto& word : given) {
    if (word == "--")
      break;
    const auto name = word.substr(0, word.find('='));
    if (name.starts_with("--")
        && std::find(names.begin(), names.end(), name) == names.end())
      return fmt::format("there is no option {}", name)
             + asked(most_similar(name, names));
  }
  if (stray.empty())
    return {};
  std::vector<std::string> below;
  for (const auto* one : commands_of(*at))
    below.push_back(one->get_name());
  const auto parent = at == &app ? std::string{} : at->get_name() + " ";
  return fmt::format("there is no command '{}{}'", parent, stray)
         + asked(most_similar(stray, below));
}

} // namespace pawl::cli
