#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "workflow/problem.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pawl::actors {

/// What bounds every program, and what all have in common.
struct program_limits {
  bool enabled = true;
  std::string path
    = "/usr/local/bin:/usr/bin:/bin";    ///< Where programs are looked for.
  std::vector<std::string> environment;  ///< NAME=value, for every program.
  std::uint32_t concurrency_max = 16;    ///< Of those that are awaited.
  std::uint32_t detached_max = 4;        ///< Of those that are not.
  std::uint32_t detached_queue_max = 64; ///< And that wait for a slot.
  duration timeout_max{3'600'000};
  duration grace{2'000};                   ///< From SIGTERM to SIGKILL.
  std::uint64_t memory_max = 512ULL << 20; ///< Bytes of one with its children.
  std::uint64_t output_max = 1ULL << 20;   ///< Of stdout, and of stderr.
  std::uint32_t processes_max = 64;        ///< Of one.
  bool network = true;
};

enum class program_kind : std::uint8_t { shell, script, container };

/// One program of a `run` task, ready to be run: nothing is late any more.
struct program_order {
  program_kind what = program_kind::shell;
  std::string language;      ///< Of a script, unless `arguments` has it.
  json::object arguments;    ///< The DSL's members of shell, script, container.
  std::string effect_key;    ///< The program sees it as PAWL_EFFECT_KEY.
  std::uint32_t attempt = 1; ///< PAWL_ATTEMPT.
  /// The instance of a program that nobody awaits; none if somebody does.
  std::optional<instance_key> detached_of = {};
  // For the name of a container that has none.
  std::string workflow_namespace;
  std::string workflow_name;
  std::string task;
};

/// Why there is no exit code.
struct program_failure {
  error_kind kind = error_kind::runtime;
  std::string detail;
  bool stopped = false; ///< It was stopped on request.
};

/// What goes to pawl-runner (docs/format/runner.md), all but its number.
struct runner_order {
  json::object start;
  /// A further order, to be run so much later: it removes the container.
  std::optional<duration> remove_after;
  json::object remove;
};

/// Says how `order` is run. A failure of kind validation means that the task's
/// values cannot be passed to a program.
[[nodiscard]] std::variant<runner_order, program_failure>
to_runner_order(const program_order& order, const program_limits& limits);

} // namespace pawl::actors
