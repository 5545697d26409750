#pragma once

#include "trial/difference.hpp"
#include "trial/suite.hpp"

#include <string>
#include <vector>

namespace pawl::trial {

/// What came of one test.
struct verdict {
  std::string name;
  bool passed = false;
  /// Why it could not be judged: a task without a mock, an end that never came;
  /// "" if it could be.
  std::string trouble = {};
  std::vector<difference> differences = {};
  ending came = {};
};

/// Runs `what` with the definition `of`.
[[nodiscard]] verdict run_test(const test& what, const definition_ptr& of,
                               const helper& help);

/// The tasks that have run, in order, each time and each attempt anew, but for
/// those that only hold others.
[[nodiscard]] std::vector<const path_step*> ran(const ending& came);

/// The way of an instance as JSON: {at, after, task, name, kind, attempt,
/// outcome, detail, action, ...} for each line.
[[nodiscard]] json::array to_json(const ending& came);

/// A call as JSON: what it does, with `attempt` and `after`.
[[nodiscard]] json::object to_json(const called& what, timestamp start);

/// A verdict as JSON: {name, passed, status, duration, trouble?, differences,
/// path}.
[[nodiscard]] json::object to_json(const verdict& what);

/// The results of one test file.
struct suite_result {
  std::string file;
  std::vector<verdict> verdicts;
};
/// As JUnit's XML, which CI systems read.
[[nodiscard]] std::string to_junit(const std::vector<suite_result>& all);

} // namespace pawl::trial
