#include "cli/commands/dry_run.hpp"

#include "cli/commands/documents.hpp"
#include "cli/expressions.hpp"
#include "cli/path_view.hpp"
#include "trial/rehearsal.hpp"
#include "trial/suite.hpp"
#include "trial/verdict.hpp"

#include <fmt/format.h>
#include <iostream>
#include <map>

namespace pawl::cli::commands {
namespace {

outcome<std::string> text_of_definition(session& s, const std::string& what) {
  if (names_file(what))
    return read_file(s, what);
  auto named = parse_reference(what);
  if (!named)
    return named.error();
  auto body = call(s, {.target = definition_target(*named)});
  if (!body)
    return body.error();
  const auto* document = find_at(*body, {"document"});
  return document == nullptr ? std::string{} : to_text(*document);
}

outcome<definition_ptr> definition_named(session& s, const std::string& what) {
  auto text = text_of_definition(s, what);
  if (!text)
    return text.error();
  auto made = trial::load_definition(*text, {});
  if (!made)
    return failure{exit_code::usage,
                   faults_text(made.error(), what == "-" ? "stdin" : what)};
  return std::move(*made);
}

outcome<std::map<std::string, datum>>
outputs_of(session& s, const std::vector<std::string>& mocks,
           const definition& of) {
  std::map<std::string, datum> given;
  for (const auto& one : mocks) {
    const auto equals = one.find('=');
    if (equals == one.npos || equals == 0)
      return failure{exit_code::usage,
                     fmt::format("--mock {}: expected TASK=JSON", one)};
    auto output = read_json_argument(s, one.substr(equals + 1), "--mock");
    if (!output)
      return output.error();
    const auto taken
      = trial::give(of, one.substr(0, equals), std::move(*output), given);
    if (!taken)
      return failure{exit_code::usage, "--mock: " + taken.error().detail};
  }
  return given;
}

json::array assumed_in(const trial::ending& came) {
  json::array out;
  for (const auto& step : came.path)
    if (step.assumed
        && std::find(out.begin(), out.end(), json::value(step.task))
             == out.end())
      out.emplace_back(step.task);
  return out;
}

json::object as_json(const trial::ending& came) {
  const auto part = [&](const char* name) {
    const auto* found = came.shown.if_contains(name);
    return found == nullptr ? json::value{} : *found;
  };
  json::object out{{"dryRun", true},
                   {"workflow", part("workflow")},
                   {"status", came.status},
                   {"output", part("output")},
                   {"error", came.error},
                   {"duration", span_text(came.span)},
                   {"assumed", assumed_in(came)},
                   {"path", trial::to_json(came)}};
  if (!came.why.empty())
    out["stopped"] = came.why;
  return out;
}

void show(session& s, const trial::ending& came) {
  s.out << lay_out(path_table(came)) << '\n';
  table end{{}, {{"status", came.status}, {"duration", span_text(came.span)}}};
  if (!came.error.is_null())
    end.rows.push_back({"error", printable(trial::line_of_error(came.error))});
  else if (const auto* output = came.shown.if_contains("output"))
    end.rows.push_back({"output", printable(to_text(*output))});
  s.out << lay_out(end) << std::flush;
}

void say_what_it_was(session& s, const trial::ending& came) {
  s.err << "a dry run: nothing was registered, started or called\n";
  const auto count = assumed_in(came).size();
  if (count > 0)
    s.err << fmt::format("the outputs of {} are assumed: give them with "
                         "--mock TASK=JSON\n",
                         count == 1 ? "one task"
                                    : fmt::format("{} tasks", count));
  if (count > 0 && came.status == "faulted")
    s.err << "it faults behind such an output, which may be why\n";
}

} // namespace

outcome<exit_code> dry_run(session& s, const dry_run_options& o) {
  const auto of = definition_named(s, o.what);
  if (!of)
    return of.error();
  trial::terms by{.start = clock::now()};
  if (!o.input.empty()) {
    auto input = read_json_argument(s, o.input, "--input");
    if (!input)
      return input.error();
    by.input = std::move(*input);
  }
  const auto given = outputs_of(s, o.mocks, **of);
  if (!given)
    return given.error();
  const auto came
    = trial::rehearse(*of, std::move(by), *given, local_expressions());
  if (came.status == "refused")
    return failure{exit_code::error, came.why};
  if (s.output == format::table)
    show(s, came);
  else
    print(s, as_json(came), {}, {came.status});
  say_what_it_was(s, came);
  const bool through = came.how == trial::ending::kind::over
                       || came.how == trial::ending::kind::rests;
  if (!through)
    return failure{exit_code::error, came.why};
  return exit_code::ok;
}

} // namespace pawl::cli::commands
