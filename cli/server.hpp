#pragma once

#include "cli/failure.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::cli {

/// Where a daemon may listen.
struct server_address {
  std::string base;         ///< "http://127.0.0.1:7295", no slash at the end.
  std::string socket;       ///< Path of a unix socket, "" for TCP.
  std::string token = {};   ///< Shown to it; "" for none.
  std::string ca_file = {}; ///< Trusted in place of the system's; "" for none.
  bool operator==(const server_address&) const = default;
};

/// What finding the server depends on, so that tests can decide it.
struct surroundings {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<std::optional<std::string>(const std::string& path)> read_file;
  std::function<bool(const std::string& path)> is_socket;
};

/// The real environment and file system.
[[nodiscard]] surroundings real_surroundings();

/// What the client's configuration says.
struct client_config {
  std::optional<std::string> url = {};
  std::optional<std::string> token_file = {};
  std::optional<std::string> ca_file = {};
};

/// Reads the client's configuration: blank lines, # comments and
/// `url = "..."` (or '...'), likewise token_file and ca_file. That is all of
/// TOML that it knows; anything else is refused with its line, never ignored.
[[nodiscard]] outcome<client_config>
parse_client_config(std::string_view text, const std::string& file);

/// What the command line says of the server; "" for nothing.
struct server_options {
  std::string url = {};
  std::string token_file = {};
  std::string ca_file = {};
};

/// Parses "http://host:port[/v1]", "https://..." or "unix:/path".
/// Fails with exit_code::usage.
[[nodiscard]] outcome<server_address> parse_server_url(std::string_view url);

/// The addresses to try in turn: what was named by `options`, else $PAWL_URL,
/// else the configuration file; without any, the unix sockets that exist and
/// then the loopback port. The token is that of the option's file, else
/// $PAWL_TOKEN, else that of the configuration, which is shown to no server
/// that is named elsewhere.
[[nodiscard]] outcome<std::vector<server_address>>
find_servers(const server_options& options, const surroundings& world);

} // namespace pawl::cli
