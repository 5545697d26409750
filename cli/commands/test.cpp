#include "cli/commands/commands.hpp"
#include "cli/expressions.hpp"
#include "cli/path_view.hpp"
#include "trial/verdict.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

namespace pawl::cli::commands {
namespace {

struct test_options {
  std::vector<std::string> files;
  std::string filter;
  std::string junit;
  bool quiet = false;
};

/// A path as the file `beside` writes it.
std::string resolved(const std::string& path, const std::string& beside) {
  const std::filesystem::path written{path};
  if (written.is_absolute() || beside == "-")
    return path;
  return (std::filesystem::path{beside}.parent_path() / written).string();
}

outcome<definition_ptr> definition_of(session& s, const trial::suite& head,
                                      const std::string& file) {
  resource_map resources;
  for (const auto& [uri, path] : head.resources) {
    auto text = read_file(s, resolved(path, file));
    if (!text)
      return text.error();
    resources[uri] = std::move(*text);
  }
  const auto path = resolved(head.workflow, file);
  auto text = read_file(s, path);
  if (!text)
    return text.error();
  auto made = trial::load_definition(*text, resources);
  if (!made)
    return failure{exit_code::usage, faults_text(made.error(), path)};
  return std::move(*made);
}

outcome<trial::suite_result> run_file(session& s, const std::string& file,
                                      const test_options& o,
                                      const trial::helper& help) {
  auto text = read_file(s, file);
  if (!text)
    return text.error();
  const auto shown = file == "-" ? "stdin" : file;
  const auto head = trial::read_suite_head(*text);
  if (!head)
    return failure{exit_code::usage, faults_text(head.error(), shown)};
  const auto of = definition_of(s, *head, file);
  if (!of)
    return of.error();
  const auto suite = trial::read_suite(*text, **of);
  if (!suite)
    return failure{exit_code::usage, faults_text(suite.error(), shown)};
  trial::suite_result out{.file = shown, .verdicts = {}};
  for (const auto& one : suite->tests)
    if (one.name.find(o.filter) != std::string::npos)
      out.verdicts.push_back(trial::run_test(one, *of, help));
  return out;
}

std::string indented(const std::string& text, const std::string& by) {
  std::istringstream lines{text};
  std::string out;
  for (std::string line; std::getline(lines, line);)
    out += by + line + '\n';
  return out;
}

std::string plain(std::string text) {
  std::ranges::replace_if(
    text, [](unsigned char c) { return c < 0x20 && c != '\n'; }, '?');
  return text;
}

void show_failure(session& s, const trial::verdict& what, bool with_path) {
  if (!what.trouble.empty())
    s.out << indented(plain(what.trouble), "     ");
  for (const auto& one : what.differences)
    s.out << fmt::format("     {}: expected {}, got {}\n", printable(one.path),
                         printable(one.expected), printable(one.got));
  if (with_path)
    s.out << indented(lay_out(path_table(what.came)), "     | ");
}

void show(session& s, const trial::suite_result& all, const test_options& o) {
  const painter paint{s.colour_out};
  for (const auto& one : all.verdicts) {
    const auto name = printable(one.name);
    if (one.passed && !o.quiet)
      s.out << paint.green("ok  ")
            << fmt::format(" {} ({} tasks, {})\n", name,
                           trial::ran(one.came).size(),
                           span_text(one.came.span));
    if (one.passed)
      continue;
    s.out << paint.red("FAIL")
          << fmt::format(" {} ({})\n", name, printable(all.file));
    show_failure(s, one, !o.quiet);
  }
  s.out << std::flush;
}

json::object as_json(const std::vector<trial::suite_result>& all) {
  json::array items;
  std::int64_t passed = 0;
  for (const auto& suite : all)
    for (const auto& one : suite.verdicts) {
      auto item = trial::to_json(one);
      item["file"] = suite.file;
      passed += one.passed ? 1 : 0;
      items.emplace_back(std::move(item));
    }
  const auto count = static_cast<std::int64_t>(items.size());
  return {{"items", std::move(items)},
          {"passed", passed},
          {"failed", count - passed}};
}

outcome<void> write_junit(const std::string& file,
                          const std::vector<trial::suite_result>& all) {
  std::ofstream to{file, std::ios::binary | std::ios::trunc};
  to << trial::to_junit(all) << std::flush;
  if (!to)
    return failure{exit_code::error,
                   fmt::format("cannot write to {}", printable(file))};
  return {};
}

outcome<exit_code> run_tests(session& s, const test_options& o) {
  const auto help = local_expressions();
  std::vector<trial::suite_result> all;
  auto code = exit_code::ok;
  for (const auto& file : o.files) {
    auto came = run_file(s, file, o, help);
    if (!came) { // The others get their turn.
      s.err << came.error().text << '\n';
      code = exit_code::usage;
      continue;
    }
    if (s.output == format::table)
      show(s, *came, o);
    all.push_back(std::move(*came));
  }
  const auto report = as_json(all);
  std::vector<std::string> names;
  for (const auto& item : report.at("items").as_array())
    names.push_back(text_at(item, {"name"}));
  if (s.output != format::table)
    print(s, report, {}, names);
  if (!o.junit.empty())
    if (auto written = write_junit(o.junit, all); !written)
      return written.error();
  if (code != exit_code::ok)
    return code;
  if (names.empty())
    return failure{exit_code::usage,
                   fmt::format("no test has '{}' in its name", o.filter)};
  const auto failed = report.at("failed").as_int64();
  if (!o.quiet || failed > 0)
    s.err << fmt::format("{} passed, {} failed\n",
                         report.at("passed").as_int64(), failed);
  return failed > 0 ? exit_code::error : exit_code::ok;
}

} // namespace

void add_test(CLI::App& app, action& chosen) {
  auto o = std::make_shared<test_options>();
  auto* cmd = app.add_subcommand(
    "test", "Try a definition with mocks and a fake clock, without a daemon");
  cmd->add_option("file", o->files, "Test files, YAML or JSON; - for stdin")
    ->required()
    ->type_name("FILE...");
  cmd
    ->add_option("--filter", o->filter,
                 "Only tests that have this text in their name")
    ->type_name("NAME");
  cmd
    ->add_option("--junit", o->junit,
                 "Write the results there as JUnit's XML, too")
    ->type_name("FILE");
  cmd->add_flag("-q,--quiet", o->quiet,
                "Only what failed, without the path that was taken");
  cmd->footer("Examples:\n"
              "  pawl test story-review.test.yaml\n"
              "  pawl test *.test.yaml --junit results.xml -q\n"
              "0 all passed, 1 some failed, 2 a file is not a test file.");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return run_tests(s, *o); }; });
}

} // namespace pawl::cli::commands
