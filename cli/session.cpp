#include "cli/session.hpp"

#include "cli/problem.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

namespace pawl::cli {
namespace {

/// Deeper than any document the daemon takes.
constexpr std::size_t response_depth_max = 1024;

} // namespace

outcome<json::value> body_of(const response& answer, const std::string& file,
                             const std::string& id) {
  if (answer.status < 200 || answer.status >= 300)
    return to_failure(answer, file, id);
  if (answer.body.empty())
    return json::value{};
  auto parsed = parse_json(answer.body, response_depth_max);
  if (!parsed)
    return failure{exit_code::error,
                   "the server did not answer with JSON; is it pawld?"};
  return std::move(*parsed);
}

outcome<json::value> call(session& s, request what, const std::string& file,
                          const std::string& id) {
  auto answer = s.http.send(std::move(what));
  if (!answer)
    return answer.error();
  return body_of(*answer, file, id);
}

outcome<std::vector<json::value>> all_items(session& s,
                                            const std::string& target) {
  std::vector<json::value> items;
  std::string cursor;
  do {
    auto page_target = target;
    add_query(page_target, "cursor", cursor);
    auto page = call(s, {.target = page_target});
    if (!page)
      return page.error();
    if (const auto* found = find_at(*page, {"items"});
        found != nullptr && found->is_array())
      items.insert(items.end(), found->get_array().begin(),
                   found->get_array().end());
    cursor = text_at(*page, {"nextCursor"});
  } while (!cursor.empty());
  return items;
}

json::value as_list(const std::vector<json::value>& items) {
  return json::object{{"items", json::array(items.begin(), items.end())},
                      {"nextCursor", nullptr}};
}

void add_query(std::string& target, const std::string& key,
               const std::string& value) {
  if (value.empty())
    return;
  target += target.find('?') == target.npos ? '?' : '&';
  target += url_encode(key) + '=' + url_encode(value);
}

std::string instance_target(const session& s, const std::string& id,
                            const std::string& rest) {
  auto target = "/v1/instances/" + url_encode(id) + rest;
  add_query(target, "namespace", s.ns);
  return target;
}

void print(session& s, const json::value& data, const table& rows,
           const std::vector<std::string>& names) {
  switch (s.output) {
  case format::table:
    s.out << lay_out(rows);
    break;
  case format::json:
    s.out << to_pretty(data);
    break;
  case format::jsonl:
    if (const auto* items = find_at(data, {"items"});
        items != nullptr && items->is_array())
      for (const auto& item : items->get_array())
        s.out << to_text(item) << '\n';
    else
      s.out << to_text(data) << '\n';
    break;
  case format::yaml:
    s.out << to_yaml(data);
    break;
  case format::name:
    for (const auto& name : names)
      s.out << printable(name) << '\n';
    break;
  }
  s.out.flush();
}

outcome<std::string> read_file(session& s, const std::string& path) {
  if (path == "-" && std::exchange(s.in_taken, true))
    return failure{exit_code::usage,
                   "stdin can be read once only, but '-' stands for it twice"};
  if (path == "-")
    return std::string{std::istreambuf_iterator<char>{s.in}, {}};
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) // Reading one throws.
    return failure{exit_code::usage, fmt::format("{}: is a directory", path)};
  std::ifstream in{path, std::ios::binary};
  std::string text;
  if (in)
    text.assign(std::istreambuf_iterator<char>{in}, {});
  if (!in)
    return failure{exit_code::usage,
                   fmt::format("{}: {}", path, std::strerror(errno))};
  return text;
}

outcome<std::string> read_argument(session& s, const std::string& argument) {
  if (argument == "-")
    return read_file(s, argument);
  if (argument.starts_with('@'))
    return read_file(s, argument.substr(1));
  return argument;
}

outcome<json::value> read_json_argument(session& s, const std::string& argument,
                                        const char* what) {
  auto text = read_argument(s, argument);
  if (!text)
    return text.error();
  auto parsed = parse_json(*text);
  if (parsed)
    return std::move(*parsed);
  return failure{exit_code::usage, fmt::format("{} is not JSON: {}", what,
                                               parsed.error().detail)};
}

bool agreed(session& s, const std::string& question) {
  if (s.yes || !s.asks)
    return true;
  s.err << printable(question) << "? [y/N] " << std::flush;
  std::string line;
  std::getline(s.in, line);
  return line == "y" || line == "Y" || line == "yes";
}

} // namespace pawl::cli
