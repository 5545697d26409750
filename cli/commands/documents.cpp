#include "cli/commands/documents.hpp"

#include "cli/problem.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <iostream>

namespace pawl::cli::commands {

outcome<reference> parse_reference(const std::string& text) {
  auto slash = text.find('/');
  auto at = text.find_first_of("@/", slash == text.npos ? 0 : slash + 1);
  reference out;
  if (slash != text.npos) {
    out.ns = text.substr(0, slash);
    out.name = text.substr(slash + 1, at - slash - 1);
    if (at != text.npos)
      out.version = text.substr(at + 1);
  }
  if (out.ns.empty() || out.name.empty()
      || (at != text.npos && out.version.empty()))
    return failure{exit_code::usage, fmt::format("'{}' is neither a file nor "
                                                 "NAMESPACE/NAME[@VERSION]",
                                                 printable(text))};
  return out;
}

std::string definition_target(const reference& which) {
  auto target
    = "/v1/definitions/" + url_encode(which.ns) + "/" + url_encode(which.name);
  if (!which.version.empty())
    target += "/" + url_encode(which.version);
  return target;
}

bool names_file(const std::string& text) {
  if (text == "-" || text.starts_with("./") || text.starts_with('/'))
    return true;
  for (const auto* ending : {".yaml", ".yml", ".json"})
    if (text.ends_with(ending))
      return true;
  std::error_code ignored;
  return std::filesystem::is_regular_file(text, ignored);
}

outcome<sent_document> send_document(session& s, const std::string& path,
                                     bool dry_run, const std::string& reason) {
  auto text = read_file(s, path);
  if (!text)
    return text.error();
  auto first = text->find_first_not_of(" \t\r\n");
  bool is_json = first != text->npos && (*text)[first] == '{';
  request what{.method = "POST", .target = "/v1/definitions"};
  if (dry_run)
    add_query(what.target, "dryRun", "true");
  add_query(what.target, "reason", reason);
  what.headers
    = {{"Content-Type", is_json ? "application/json" : "application/yaml"}};
  what.body = std::move(*text);
  auto file = path == "-" ? "stdin" : path;
  auto answer = s.http.send(std::move(what));
  if (!answer)
    return answer.error();
  auto body = body_of(*answer, file);
  if (!body)
    return body.error();
  const auto* warnings = find_at(*body, {"warnings"});
  if (warnings != nullptr && warnings->is_array())
    for (const auto& warning : warnings->get_array())
      s.err << to_line(warning, file, "warning") << '\n';
  return sent_document{answer->status, std::move(*body)};
}

outcome<json::object> labels_of(const std::vector<std::string>& pairs) {
  json::object labels;
  for (const auto& pair : pairs) {
    auto equals = pair.find('=');
    if (equals == pair.npos || equals == 0)
      return failure{exit_code::usage,
                     fmt::format("--label {}: expected KEY=VALUE", pair)};
    labels[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return labels;
}

} // namespace pawl::cli::commands
