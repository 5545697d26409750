#include "cli/commands/commands.hpp"
#include "cli/commands/diagram.hpp"
#include "cli/commands/documents.hpp"
#include "cli/commands/each.hpp"
#include "cli/problem.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

/// Registers or checks every file; a bad one does not keep the next from its
/// turn.
struct send_options {
  std::vector<std::string> files;
  std::string reason;
  bool dry_run = false;
};

outcome<exit_code> send_all(session& s, const send_options& o) {
  auto code = exit_code::ok;
  table rows{{"DEFINITION", "RESULT", "FILE"}, {}};
  json::array bodies;
  std::vector<std::string> names;
  for (const auto& file : o.files) {
    auto sent = send_document(s, file, o.dry_run, o.reason);
    if (!sent) {
      if (code == exit_code::ok)
        code = sent.error().code;
      s.err << "pawl: " << printable(file) << ": " << sent.error().text << '\n';
      if (sent.error().code == exit_code::unreachable)
        break;
      continue;
    }
    auto name = workflow_name(sent->body);
    names.push_back(name);
    rows.rows.push_back({name,
                         o.dry_run             ? "valid"
                         : sent->status == 201 ? "created"
                                               : "unchanged",
                         file});
    bodies.push_back(std::move(sent->body));
  }
  if (bodies.empty())
    return code;
  json::value data = o.files.size() == 1
                       ? bodies[0]
                       : json::value(json::object{{"items", bodies}});
  print(s, data, rows, names);
  return code;
}

outcome<exit_code> list(session& s, const std::string& which) {
  auto slash = which.find('/');
  auto ns = which.empty() ? s.ns : which.substr(0, slash);
  std::string base = "/v1/definitions?limit=1000";
  add_query(base, "namespace", ns);
  if (slash != which.npos)
    add_query(base, "name", which.substr(slash + 1));
  auto items = all_items(s, base);
  if (!items)
    return items.error();
  table rows{{"DEFINITION", "DIGEST", "CREATED"}, {}};
  std::vector<std::string> names;
  for (const auto& item : *items) {
    names.push_back(workflow_name(item));
    rows.rows.push_back({names.back(), printable(text_at(item, {"digest"}), 20),
                         text_at(item, {"createdAt"})});
  }
  print(s, as_list(*items), rows, names);
  if (s.output == format::table && rows.rows.empty())
    s.err << "no definitions\n";
  return exit_code::ok;
}

struct show_options {
  std::string which;
  bool source = false;
  bool expressions = false;
};

/// A count, or how many there are in a list.
std::string count_at(const json::value& body, const char* kind) {
  const auto* at = find_at(body, {"expressions", kind});
  if (at == nullptr)
    return "0";
  return at->is_array() ? std::to_string(at->get_array().size()) : to_text(*at);
}

/// One row an expression, where the daemon lists them; else the counts.
table expression_table(const json::value& body) {
  table rows{{"ENGINE", "PLACE", "EXPRESSION"}, {}};
  for (const auto* kind : {"native", "sandboxed"}) {
    const auto* at = find_at(body, {"expressions", kind});
    if (at == nullptr || !at->is_array()) {
      rows.rows.push_back({kind, count_at(body, kind), ""});
      continue;
    }
    for (const auto& one : at->get_array())
      rows.rows.push_back({kind,
                           one.is_string() ? std::string{one.get_string()}
                                           : text_at(one, {"pointer"}),
                           text_at(one, {"text"})});
  }
  return rows;
}

outcome<exit_code> show_source(session& s, const std::string& target) {
  request what{.target = target};
  what.headers = {{"Accept", "application/yaml"}};
  auto answer = s.http.send(std::move(what));
  if (!answer)
    return answer.error();
  if (answer->status != 200)
    return to_failure(*answer);
  s.out << answer->body << std::flush;
  return exit_code::ok;
}

outcome<exit_code> show(session& s, const show_options& o) {
  auto named = parse_reference(o.which);
  if (!named)
    return named.error();
  auto target = definition_target(*named);
  if (o.source)
    return show_source(s, target);
  auto body = call(s, {.target = target});
  if (!body)
    return body.error();
  if (o.expressions) {
    const auto* expressions = find_at(*body, {"expressions"});
    print(s, expressions == nullptr ? json::value{} : *expressions,
          expression_table(*body), {workflow_name(*body)});
    return exit_code::ok;
  }
  table rows{
    {},
    {{"definition", workflow_name(*body)},
     {"digest", text_at(*body, {"digest"})},
     {"created", text_at(*body, {"createdAt"})},
     {"expressions", count_at(*body, "native") + " native, "
                       + count_at(*body, "sandboxed") + " sandboxed"}}};
  if (const auto* warnings = find_at(*body, {"warnings"});
      warnings != nullptr && warnings->is_array())
    for (const auto& warning : warnings->get_array())
      rows.rows.push_back({"warning", to_line(warning, {})});
  print(s, *body, rows, {workflow_name(*body)});
  return exit_code::ok;
}

outcome<exit_code> remove(session& s, const removal& which) {
  return delete_each(
    s, which, "removed", [&](const std::string& text) -> outcome<std::string> {
      auto named = parse_reference(text);
      if (!named)
        return named.error();
      if (named->version.empty())
        return failure{
          exit_code::usage,
          fmt::format("say which version: {}@VERSION", printable(text))};
      if (!agreed(s, "remove " + text))
        return failure{exit_code::error, "it was not removed"};
      return definition_target(*named);
    });
}

void add_files(CLI::App& def, action& chosen, const char* name,
               const char* help, bool dry_run) {
  auto o = std::make_shared<send_options>();
  o->dry_run = dry_run;
  auto* cmd = def.add_subcommand(name, help);
  cmd->add_option("file", o->files, "YAML or JSON documents; - for stdin")
    ->required()
    ->type_name("FILE...");
  if (!dry_run) {
    cmd->add_flag("--dry-run", o->dry_run, "Check only, as validate does");
    add_reason(*cmd, o->reason);
  }
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return send_all(s, *o); }; });
}

} // namespace

void add_definitions(CLI::App& app, action& chosen) {
  auto* def = app.add_subcommand("def", "Workflow definitions");
  def->require_subcommand(1);
  def->footer("Examples:\n"
              "  pawl def validate story.yaml\n"
              "  pawl def apply *.yaml\n"
              "  pawl def show default/story --source\n"
              "  pawl def diagram default/story --format svg -o story.svg\n"
              "  pawl def ls -o name\n"
              "  pawl def rm default/story@1.0.0");
  add_files(*def, chosen, "apply", "Register documents", false);
  add_files(*def, chosen, "validate", "Check documents, register nothing",
            true);
  auto which = std::make_shared<std::string>();
  auto* cmd = def->add_subcommand("ls", "List definitions");
  cmd->add_option("which", *which, "Only of a namespace or a name")
    ->type_name("NS[/NAME]");
  cmd->callback([which, &chosen] {
    chosen = [which](session& s) { return list(s, *which); };
  });
  auto o = std::make_shared<show_options>();
  cmd = def->add_subcommand("show", "Show one definition");
  cmd->add_option("which", o->which, "Which; without a version, the highest")
    ->required()
    ->type_name("NS/NAME[@VER]");
  cmd->add_flag("--source", o->source, "The text as it was sent");
  cmd->add_flag("--expressions", o->expressions,
                "How its expressions are evaluated");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return show(s, *o); }; });
  add_diagram(*def, chosen);
  cmd = def->add_subcommand("rm", "Remove versions that nothing runs");
  auto gone = add_removal(*cmd, "which", "Which; - for those on stdin",
                          "NS/NAME@VER...");
  cmd->callback([gone, &chosen] {
    chosen = [gone](session& s) { return remove(s, *gone); };
  });
}

} // namespace pawl::cli::commands
