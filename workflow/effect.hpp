#pragma once

#include "base/json.hpp"
#include "workflow/definition.hpp"
#include "workflow/problem.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// The effects of tasks: what a machine orders (commands::perform), and how
/// they went. What is journaled as a task's arguments is an object of these
/// members:
///
/// * call http: `method`, `uri`, `headers`, `query`, `body`, `authentication`
/// * call openapi: `document` (`uri`, `authentication`), `operationId`,
///   `parameters`, `authentication`
/// * run shell, script, container: the DSL's own members; a script's text as
///   `code`, or as `source` (`uri`, `authentication`)
/// * call worker: `queue`, `input`, `lease` (milliseconds), `labels`,
///   `priority`, `key`
/// * run workflow: `namespace`, `name`, `version`, `input`, `depth`
///
/// * call notify: `channel`, `with`
///
/// Any of them may have `limit` (`name`, `key`, `faults`) and `cache` (`key`,
/// `ttl` in milliseconds).
///
/// `authentication` is {"scheme": "bearer", "with": {...}} or {"scheme":
/// "bearer", "use": "a secret's name"}. Values that depend on secrets stand in
/// it unevaluated (workflow/late.hpp).
namespace pawl {

/// One HTTP request as it goes out.
struct http_request {
  std::string method;
  std::string uri; ///< With its query.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool redirect = false; ///< Follow redirects.
};

/// The request that the arguments of `call http` mean, of which nothing is late
/// any more. Its `redirect` is left to the caller.
[[nodiscard]] http_request http_request_of(const json::object& arguments);

/// How an HTTP call went.
struct http_outcome {
  std::string failure; ///< Why there is no answer; "" if there is one.
  std::uint32_t status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// What was sent, for `output: response`, secrets left out: {method, uri,
  /// headers}.
  json::object request = {};
};

/// How a program went.
struct program_outcome {
  std::int32_t code = 0; ///< 128 + n if signal n ended it.
  std::string out;       ///< What it wrote, as UTF-8.
  std::string err;
};

/// How a child workflow ended, or that it was begun.
struct child_outcome {
  std::string id;
  datum output = {}; ///< Null pointer: it has not ended well.
  datum error = {};  ///< Null pointer: it has no error, so it was cancelled.
  bool begun_only = false; ///< `await: false`.
};

/// What a worker has told.
struct worker_outcome {
  json::value output;
  /// How it failed: members of the problem; `retryable: false` if another
  /// attempt is of no use. Empty if it did not.
  json::object error = {};
  json::object usage = {}; ///< What it has used: numbers.
};

using effect_outcome
  = std::variant<http_outcome, program_outcome, child_outcome, worker_outcome>;

} // namespace pawl
