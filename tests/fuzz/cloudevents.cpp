// CloudEvents by HTTP: header fields as lines, an empty line, the body.
#include "http/cloudevents.hpp"

#include "tests/fuzz/driver.hpp"
#include "workflow/cloudevent.hpp"

using namespace pawl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http::request request;
  request.method = "POST";
  request.target = "/v1/events";
  auto text = fuzz::text_of(data, size);
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty())
      break;
    const auto colon = line.find(':');
    if (colon != line.npos)
      request.fields.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }
  request.body = text;
  const auto mode = http::event_mode_of(request);
  const auto events = http::read_events(request, mode);
  if (!events) {
    fuzz::require(!events.error().detail.empty(), "an error says something");
    return 0;
  }
  for (const auto& each : *events)
    fuzz::require(check_event(each, "").empty(),
                  "an event that was read is valid");
  return 0;
}
