#pragma once

#include "actors/steps/http_client.hpp"
#include "workflow/problem.hpp"

#include <filesystem>
#include <variant>

namespace pawl::actors {

/// What bounds the fetching of resources.
struct resource_limits {
  /// Directories below which `file:` may read; none: nowhere.
  std::vector<std::string> file_roots = {};
  std::uint64_t size_max = 8ULL << 20; ///< Bytes of one.
  duration timeout{30'000};            ///< Of one request.
  /// How long an answer is good for without a look at the server; it may ask
  /// for less (Cache-Control).
  duration fresh_for{60'000};
  std::uint64_t cache_bytes_max = 64ULL << 20;
};

struct resource {
  std::string text;
  std::string media_type; ///< "application/json"; "" if nobody says.
};
using resource_ptr = std::shared_ptr<const resource>;

/// Why a resource cannot be had: an error of the DSL.
struct no_resource {
  error_kind kind = error_kind::communication;
  std::uint32_t status = 0; ///< As the server answered; 0 if it did not.
  std::string detail;
};

/// Which resource, and how to get in.
struct resource_call {
  std::string uri; ///< http, https or file; absolute.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<http_digest> digest = {};
};

/// Fetches documents that workflows refer to, by http, https and file.
///
/// What came by http without headers of the caller's is kept and used again
/// while it is fresh; then the server is asked whether it has changed (ETag,
/// Last-Modified). Several who want one resource at a time share one request.
/// A file is read each time, below the allowed directories only, wherever
/// symbolic links lead.
///
/// Thread safety: all functions may be called from any thread. load() reads
/// files on the caller's thread and blocks for nothing else.
class resource_loader {
public:
  using outcome = std::variant<resource_ptr, no_resource>;
  /// Called once, on the caller's thread or the HTTP client's; must not block.
  using done = std::function<void(outcome)>;

  /// `http` must outlive it and its calls.
  resource_loader(http_client& http, resource_limits limits,
                  std::function<timestamp()> now = clock::now);
  ~resource_loader();
  resource_loader(const resource_loader&) = delete;
  resource_loader& operator=(const resource_loader&) = delete;

  /// Fetches. Fails as `configuration` if the URI cannot be fetched by what it
  /// is, or a file is not to be read; else as `communication`.
  void load(resource_call what, done then);

  /// Bytes that are kept.
  [[nodiscard]] std::uint64_t kept() const;

private:
  class state;
  std::shared_ptr<state> state_;
};

/// Reads the file that `uri` names, if it lies below one of `roots` after all
/// symbolic links are followed. A root is an absolute path; one that is not
/// there holds nothing.
[[nodiscard]] resource_loader::outcome
read_file_resource(const std::string& uri,
                   const std::vector<std::string>& roots,
                   std::uint64_t size_max);

} // namespace pawl::actors
