#include "actors/holds/hold.hpp"

#include "base/json_member.hpp"

#include <algorithm>
#include <cctype>

namespace pawl::actors {

namespace {

/// The members of a selector, as clients write them.
constexpr std::pair<std::string_view, std::string hold_selector::*> members[]
  = {{"namespace", &hold_selector::ns},
     {"workflow", &hold_selector::workflow},
     {"version", &hold_selector::version},
     {"task", &hold_selector::task},
     {"queue", &hold_selector::queue},
     {"host", &hold_selector::host}};

bool fits(const std::string& wanted, std::string_view is) {
  return wanted.empty() || wanted == is;
}

bool same_text(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// The name of the task at `pointer`: its last part, unescaped.
std::string name_at(std::string_view pointer) {
  const auto last = pointer.substr(pointer.rfind('/') + 1);
  std::string name;
  for (std::size_t i = 0; i < last.size(); ++i) {
    const bool escaped = last[i] == '~' && i + 1 < last.size();
    name.push_back(!escaped ? last[i] : last[++i] == '1' ? '/' : '~');
  }
  return name;
}

struct authority {
  std::string_view host;
  std::string_view port; ///< "" if there is none.
};

authority split(std::string_view text) {
  const auto last = text.rfind(':');
  const auto bracket = text.rfind(']'); // Of an IPv6 address.
  if (last == std::string_view::npos
      || (bracket != std::string_view::npos && last < bracket))
    return {text, {}};
  return {text.substr(0, last), text.substr(last + 1)};
}

authority authority_of(std::string_view uri) {
  const auto scheme = uri.find("://");
  if (scheme == std::string_view::npos)
    return {};
  auto rest = uri.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto at = rest.rfind('@'); at != std::string_view::npos)
    rest.remove_prefix(at + 1);
  auto out = split(rest);
  if (out.port.empty())
    out.port = same_text(uri.substr(0, scheme), "https") ? "443" : "80";
  return out;
}

json::value time_json(const std::optional<timestamp>& at) {
  return at ? json::value(to_text(*at)) : json::value{};
}

} // namespace

hold_kind kind_of(const hold_selector& on) {
  if (!on.host.empty())
    return hold_kind::host;
  if (!on.queue.empty())
    return hold_kind::queue;
  return on.task.empty() ? hold_kind::instance : hold_kind::task;
}

bool covers(const hold_selector& on, const hold_place& what) {
  return fits(on.ns, what.ns) && fits(on.workflow, what.workflow)
         && fits(on.version, what.version);
}

bool names_task(const hold_selector& on, std::string_view pointer) {
  if (on.task.empty() || on.task == pointer)
    return true;
  return !on.task.starts_with('/') && on.task == name_at(pointer);
}

bool names_host(const hold_selector& on, std::string_view uri) {
  if (on.host.empty())
    return false;
  const auto wanted = split(on.host);
  const auto is = authority_of(uri);
  return same_text(wanted.host, is.host)
         && (wanted.port.empty() || wanted.port == is.port);
}

json::object selector_json(const hold_selector& on) {
  json::object out;
  for (const auto& [name, member] : members)
    if (!(on.*member).empty())
      out[name] = on.*member;
  return out;
}

json::object hold_json(const placed_hold& what) {
  return {{"id", what.id},
          {"selector", selector_json(what.on)},
          {"reason", what.reason},
          {"by", what.by},
          {"createdAt", to_text(what.created)},
          {"until", time_json(what.until)}};
}

std::string encode_hold(const placed_hold& what) {
  return to_canonical_text(json::value(hold_json(what)));
}

result<placed_hold> decode_hold(std::string_view stored) {
  const error bad{errc::corrupt, "a stored hold does not decode"};
  const auto parsed = parse_json(stored);
  const auto* all = parsed ? parsed->if_object() : nullptr;
  const auto* on = all == nullptr ? nullptr : all->if_contains("selector");
  if (on == nullptr || !on->is_object())
    return bad;
  const auto created = parse_timestamp(text_in(*all, "createdAt"));
  placed_hold out{.id = text_in(*all, "id"),
                  .reason = text_in(*all, "reason"),
                  .by = text_in(*all, "by")};
  for (const auto& [name, member] : members)
    out.on.*member = text_in(on->get_object(), name);
  if (!created || out.id.empty() || out.on == hold_selector{})
    return bad;
  out.created = *created;
  if (const auto text = text_in(*all, "until"); !text.empty()) {
    const auto until = parse_timestamp(text);
    if (!until)
      return bad;
    out.until = *until;
  }
  return out;
}

} // namespace pawl::actors
