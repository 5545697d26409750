#include "workflow/retention.hpp"

#include "workflow/duration.hpp"

#include <array>

namespace pawl {

namespace {

constexpr std::array<std::string_view, 3> statuses{"completed", "faulted",
                                                   "cancelled"};

std::optional<duration> read_time(const json::value& value) {
  const auto* text = value.if_string();
  if (text == nullptr)
    return std::nullopt;
  if (*text == "forever")
    return retention_rule::for_ever;
  const auto length = parse_iso_duration(*text);
  if (!length || length->months != 0 || length->rest < std::chrono::seconds{1})
    return std::nullopt;
  return length->rest;
}

std::optional<duration>* place_of(retention_rule& in, std::string_view status) {
  if (status == statuses[0])
    return &in.completed;
  if (status == statuses[1])
    return &in.faulted;
  return status == statuses[2] ? &in.cancelled : nullptr;
}

fault bad(std::string pointer) {
  return {.pointer = std::move(pointer),
          .line = 0,
          .column = 0,
          .detail = "it must be a duration like P30D of at least a second, "
                    "without months and years, or 'forever'; or an object of "
                    "such with the members completed, faulted, cancelled"};
}

} // namespace

std::optional<duration> retention_rule::of(instance_status status) const {
  switch (status) {
  case instance_status::completed:
    return completed;
  case instance_status::faulted:
    return faulted;
  case instance_status::cancelled:
    return cancelled;
  default:
    return std::nullopt;
  }
}

result<retention_rule> read_retention(const json::object& metadata) {
  retention_rule out;
  const auto* said = metadata.if_contains("retention");
  if (said == nullptr)
    return out;
  std::vector<fault> faults;
  if (const auto* members = said->if_object()) {
    for (const auto& member : *members) {
      const std::string_view name = member.key();
      auto* place = place_of(out, name);
      const auto time = read_time(member.value());
      if (place == nullptr || !time)
        faults.push_back(bad("/retention/" + std::string{name}));
      else
        *place = time;
    }
    if (members->empty())
      faults.push_back(bad("/retention"));
  } else if (const auto time = read_time(*said)) {
    out = {time, time, time};
  } else {
    faults.push_back(bad("/retention"));
  }
  if (!faults.empty())
    return error{errc::invalid_definition,
                 "The retention of the document is not valid.",
                 std::move(faults)};
  return out;
}

} // namespace pawl
