#pragma once

#include "cli/session.hpp"

/// One function a group of subcommands: it adds them to the parser, and the one
/// that the user names puts what it does into `chosen`, which must outlive the
/// parser.
namespace pawl::cli::commands {

void add_run(CLI::App& app, action& chosen);
void add_instances(CLI::App& app, action& chosen); ///< ls, status, ...
void add_explain(CLI::App& app, action& chosen);
void add_history(CLI::App& app, action& chosen);
void add_control(CLI::App& app, action& chosen); ///< pause, resume, ...
void add_emit(CLI::App& app, action& chosen);
void add_events(CLI::App& app, action& chosen);
void add_approvals(CLI::App& app, action& chosen); ///< approvals, approve, ...
void add_definitions(CLI::App& app, action& chosen); ///< def ...
void add_secrets(CLI::App& app, action& chosen);     ///< secret ...
void add_schedules(CLI::App& app, action& chosen);   ///< schedule ...
void add_holds(CLI::App& app, action& chosen);       ///< hold ...
void add_export(CLI::App& app, action& chosen);
void add_keeping(CLI::App& app, action& chosen); ///< retention, backup ...
void add_tokens(CLI::App& app, action& chosen);  ///< token ...
void add_audit(CLI::App& app, action& chosen);   ///< audit ...
void add_queues(CLI::App& app, action& chosen);  ///< queue ls
void add_stats(CLI::App& app, action& chosen);
void add_worker(CLI::App& app, action& chosen); ///< worker run
void add_top(CLI::App& app, action& chosen);
void add_version(CLI::App& app, action& chosen);
void add_completion(CLI::App& app, action& chosen);
void add_man(CLI::App& app, action& chosen);

} // namespace pawl::cli::commands
