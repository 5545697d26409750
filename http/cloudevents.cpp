#include "http/cloudevents.hpp"

#include "base/bytes.hpp"
#include "http/fields.hpp"
#include "http/members.hpp"
#include "http/target.hpp"
#include "workflow/cloudevent.hpp"

#include <algorithm>

namespace pawl::http {

namespace {

constexpr std::size_t batch_max = 1000;
constexpr std::string_view batch_type = "application/cloudevents-batch";
constexpr std::string_view structured_type = "application/cloudevents";

result<void> add_data(json::object& event, const request& from) {
  const auto content = trimmed(from["Content-Type"]);
  if (!content.empty())
    event["datacontenttype"] = content;
  if (from.body.empty())
    return {};
  const auto type = media_type(content);
  if (type.empty() || is_json_type(type)) {
    auto data = parse_json(from.body);
    if (!data)
      return data.error();
    event["data"] = std::move(*data);
  } else if (starts_with_word(type, "text/") && clean_utf8(from.body)) {
    event["data"] = from.body;
  } else {
    event["data_base64"] = to_base64(from.body);
  }
  return {};
}

result<json::value> binary_event(const request& from) {
  json::object event;
  for (const auto& f : from.fields) {
    if (!starts_with_word(f.name, "ce-"))
      continue;
    std::string name{f.name.substr(3)};
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    const auto field = "The field ce-" + name;
    if (name == "data" || name == "datacontenttype")
      return error{errc::malformed,
                   field
                     + " is not allowed: the body and Content-Type say it."};
    auto value = percent_decoded(trimmed(f.value));
    if (!value)
      return error{errc::malformed, field + " is not percent-encoded UTF-8."};
    if (!event.emplace(name, *value).second)
      return error{errc::malformed, field + " stands twice."};
  }
  if (auto added = add_data(event, from); !added)
    return added.error();
  return json::value(std::move(event)); // Braces would make an array.
}

error invalid_events(std::vector<fault> faults) {
  fault_list all;
  for (auto& f : faults)
    all.add(errc::invalid_request, std::move(f.pointer), std::move(f.detail));
  return std::move(all).to_error();
}

result<std::vector<json::value>> batch_events(json::value body) {
  auto* list = body.if_array();
  if (list == nullptr)
    return error{errc::invalid_request,
                 "A batch is an array of events.",
                 {{"", 0, 0, "Must be an array."}}};
  if (list->size() > batch_max)
    return error{errc::too_large, "A batch holds at most "
                                    + std::to_string(batch_max) + " events."};
  std::vector<fault> faults;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto found = check_event((*list)[i], "/" + std::to_string(i));
    faults.insert(faults.end(), found.begin(), found.end());
  }
  if (!faults.empty())
    return invalid_events(std::move(faults));
  std::vector<json::value> events;
  for (auto& event : *list)
    events.push_back(without_nulls(std::move(event)));
  return events;
}

} // namespace

event_mode event_mode_of(const request& from) {
  const auto type = media_type(from["Content-Type"]);
  if (starts_with_word(type, batch_type))
    return same_word(type.substr(batch_type.size()), "+json")
             ? event_mode::batch
             : event_mode::none;
  if (starts_with_word(type, structured_type))
    return same_word(type.substr(structured_type.size()), "+json")
             ? event_mode::structured
             : event_mode::none;
  for (const auto& f : from.fields)
    if (starts_with_word(f.name, "ce-"))
      return event_mode::binary;
  return is_json_type(type) ? event_mode::structured : event_mode::none;
}

result<std::vector<json::value>> read_events(const request& from,
                                             event_mode mode) {
  auto body
    = mode == event_mode::binary ? binary_event(from) : parse_json(from.body);
  if (!body)
    return body.error();
  if (mode == event_mode::batch)
    return batch_events(std::move(*body));
  if (auto faults = check_event(*body, ""); !faults.empty())
    return invalid_events(std::move(faults));
  std::vector<json::value> one;
  one.push_back(without_nulls(std::move(*body)));
  return one;
}

} // namespace pawl::http
