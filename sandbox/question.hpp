#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <string>
#include <utility>
#include <vector>

namespace pawl::sandbox {

/// One evaluation of an expression outside the native part, for a helper. The
/// values are JSON text.
struct question {
  std::string program; ///< jq, without `${ }`, checked by compile().
  std::vector<std::pair<std::string, std::string>> variables; ///< Name, JSON.
  std::string data = "null";
  timestamp now; ///< What `now` answers.
};

/// The text that a helper is sent (docs/format/sandbox.md).
[[nodiscard]] std::string encode(const question& what);

/// All results in order, of what a helper has answered. Fails with
/// errc::invalid_input: jq's message of a run-time error; errc::too_large: what
/// it gives is no JSON, for it nests too deeply.
[[nodiscard]] result<std::vector<json::value>>
decode(const std::string& answer);

} // namespace pawl::sandbox
