#include "cli/server.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <utility>

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

outcome<client_config> parse_client_config(std::string_view text,
                                           const std::string& file) {
  client_config out;
  const std::pair<std::string_view, std::optional<std::string>*> known[]
    = {{"url", &out.url},
       {"token_file", &out.token_file},
       {"ca_file", &out.ca_file}};
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
    const auto key = trim(line.substr(0, equals));
    const auto* at
      = std::find_if(std::begin(known), std::end(known),
                     [&](const auto& k) { return k.first == key; });
    if (at == std::end(known))
      return bad_line(file, number,
                      "unknown key; there are url, token_file and ca_file");
    if (*at->second)
      return bad_line(file, number, fmt::format("{} is set twice", key));
    *at->second = quoted(trim(line.substr(equals + 1)));
    if (!*at->second)
      return bad_line(file, number,
                      fmt::format("{} must be a string in quotes", key));
  }
  return out;
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

namespace {

outcome<client_config> configured(const surroundings& world) {
  auto home = world.variable("XDG_CONFIG_HOME");
  if (!home) {
    home = world.variable("HOME");
    if (home)
      *home += "/.config";
  }
  const auto file = home.value_or("/etc") + "/pawl/config.toml";
  if (const auto text = world.read_file(file))
    return parse_client_config(*text, file);
  return client_config{};
}

/// A token goes into a header field, so it must look like one.
outcome<std::string> checked_token(std::string_view text,
                                   const std::string& source) {
  while (!text.empty()
         && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  const bool fits
    = text.starts_with("pawl_") && text.size() < 256
      && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
         });
  if (!fits)
    return failure{exit_code::usage,
                   fmt::format("{} holds no token of Pawl (pawl_...)", source)};
  return std::string{text};
}

outcome<std::string> token_in(const std::string& file,
                              const surroundings& world) {
  const auto text = world.read_file(file);
  if (!text)
    return failure{exit_code::usage, fmt::format("cannot read {}", file)};
  return checked_token(*text, file);
}

/// The token to show; "" for none.
outcome<std::string> find_token(const server_options& options,
                                const client_config& config,
                                const surroundings& world) {
  if (!options.token_file.empty())
    return token_in(options.token_file, world);
  if (const auto text = world.variable("PAWL_TOKEN"))
    return checked_token(*text, "$PAWL_TOKEN");
  if (config.token_file)
    return token_in(*config.token_file, world);
  return std::string{};
}

/// Where a daemon is found that nobody named.
std::vector<server_address> usual_servers(const surroundings& world) {
  std::vector<server_address> servers;
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

} // namespace

outcome<std::vector<server_address>> find_servers(const server_options& options,
                                                  const surroundings& world) {
  auto url = options.url.empty() ? world.variable("PAWL_URL") : options.url;
  auto config = configured(world);
  if (!config && !url)
    return config.error();
  // What the file says is for the server that it names.
  const auto mine = config && !url ? *config : client_config{};
  if (!url)
    url = mine.url;
  auto token = find_token(options, mine, world);
  if (!token)
    return token.error();
  std::vector<server_address> servers;
  if (url) {
    auto parsed = parse_server_url(*url);
    if (!parsed)
      return parsed.error();
    servers.push_back(std::move(*parsed));
  } else {
    servers = usual_servers(world);
  }
  for (auto& each : servers) {
    each.token = *token;
    each.ca_file
      = options.ca_file.empty() ? mine.ca_file.value_or("") : options.ca_file;
  }
  return servers;
}

} // namespace pawl::cli
