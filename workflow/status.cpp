#include "workflow/status.hpp"

#include <utility>

namespace pawl {

namespace {

constexpr std::pair<instance_status, std::string_view> names[] = {
  {instance_status::pending, "pending"},
  {instance_status::running, "running"},
  {instance_status::waiting, "waiting"},
  {instance_status::suspending, "suspending"},
  {instance_status::suspended, "suspended"},
  {instance_status::cancelling, "cancelling"},
  {instance_status::completed, "completed"},
  {instance_status::faulted, "faulted"},
  {instance_status::cancelled, "cancelled"},
};

} // namespace

std::string_view to_text(instance_status s) {
  for (const auto& [status, name] : names)
    if (status == s)
      return name;
  return "unknown";
}

std::optional<instance_status> parse_status(std::string_view text) {
  for (const auto& [status, name] : names)
    if (name == text)
      return status;
  return std::nullopt;
}

} // namespace pawl
