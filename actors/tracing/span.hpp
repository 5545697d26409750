#pragma once

#include "base/json.hpp"
#include "base/time.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::actors {

/// SpanKind of opentelemetry-proto, by its numbers.
enum class span_kind : std::uint8_t {
  internal = 1,
  server = 2,   ///< Somebody outside asked for it.
  client = 3,   ///< Somebody else is asked.
  producer = 4, ///< A job is left to somebody else.
};

/// Something that took time: a workflow instance, or one attempt at a task.
struct trace_span {
  std::string trace;  ///< 32 hexadecimal digits.
  std::string id;     ///< 16 hexadecimal digits.
  std::string parent; ///< Likewise; "" for none.
  std::string name;
  span_kind kind = span_kind::internal;
  timestamp begun = {};
  timestamp ended = {};
  std::vector<std::pair<std::string, json::value>> attributes = {};
  bool failed = false;
  std::string fault = {}; ///< If it failed: a few words.
};

/// The body of an export request: OTLP 1.x over HTTP, in JSON
/// (opentelemetry-proto, collector/trace/v1). `host` is this machine. Pure.
[[nodiscard]] std::string otlp_of(std::span<const trace_span> spans,
                                  std::string_view host);

/// What a collector says of spans that it has not kept, though it took the
/// request: how many, and why. `answer` is the body of a good answer. Pure.
struct partial_success {
  std::uint64_t rejected = 0;
  std::string why;
};
[[nodiscard]] partial_success partial_success_of(std::string_view answer);

} // namespace pawl::actors
