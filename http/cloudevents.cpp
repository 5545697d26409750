#include "http/cloudevents.hpp"

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "http/fields.hpp"
#include "http/members.hpp"
#include "http/target.hpp"

#include <algorithm>
#include <limits>

namespace pawl::http {

namespace {

constexpr std::size_t batch_max = 1000;
constexpr std::string_view batch_type = "application/cloudevents-batch";
constexpr std::string_view structured_type = "application/cloudevents";

bool is_attribute_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

bool is_base64(std::string_view text) {
  const auto end = text.find_last_not_of('=');
  const auto body = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return text.size() % 4 == 0 && text.size() - body.size() <= 2
         && std::all_of(body.begin(), body.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '+' || c == '/';
            });
}

// A URI reference is not taken apart, but it holds no space and no control.
bool is_uri_reference(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == '<' || c == '>'
           || c == '"' || c == 0x7f;
  });
}

// What an attribute may be: text, truth, or a 32-bit whole number.
bool is_attribute_value(const json::value& value) {
  if (const auto* n = value.if_int64())
    return *n >= std::numeric_limits<std::int32_t>::min()
           && *n <= std::numeric_limits<std::int32_t>::max();
  return value.is_string() || value.is_bool();
}

// Collects the faults of one envelope.
class event_check {
public:
  event_check(const json::object& event, const std::string& pointer)
      : event_{event}, pointer_{pointer} {}

  std::vector<fault> run() {
    for (const auto* name : {"id", "source", "type", "specversion"})
      if (text(name) == nullptr && !blamed(name))
        blame(name, "Is missing.");
    if (const auto* version = text("specversion");
        version != nullptr && *version != "1.0")
      blame("specversion", "Must be \"1.0\".");
    for (const auto* name : {"source", "dataschema"})
      if (const auto* uri = text(name);
          uri != nullptr && !is_uri_reference({uri->data(), uri->size()}))
        blame(name, "Must be a URI reference.");
    if (const auto* time = text("time");
        time != nullptr && !parse_timestamp({time->data(), time->size()}))
      blame("time", "Must be a time as in RFC 3339.");
    static_cast<void>(text("subject"));
    static_cast<void>(text("datacontenttype"));
    check_data();
    check_names();
    return std::move(faults_);
  }

private:
  void blame(std::string_view name, std::string detail) {
    faults_.push_back({pointer_join(pointer_, name), 0, 0, std::move(detail)});
  }
  [[nodiscard]] bool blamed(std::string_view name) const {
    const auto at = pointer_join(pointer_, name);
    return std::any_of(faults_.begin(), faults_.end(),
                       [&](const fault& f) { return f.pointer == at; });
  }
  // The text called `name`, or null; anything but a text with content is
  // blamed.
  const json::string* text(std::string_view name) {
    const auto* value = event_.if_contains(name);
    if (value == nullptr || value->is_null() || blamed(name))
      return nullptr;
    const auto* found = value->if_string();
    if (found == nullptr || found->empty()) {
      blame(name, "Must be a text that is not empty.");
      return nullptr;
    }
    return found;
  }
  void check_data() {
    const auto* encoded = event_.if_contains("data_base64");
    if (encoded == nullptr)
      return;
    if (event_.contains("data"))
      blame("data_base64", "Must not stand beside `data`.");
    const auto* value = encoded->if_string();
    if (value == nullptr || !is_base64({value->data(), value->size()}))
      blame("data_base64", "Must be Base64.");
  }
  void check_names() {
    for (const auto& member : event_) {
      const std::string_view name = member.key();
      if (name == "data" || name == "data_base64" || member.value().is_null())
        continue;
      if (!is_attribute_name(name))
        blame(name, "An attribute's name is of a-z and 0-9 only.");
      else if (!is_attribute_value(member.value()) && !blamed(name))
        blame(name, "An attribute is a text, a truth value or a whole number "
                    "of 32 bits.");
    }
  }

  const json::object& event_;
  const std::string& pointer_;
  std::vector<fault> faults_;
};

json::value without_nulls(json::value event) {
  auto& members = event.as_object();
  std::vector<std::string> unset;
  for (const auto& member : members)
    if (member.value().is_null() && member.key() != "data")
      unset.emplace_back(member.key());
  for (const auto& name : unset)
    members.erase(name);
  return event;
}

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

std::vector<fault> check_event(const json::value& event,
                               const std::string& pointer) {
  const auto* members = event.if_object();
  if (members == nullptr)
    return {{pointer, 0, 0, "Must be an object."}};
  return event_check{*members, pointer}.run();
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
