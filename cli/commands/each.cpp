#include "cli/commands/each.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

namespace pawl::cli::commands {

void add_reason(CLI::App& cmd, std::string& into) {
  cmd.add_option("--reason", into, "Why, for the audit log")->type_name("TEXT");
}

std::shared_ptr<removal> add_removal(CLI::App& cmd, const char* option,
                                     const char* help, const char* type) {
  auto out = std::make_shared<removal>();
  cmd.add_option(option, out->names, help)->required()->type_name(type);
  add_reason(cmd, out->reason);
  return out;
}

outcome<std::vector<std::string>>
names_of(session& s, const std::vector<std::string>& given) {
  std::vector<std::string> names;
  for (const auto& one : given) {
    if (one != "-") {
      names.push_back(one);
      continue;
    }
    auto text = read_file(s, one);
    if (!text)
      return text.error();
    std::istringstream words{*text};
    for (std::string word; words >> word;)
      names.push_back(word);
  }
  if (names.empty())
    s.err << "nothing was named on stdin\n";
  return names;
}

outcome<each_outcome>
for_each(session& s, const std::vector<std::string>& given,
         const std::function<outcome<json::value>(const std::string&)>& act) {
  auto names = names_of(s, given);
  if (!names)
    return names.error();
  each_outcome out;
  out.alone = given.size() == 1 && given[0] != "-";
  for (const auto& name : *names) {
    auto answer = act(name);
    if (answer) {
      out.done.push_back(name);
      out.answers.push_back(std::move(*answer));
      continue;
    }
    if (out.code == exit_code::ok)
      out.code = answer.error().code;
    s.err << "pawl: " << printable(name) << ": " << answer.error().text
          << std::endl;
    if (answer.error().code == exit_code::unreachable)
      break;
  }
  return out;
}

json::value data_of(const each_outcome& of) {
  if (of.alone && of.answers.size() == 1)
    return of.answers[0];
  return json::object{
    {"items", json::array(of.answers.begin(), of.answers.end())}};
}

outcome<exit_code> delete_each(
  session& s, const removal& what, const char* did,
  const std::function<outcome<std::string>(const std::string&)>& target_of) {
  auto gone = for_each(
    s, what.names, [&](const std::string& name) -> outcome<json::value> {
      auto target = target_of(name);
      if (!target)
        return target.error();
      add_query(*target, "reason", what.reason);
      auto answer = call(s, {.method = "DELETE", .target = *target}, {}, name);
      if (answer)
        s.err << did << ' ' << printable(name) << std::endl;
      return answer;
    });
  if (!gone)
    return gone.error();
  if (s.output == format::name)
    print(s, {}, {}, gone->done);
  return gone->code;
}

} // namespace pawl::cli::commands
