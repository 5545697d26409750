#include "cli/path_view.hpp"

#include "cli/problem.hpp"

namespace pawl::cli {

namespace {

constexpr std::size_t cell_max = 100; // Columns.

std::string name_cell(const trial::path_step& step) {
  const auto& name = step.name.empty() ? step.task : step.name;
  return std::string(std::size_t{2} * step.depth, ' ')
         + (name.empty() ? "-" : name);
}

std::string what_cell(const trial::path_step& step) {
  if (!step.is_task)
    return step.outcome;
  return step.action.empty() ? step.title
                             : step.title + ": " + trial::line_of(step.action);
}

std::string outcome_cell(const trial::path_step& step) {
  if (!step.is_task)
    return step.detail;
  auto out = step.outcome.empty() ? "unfinished" : step.outcome;
  if (!step.detail.empty())
    out += ": " + step.detail;
  if (step.assumed)
    out += " [output assumed]";
  if (step.uncertain)
    out += " [? depends on what was assumed]";
  return out;
}

} // namespace

table path_table(const trial::ending& came) {
  table out{{"AFTER", "TASK", "TRY", "WHAT", "OUTCOME"}, {}};
  for (const auto& step : came.path)
    out.rows.push_back({span_text(step.at - came.start),
                        printable(name_cell(step)),
                        step.is_task ? std::to_string(step.attempt) : "",
                        printable(what_cell(step), cell_max),
                        printable(outcome_cell(step), cell_max)});
  return out;
}

std::string faults_text(const error& why, const std::string& file) {
  if (why.faults.empty())
    return file + ": " + why.detail;
  std::string out;
  for (const auto& one : why.faults)
    out += (out.empty() ? "" : "\n")
           + to_line(json::object{{"pointer", one.pointer},
                                  {"line", one.line},
                                  {"column", one.column},
                                  {"detail", one.detail}},
                     file);
  return out;
}

std::string span_text(duration span) {
  return to_text(calendar_duration{.months = 0, .rest = span});
}

} // namespace pawl::cli
