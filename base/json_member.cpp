#include "base/json_member.hpp"

namespace pawl {

std::string text_in(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string{} : std::string{*text};
}

} // namespace pawl
