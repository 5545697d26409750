#include "cli/server.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace pawl::cli {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text) {
  auto first = text.find_first_not_of(blanks);
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The content of the string at the front of `text`, if it is a whole one with
/// nothing but a comment behind it. A basic string with an escape is refused:
/// no URL needs one.
std::optional<std::string> quoted(std::string_view text) {
  if (text.empty() || (text[0] != '"' && text[0] != '\''))
    return std::nullopt;
  auto end = text.find(text[0], 1);
  if (end == text.npos)
    return std::nullopt;
  auto content = text.substr(1, end - 1);
  if (text[0] == '"' && content.find('\\') != content.npos)
    return std::nullopt;
  auto rest = trim(text.substr(end + 1));
  if (!rest.empty() && rest[0] != '#')
    return std::nullopt;
  return std::string{content};
}

failure bad_line(const std::string& file, int line, std::string_view why) {
  return {exit_code::usage, fmt::format("{}:{}: {}", file, line, why)};
}

} // namespace

surroundings real_surroundings() {
  surroundings world;
  world.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0')
      return std::nullopt;
    return value;
  };
  world.read_file = [](const std::string& path) -> std::optional<std::string> {
    std::ifstream in{path, std::ios::binary};
    if (!in)
      return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  };
  world.is_socket = [](const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
  };
  return world;
}

outcome<std::optional<std::string>>
parse_client_config(std::string_view text, const std::string& file) {
  std::optional<std::string> url;
  int number = 0;
  while (!text.empty()) {
    ++number;
    auto end = text.find('\n');
    auto line = trim(text.substr(0, end));
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line[0] == '#')
      continue;
    auto equals = line.find('=');
    if (line[0] == '[' || equals == line.npos)
      return bad_line(file, number, "expected: url = \"...\"");
    if (trim(line.substr(0, equals)) != "url")
      return bad_line(file, number, "unknown key; the only one is url");
    if (url)
      return bad_line(file, number, "url is set twice");
    url = quoted(trim(line.substr(equals + 1)));
    if (!url)
      return bad_line(file, number, "url must be a string in quotes");
  }
  return url;
}

outcome<server_address> parse_server_url(std::string_view url) {
  if (url.starts_with("unix:")) {
    auto path = url.substr(5);
    if (path.starts_with("//"))
      path.remove_prefix(2);
    if (!path.starts_with('/'))
      return failure{exit_code::usage,
                     fmt::format("{}: expected unix:/path", url)};
    return server_address{"http://localhost", std::string{path}};
  }
  auto host = url;
  if (host.starts_with("http://"))
    host.remove_prefix(7);
  else if (host.starts_with("https://"))
    host.remove_prefix(8);
  else
    host = {};
  if (host.empty() || host[0] == '/')
    return failure{exit_code::usage,
                   fmt::format("'{}' is no server URL; expected "
                               "http://HOST:PORT or unix:/PATH",
                               url)};
  while (url.ends_with('/'))
    url.remove_suffix(1);
  if (url.ends_with("/v1"))
    url.remove_suffix(3);
  return server_address{std::string{url}, {}};
}

outcome<std::vector<server_address>> find_servers(const std::string& option,
                                                  const surroundings& world) {
  auto url = option.empty() ? world.variable("PAWL_URL") : option;
  if (!url) {
    auto home = world.variable("XDG_CONFIG_HOME");
    if (!home) {
      home = world.variable("HOME");
      if (home)
        *home += "/.config";
    }
    auto file = home.value_or("/etc") + "/pawl/config.toml";
    if (auto text = world.read_file(file)) {
      auto found = parse_client_config(*text, file);
      if (!found)
        return found.error();
      url = *found;
    }
  }
  std::vector<server_address> servers;
  if (url) {
    auto parsed = parse_server_url(*url);
    if (!parsed)
      return parsed.error();
    servers.push_back(std::move(*parsed));
    return servers;
  }
  std::vector<std::string> sockets;
  if (auto runtime = world.variable("XDG_RUNTIME_DIR"))
    sockets.push_back(*runtime + "/pawl/pawl.sock");
  sockets.emplace_back("/run/pawl/pawl.sock");
  for (auto& path : sockets)
    if (world.is_socket(path))
      servers.push_back({"http://localhost", path});
  servers.push_back({"http://127.0.0.1:7295", {}});
  return servers;
}

} // namespace pawl::cli
