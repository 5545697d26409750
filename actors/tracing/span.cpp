#include "actors/tracing/span.hpp"

#include "base/version.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>

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
  else if (const auto* m = value.if_uint64())
    held["intValue"] = std::to_string(*m);
  else if (const auto* flag = value.if_bool())
    held["boolValue"] = *flag;
  else
    held["stringValue"]
      = value.is_string() ? std::string{value.get_string()} : to_text(value);
  return {{"key", key}, {"value", std::move(held)}};
}

json::object written(const trace_span& one) {
  constexpr int failed = 2;
  json::array attributes;
  for (const auto& [key, value] : one.attributes)
    attributes.emplace_back(attribute(key, value));
  json::object out{
    {"traceId", one.trace},
    {"spanId", one.id},
    {"name", one.name},
    {"kind", static_cast<int>(one.kind)},
    {"startTimeUnixNano", nanoseconds(one.begun)},
    // The clock may have been set back.
    {"endTimeUnixNano", nanoseconds(std::max(one.begun, one.ended))},
    {"attributes", std::move(attributes)}};
  if (!one.parent.empty())
    out["parentSpanId"] = one.parent;
  if (one.failed)
    out["status"] = {{"code", failed}, {"message", one.fault}};
  return out;
}

} // namespace

std::string otlp_of(std::span<const trace_span> spans, std::string_view host) {
  json::array all;
  for (const auto& one : spans)
    all.emplace_back(written(one));
  json::object scope{{"scope", {{"name", "pawl"}, {"version", version}}},
                     {"spans", std::move(all)}};
  json::object resource{
    {"attributes",
     json::array{attribute("service.name", json::value("pawl")),
                 attribute("service.version", json::value(version)),
                 attribute("host.name", json::value(host))}}};
  json::object whole{{"resource", std::move(resource)},
                     {"scopeSpans", json::array{std::move(scope)}}};
  return to_text(json::value(
    json::object{{"resourceSpans", json::array{std::move(whole)}}}));
}

partial_success partial_success_of(std::string_view answer) {
  partial_success out;
  const auto parsed = parse_json(answer);
  if (!parsed)
    return out; // Protocol buffers, or nothing.
  boost::system::error_code none;
  if (const auto* n
      = parsed->find_pointer("/partialSuccess/rejectedSpans", none);
      n != nullptr && n->is_string())
    std::from_chars(n->get_string().data(),
                    n->get_string().data() + n->get_string().size(),
                    out.rejected);
  else if (n != nullptr && n->is_int64())
    out.rejected
      = static_cast<std::uint64_t>(std::max<std::int64_t>(n->get_int64(), 0));
  if (const auto* why
      = parsed->find_pointer("/partialSuccess/errorMessage", none);
      why != nullptr && why->is_string())
    out.why = why->get_string();
  return out;
}

} // namespace pawl::actors
