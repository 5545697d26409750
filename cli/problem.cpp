#include "cli/problem.hpp"

#include "cli/output.hpp"

#include <fmt/format.h>

namespace pawl::cli {
namespace {

/// What is behind the last '/' of an action's `href`.
std::string last_of(const json::value& action) {
  const auto href = text_at(action, {"href"});
  return href.substr(href.rfind('/') + 1);
}

/// The command of ours that does what the daemon allows; its name if there is
/// none.
std::string command_for(const json::value& action, const std::string& id) {
  auto name = action.is_string() ? std::string{action.get_string()}
                                 : text_at(action, {"name"});
  for (const auto* vote : {"approve", "reject"})
    if (name == vote && !last_of(action).empty())
      return fmt::format("pawl {} {}", name, last_of(action));
  if (id.empty())
    return name;
  if (name == "event")
    return fmt::format(
      "pawl emit {} --instance {}",
      find_at(action, {"type"}) == nullptr ? "TYPE" : text_at(action, {"type"}),
      id);
  if (name == "rollback")
    return fmt::format("pawl rollback {} --to TASK", id);
  if (name == "redo")
    return fmt::format("pawl redo {} --task TASK", id);
  for (const auto* known :
       {"pause", "resume", "cancel", "retry", "skip", "complete", "fail"})
    if (name == known)
      return fmt::format("pawl {} {}", name, id);
  return name;
}

/// What is allowed now, as commands to try.
std::string hint(const json::value& problem, const std::string& id) {
  const auto* actions = find_at(problem, {"allowedActions"});
  if (actions == nullptr || !actions->is_array())
    return {};
  std::string text;
  for (const auto& action : actions->get_array())
    text += (text.empty() ? "" : ", ") + command_for(action, id);
  return text.empty() ? text : "\ntry: " + printable(text);
}

/// Where a business state may go from here, when it was refused to go
/// elsewhere.
std::string moves(const json::value& problem) {
  const auto* allowed = find_at(problem, {"allowed"});
  if (text_at(problem, {"code"}) != "invalid-transition" || allowed == nullptr
      || !allowed->is_array())
    return {};
  std::string text;
  for (const auto& state : allowed->get_array())
    text += (text.empty() ? "" : ", ")
            + (state.is_string() ? std::string{state.get_string()}
                                 : to_text(state));
  return "\nfrom " + printable(text_at(problem, {"from"}))
         + " it may go to: " + (text.empty() ? "nothing" : printable(text));
}

/// How to get in, for one who was not let in.
std::string way_in(long status) {
  return status == 401 ? "\ntry: --token-file FILE, or PAWL_TOKEN in the "
                         "environment; pawl token create makes one"
                       : "";
}

std::string reason_of(long status) {
  switch (status) {
  case 401:
    return "Not authenticated";
  case 403:
    return "Forbidden";
  case 404:
    return "Not found";
  case 405:
    return "Method not allowed";
  case 429:
  case 503:
    return "The daemon is overloaded or stopping; try again later";
  default:
    return fmt::format("The server answered {}", status);
  }
}

} // namespace

exit_code exit_code_for(long status) {
  switch (status) {
  case 401:
  case 403:
    return exit_code::auth;
  case 404:
  case 410:
    return exit_code::not_found;
  case 409:
  case 412:
    return exit_code::not_allowed;
  case 408:
  case 429:
  case 503:
  case 504:
    return exit_code::timed_out;
  default:
    return exit_code::error;
  }
}

std::string to_line(const json::value& fault, const std::string& file,
                    const std::string& severity) {
  std::string place = file;
  auto line = text_at(fault, {"line"});
  if (!line.empty() && line != "0") {
    place += (place.empty() ? "line " : ":") + line;
    auto column = text_at(fault, {"column"});
    if (!column.empty() && column != "0")
      place += ":" + column;
  }
  std::string text;
  for (const auto& part : {place, severity, text_at(fault, {"pointer"}),
                           text_at(fault, {"detail"})})
    if (!part.empty())
      text += (text.empty() ? "" : ": ") + part;
  return printable(text);
}

failure to_failure(const response& refusal, const std::string& file,
                   const std::string& id) {
  failure out{exit_code_for(refusal.status), {}};
  auto parsed = parse_json(refusal.body);
  if (!parsed || !parsed->is_object()) {
    out.text = reason_of(refusal.status);
    return out;
  }
  auto title = text_at(*parsed, {"title"});
  auto detail = text_at(*parsed, {"detail"});
  out.text = printable(title.empty() ? reason_of(refusal.status) : title);
  if (!detail.empty() && detail != title)
    out.text += ": " + printable(detail);
  // It is told to wait, but waiting makes no token right.
  if (text_at(*parsed, {"code"}) == "too-many-bad-tokens")
    out.code = exit_code::auth;
  if (auto code = text_at(*parsed, {"code"}); !code.empty())
    out.text += fmt::format(" [{}]", printable(code));
  const auto* faults = find_at(*parsed, {"errors"});
  if (faults != nullptr && faults->is_array())
    for (const auto& fault : faults->get_array())
      if (auto line = to_line(fault, file); line != printable(detail))
        out.text += "\n" + line;
  // The DSL's own error, when the input broke the workflow's schema.
  if (auto cause = text_at(*parsed, {"error", "detail"});
      !cause.empty() && cause != detail)
    out.text += "\n" + printable(cause);
  out.text += moves(*parsed) + hint(*parsed, id) + way_in(refusal.status);
  return out;
}

} // namespace pawl::cli
