#include "cli/worker.hpp"

#include "cli/commands/commands.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct given {
  worker_options how;
  std::vector<std::string> labels;
  double lease_s = 30;
};

outcome<exit_code> run(session& s, given& g) {
  for (const auto& one : g.labels) {
    const auto equals = one.find('=');
    if (equals == std::string::npos || equals == 0)
      return failure{exit_code::usage,
                     "--label: '" + one + "' is not KEY=VALUE"};
    g.how.labels[one.substr(0, equals)] = one.substr(equals + 1);
  }
  g.how.lease = duration{static_cast<std::int64_t>(g.lease_s * 1000)};
  return run_worker(s, g.how);
}

} // namespace

void add_worker(CLI::App& app, action& chosen) {
  auto* of = app.add_subcommand("worker", "Carry out jobs of a queue");
  of->require_subcommand(1);
  of->footer("Example:\n"
             "  pawl worker run thumbnails -- ./thumbnail.sh");
  auto g = std::make_shared<given>();
  auto* cmd
    = of->add_subcommand("run", "Run a command for each job of a queue");
  cmd->add_option("queue", g->how.queue, "The queue")
    ->required()
    ->type_name("QUEUE");
  cmd->add_option("command", g->how.command, "What to run, behind --")
    ->required()
    ->type_name("-- COMMAND");
  cmd->add_option("--max", g->how.max, "Jobs at the same time (1)")
    ->type_name("N")
    ->check(CLI::Range(1, 100).description(""));
  cmd->add_option("--label", g->labels, "What this worker can do")
    ->type_name("KEY=VALUE")
    ->expected(1)
    ->take_all();
  cmd->add_option("--id", g->how.id, "Its name (host and process)")
    ->type_name("ID");
  cmd
    ->add_option("--lease", g->lease_s,
                 "Seconds after which a silent worker loses a job (30)")
    ->type_name("SECONDS")
    ->check(CLI::Range(1.0, 86400.0).description(""));
  cmd->footer(
    "The job comes as one line of JSON on stdin: instance, task, attempt,\n"
    "effectKey, fencing, checkpoint, input and more; the first five also as\n"
    "PAWL_INSTANCE, PAWL_TASK, PAWL_ATTEMPT, PAWL_EFFECT_KEY, PAWL_FENCING.\n"
    "What the command writes to stdout is the result: JSON, or nothing for\n"
    "null. Exit codes: 0 done; 65 failed, and no retry will help; any other:\n"
    "failed. SIGTERM and SIGINT end the worker when what runs has ended; the\n"
    "second one stops that and gives the jobs back.\n"
    "\n"
    "Examples:\n"
    "  pawl worker run thumbnails -- ./thumbnail.sh\n"
    "  pawl worker run reviews --max 4 --label gpu=a100 -- python3 review.py");
  cmd->callback(
    [g, &chosen] { chosen = [g](session& s) { return run(s, *g); }; });
}

} // namespace pawl::cli::commands
