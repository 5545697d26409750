#include "cli/commands/commands.hpp"
#include "cli/diagnosis.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace pawl::cli::commands {
namespace {

using grade = finding::grade;

/// A daemon that is busy or not ready is found to be so, not waited for.
constexpr duration patience{3000};

json::value data_of(const diagnosis& found, const std::string& server) {
  json::array findings;
  bool fine = true;
  for (const auto& one : found.findings) {
    fine = fine && one.level < grade::warning;
    findings.push_back(
      {{"check", one.check},
       {"level", to_text(one.level)},
       {"detail", one.what},
       {"fix", one.fix.empty() ? json::value(nullptr) : json::value(one.fix)}});
  }
  return json::object{
    {"ok", fine}, {"server", server}, {"findings", std::move(findings)}};
}

std::string painted(const painter& with, grade level) {
  const auto text = to_text(level);
  switch (level) {
  case grade::ok:
    return with.green(text);
  case grade::info:
    return with.dim(text);
  case grade::warning:
    return with.yellow(text);
  case grade::error:
    break;
  }
  return with.red(text);
}

void tell(session& s, const diagnosis& found) {
  const painter with{s.colour_out};
  for (const auto& one : found.findings) {
    const auto level = to_text(one.level);
    s.out << painted(with, one.level) << std::string(9 - level.size(), ' ')
          << one.check << ": " << printable(one.what) << '\n';
    if (!one.fix.empty())
      s.out << "         -> " << printable(one.fix) << '\n';
  }
}

outcome<exit_code> examine_all(session& s) {
  const auto quick = s.http.another(patience);
  const auto found = examine(*quick, clock::now());
  const auto data = data_of(found, quick->server_name());
  if (s.output == format::table) {
    tell(s, found);
  } else {
    std::vector<std::string> names;
    for (const auto& one : found.findings)
      if (one.level >= grade::warning)
        names.push_back(one.check);
    print(s, data, {}, names);
  }
  if (!found.reached)
    return exit_code::unreachable;
  return data.at("ok").as_bool() ? exit_code::ok : exit_code::error;
}

} // namespace

void add_doctor(CLI::App& app, action& chosen) {
  auto* cmd = app.add_subcommand(
    "doctor", "Look for what is wrong, and say what to do about it");
  cmd->footer("Exit codes: 0 all is well, 1 something is wrong, 7 there is no "
              "daemon.\nWith -o name the checks that found something.\n"
              "Examples:\n"
              "  pawl doctor\n"
              "  pawl doctor -o json | jq '.findings[] | "
              "select(.level == \"error\")'");
  cmd->callback([&chosen] { chosen = examine_all; });
}

} // namespace pawl::cli::commands
