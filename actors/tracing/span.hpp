#pragma once

#include "base/json.hpp"
#include "base/time.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pawl::actors {

/// Something that took time: a workflow instance, or one attempt at a task.
struct trace_span {
  std::string trace;  ///< 32 hexadecimal digits.
  std::string id;     ///< 16 hexadecimal digits.
  std::string parent; ///< Likewise; "" for none.
  std::string name;
  bool leaves = false; ///< Something outside was called.
  timestamp begun;
  timestamp ended;
  std::vector<std::pair<std::string, json::value>> attributes;
  std::string fault; ///< What it failed of; "" if it did not.
};

/// The body of an export request: OTLP 1.x over HTTP, in JSON
/// (opentelemetry-proto, collector/trace/v1). Pure.
[[nodiscard]] std::string otlp_of(std::span<const trace_span> spans);

} // namespace pawl::actors
