#include "actors/tracing/span.hpp"

#include "base/version.hpp"

#include <boost/json/array.hpp>

namespace pawl::actors {

namespace {

// 64-bit numbers are texts in the JSON of protocol buffers.
std::string nanoseconds(timestamp t) {
  return std::to_string(unix_ms(t)) + "000000";
}

json::object attribute(std::string_view key, const json::value& value) {
  json::object held;
  if (const auto* n = value.if_int64())
    held["intValue"] = std::to_string(*n);
  else if (const auto* flag = value.if_bool())
    held["boolValue"] = *flag;
  else
    held["stringValue"]
      = value.is_string() ? std::string{value.get_string()} : to_text(value);
  return {{"key", key}, {"value", std::move(held)}};
}

json::object written(const trace_span& one) {
  constexpr int internal = 1;
  constexpr int client = 3;
  constexpr int failed = 2;
  json::array attributes;
  for (const auto& [key, value] : one.attributes)
    attributes.emplace_back(attribute(key, value));
  json::object out{{"traceId", one.trace},
                   {"spanId", one.id},
                   {"name", one.name},
                   {"kind", one.leaves ? client : internal},
                   {"startTimeUnixNano", nanoseconds(one.begun)},
                   {"endTimeUnixNano", nanoseconds(one.ended)},
                   {"attributes", std::move(attributes)}};
  if (!one.parent.empty())
    out["parentSpanId"] = one.parent;
  if (!one.fault.empty())
    out["status"] = {{"code", failed}, {"message", one.fault}};
  return out;
}

} // namespace

std::string otlp_of(std::span<const trace_span> spans) {
  json::array all;
  for (const auto& one : spans)
    all.emplace_back(written(one));
  json::object scope{{"scope", {{"name", "pawl"}, {"version", version}}},
                     {"spans", std::move(all)}};
  json::object resource{
    {"attributes",
     json::array{attribute("service.name", json::value("pawl")),
                 attribute("service.version", json::value(version))}}};
  json::object whole{{"resource", std::move(resource)},
                     {"scopeSpans", json::array{std::move(scope)}}};
  return to_text(json::value(
    json::object{{"resourceSpans", json::array{std::move(whole)}}}));
}

} // namespace pawl::actors
