#include "workflow/cloudevent.hpp"

#include "base/time.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

namespace pawl {

namespace {

constexpr std::array<std::string_view, 4> needed{"id", "source", "type",
                                                 "specversion"};
/// Beside the needed ones, these are text too.
constexpr std::array<std::string_view, 4> texts{"subject", "datacontenttype",
                                                "dataschema", "time"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
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

std::string_view text_fault(std::string_view name, std::string_view text) {
  if (text.empty())
    return "Must be a text that is not empty.";
  if (name == "specversion" && text != "1.0")
    return "Must be \"1.0\".";
  if ((name == "source" || name == "dataschema") && !is_uri_reference(text))
    return "Must be a URI reference.";
  if (name == "time" && !parse_timestamp(text))
    return "Must be a time as in RFC 3339.";
  return {};
}

} // namespace

bool is_attribute_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

std::string_view attribute_fault(std::string_view name,
                                 const json::value& value) {
  if (name == "data" || value.is_null())
    return {};
  const auto* text = value.if_string();
  if (name == "data_base64")
    return text != nullptr && is_base64({text->data(), text->size()})
             ? ""
             : "Must be Base64.";
  if (is_one_of(needed, name) || is_one_of(texts, name))
    return text_fault(name, text == nullptr
                              ? std::string_view{}
                              : std::string_view{text->data(), text->size()});
  if (!is_attribute_name(name))
    return "An attribute's name is of a-z and 0-9 only.";
  if (!is_attribute_value(value))
    return "An attribute is a text, a truth value or a whole number of 32 "
           "bits.";
  return {};
}

std::vector<fault> check_event(const json::value& event,
                               const std::string& pointer) {
  const auto* members = event.if_object();
  if (members == nullptr)
    return {{pointer, 0, 0, "Must be an object."}};
  std::vector<fault> faults;
  const auto blame = [&](std::string_view name, std::string_view detail) {
    if (!detail.empty())
      faults.push_back(
        {pointer_join(pointer, name), 0, 0, std::string{detail}});
  };
  for (const auto name : needed) {
    const auto* value = members->if_contains(name);
    blame(name, value == nullptr || value->is_null()
                  ? "Is missing."
                  : attribute_fault(name, *value));
  }
  const auto has = [&](std::string_view name) {
    const auto* value = members->if_contains(name);
    return value != nullptr && !value->is_null();
  };
  for (const auto& member : *members) {
    const std::string_view name = member.key();
    if (name == "data_base64" && has(name) && members->contains("data"))
      blame(name, "Must not stand beside `data`.");
    else if (!is_one_of(needed, name))
      blame(name, attribute_fault(name, member.value()));
  }
  return faults;
}

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

} // namespace pawl
