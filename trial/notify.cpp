#include "trial/reply.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

/// What `call: notify` cannot send: the rules of the daemon's channels, as far
/// as they are about what expressions have come to.
namespace pawl::trial {

namespace {

enum class shape : std::uint8_t { text, list, texts, words, addresses };

struct member_rule {
  std::string_view name;
  shape is = shape::text;
  bool needed = false;
};

std::vector<member_rule> rules_of(std::string_view channel) {
  const member_rule url{"url", shape::text, true};
  const member_rule text{"text", shape::text, true};
  if (channel == "slack")
    return {url, text, {"blocks", shape::list}};
  if (channel == "teams")
    return {url, text, {"title"}};
  if (channel == "webhook")
    return {url, {"secret"}, {"headers", shape::texts}};
  return {{"to", shape::addresses, true}, {"cc", shape::addresses},
          {"replyTo", shape::addresses},  {"subject", shape::words, true},
          {"text", shape::words, true},   {"html", shape::words},
          {"from", shape::addresses}};
}

/// Whether secrets decide on what stands at `pointer`, or on a part of it.
bool depends_on_secrets(const json::object& arguments,
                        const std::string& pointer) {
  const auto* late = arguments.if_contains("late");
  if (late == nullptr)
    return false;
  return std::ranges::any_of(late->as_array(), [&](const json::value& one) {
    const auto at = one.at("at").as_string().subview();
    return at == pointer || at.starts_with(pointer + "/")
           || pointer.starts_with(std::string{at} + "/");
  });
}

std::string wrong_address(const json::value& one) {
  if (!one.is_string())
    return "an address is text";
  const std::string_view text{one.get_string()};
  if (text.find_first_of("\r\n") != text.npos)
    return "an address holds no line break";
  const auto at = text.find('@');
  if (at == text.npos || at == 0 || at + 1 == text.size())
    return "'" + std::string{text}
           + "' is no mail address; several stand in a list";
  return {};
}

std::string wrong_addresses(const json::value& given) {
  const auto* all = given.if_array();
  if (all == nullptr)
    return wrong_address(given);
  for (const auto& one : *all)
    if (auto why = wrong_address(one); !why.empty())
      return why;
  return all->empty() ? "names nobody" : "";
}

bool are_texts(const json::value& given) {
  const auto* members = given.if_object();
  return members != nullptr
         && std::ranges::all_of(
           *members, [](const auto& one) { return one.value().is_string(); });
}

/// Why `given` is not as it must be, as the daemon says it; "" if it is.
std::string misshapen(const json::value& given, shape is) {
  switch (is) {
  case shape::text:
    return given.is_string() ? "" : " must yield text";
  case shape::list:
    return given.is_array() ? "" : " must yield a list";
  case shape::texts:
    return are_texts(given) ? "" : " must yield an object of texts";
  case shape::words:
    return given.is_string() ? "" : ": must be text";
  case shape::addresses:
    if (auto why = wrong_addresses(given); !why.empty())
      return ": " + why;
  }
  return {};
}

std::string missing(shape is) {
  return is == shape::addresses ? ": names nobody"
         : is == shape::words   ? ": is missing"
                                : " is missing";
}

} // namespace

std::string unsendable(const json::object& arguments) {
  const auto* given = arguments.if_contains("with");
  const auto* with = given != nullptr ? given->if_object() : nullptr;
  if (with == nullptr)
    return depends_on_secrets(arguments, "/with") ? "" : "`with` is no object.";
  const auto& channel = arguments.at("channel").as_string();
  for (const auto& rule : rules_of(channel)) {
    const std::string name{rule.name};
    if (depends_on_secrets(arguments, "/with/" + name))
      continue;
    const auto* value = with->if_contains(name);
    if (value == nullptr || value->is_null()) {
      if (rule.needed)
        return "`" + name + "`" + missing(rule.is);
      continue;
    }
    if (const auto why = misshapen(*value, rule.is); !why.empty())
      return "`" + name + "`" + why;
  }
  return {};
}

} // namespace pawl::trial
