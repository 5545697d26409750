#include "cli/commands/diagram.hpp"

#include "cli/commands/documents.hpp"
#include "cli/problem.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fstream>
#include <iostream>

namespace pawl::cli::commands {
namespace {

struct def_diagram_options {
  std::string which;
  std::string file;
  diagram_options how;
};

outcome<exit_code> write_out(session& s, const std::string& text,
                             const std::string& file) {
  if (file.empty() || file == "-") {
    s.out << text << std::flush;
    return exit_code::ok;
  }
  std::ofstream to{file, std::ios::binary | std::ios::trunc};
  to << text << std::flush;
  if (!to)
    return failure{exit_code::error,
                   fmt::format("cannot write to {}", printable(file))};
  return exit_code::ok;
}

void add_how(std::string& target, const diagram_options& o) {
  target += target.find('?') == target.npos ? "?" : "&";
  target += "format=" + o.form + "&of=" + o.of;
}

outcome<exit_code> draw_file(session& s, const def_diagram_options& o) {
  auto text = read_file(s, o.which);
  if (!text)
    return text.error();
  const auto first = text->find_first_not_of(" \t\r\n");
  const bool is_json = first != text->npos && (*text)[first] == '{';
  request what{.method = "POST", .target = "/v1/definitions/diagram"};
  add_how(what.target, o.how);
  what.headers
    = {{"Content-Type", is_json ? "application/json" : "application/yaml"}};
  what.body = std::move(*text);
  auto answer = s.http.send(std::move(what));
  if (!answer)
    return answer.error();
  if (answer->status != 200)
    return to_failure(*answer, o.which == "-" ? "stdin" : o.which);
  return write_out(s, answer->body, o.file);
}

outcome<exit_code> draw_definition(session& s, const def_diagram_options& o) {
  if (names_file(o.which))
    return draw_file(s, o);
  auto named = parse_reference(o.which);
  if (!named)
    return named.error();
  if (named->version.empty()) {
    auto newest = call(s, {.target = definition_target(*named)});
    if (!newest)
      return newest.error();
    named->version = text_at(*newest, {"version"});
  }
  return draw(s, definition_target(*named) + "/diagram", o.how, o.file);
}

} // namespace

void add_diagram_options(CLI::App& cmd, diagram_options& o) {
  cmd.add_option("--format", o.form, "How it is written (mermaid)")
    ->type_name("mermaid|svg")
    ->check(CLI::IsMember({"mermaid", "svg"}).description(""));
  cmd.add_option("--of", o.of, "What of it: tasks, or business states (tasks)")
    ->type_name("tasks|states")
    ->check(CLI::IsMember({"tasks", "states"}).description(""));
}

outcome<exit_code> draw(session& s, std::string target,
                        const diagram_options& o, const std::string& file,
                        const std::string& id) {
  add_how(target, o);
  auto answer = s.http.send({.target = std::move(target)});
  if (!answer)
    return answer.error();
  if (answer->status != 200)
    return to_failure(*answer, {}, id);
  return write_out(s, answer->body, file);
}

void add_diagram(CLI::App& def, action& chosen) {
  auto o = std::make_shared<def_diagram_options>();
  auto* cmd = def.add_subcommand("diagram", "Draw a definition");
  cmd
    ->add_option("which", o->which,
                 "A document (- for stdin), or which; without a version, the "
                 "highest")
    ->required()
    ->type_name("FILE|NS/NAME[@VER]");
  add_diagram_options(*cmd, o->how);
  cmd->add_option("-o,--output", o->file, "Where to write it (stdout)")
    ->type_name("FILE");
  cmd->footer("Examples:\n"
              "  pawl def diagram story.yaml\n"
              "  pawl def diagram default/story --format svg -o story.svg\n"
              "  pawl def diagram default/story@1.0.0 --of states");
  cmd->callback([o, &chosen] {
    chosen = [o](session& s) { return draw_definition(s, *o); };
  });
}

} // namespace pawl::cli::commands
