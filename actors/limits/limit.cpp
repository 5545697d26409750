#include "actors/limits/limit.hpp"

#include "actors/kept/body_checker.hpp"
#include "workflow/duration.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

constexpr std::string_view scopes[] = {"", "queue", "host", "namespace"};
constexpr std::size_t text_max = 512;

class limit_checker : public body_checker {
public:
  explicit limit_checker(const limit_ref& id)
      : body_checker{"The limit cannot be kept so."}, id_{id} {}

  /// A whole number of 1 and more.
  void count(const json::object& in, const std::string& at,
             std::string_view name, bool needed) {
    if (in.contains(name) || needed)
      number(in.if_contains(name), pointer_join(at, name), limit_count_max);
  }

  void bytes(const json::object& in) {
    if (in.contains("bytes"))
      number(in.if_contains("bytes"), "/bytes", limit_bytes_max);
  }

  void length(const json::object& in, const std::string& at, bool divides) {
    const auto* value = in.if_contains("per");
    const auto read = value == nullptr ? result<calendar_duration>{error{}}
                                       : parse_duration(*value);
    const bool good
      = read && read->months == 0 && read->rest >= std::chrono::seconds{1}
        && read->rest <= limit_day
        && (!divides || limit_day.count() % read->rest.count() == 0);
    if (!good)
      blame(at + "/per", divides ? "Must be a duration that divides a day, "
                                   "such as P1D or PT1H."
                                 : "Must be a duration of a second to a day.");
  }

  /// A part that is an object, or null and blamed.
  const json::object* part(const json::object& in, std::string_view name) {
    const auto* value = in.if_contains(name);
    if (value == nullptr)
      return nullptr;
    if (!value->is_object())
      blame("/" + std::string{name}, "Must be an object.");
    return value->if_object();
  }

  void rate(const json::object& in, std::string_view name) {
    const auto at = "/" + std::string{name};
    if (const auto* rule = part(in, name)) {
      only(*rule, at, {"max", "per", "burst"});
      count(*rule, at, "max", true);
      count(*rule, at, "burst", false);
      length(*rule, at, false);
    }
  }

  void quota(const json::object& in) {
    if (const auto* rule = part(in, "quota")) {
      only(*rule, "/quota", {"max", "per"});
      count(*rule, "/quota", "max", true);
      length(*rule, "/quota", true);
    }
  }

  void warning(const json::object& in) {
    const auto* warn = in.if_contains("warnAt");
    if (warn == nullptr)
      return;
    boost::system::error_code ec;
    const auto part_of = warn->is_number() ? warn->to_number<double>(ec) : -1.0;
    if (part_of <= 0 || part_of > 1)
      blame("/warnAt", "Must be a number above 0, of at most 1.");
    if (!in.contains("quota") && !in.contains("bytes"))
      blame("/warnAt", "Needs a `quota` or `bytes`.");
  }

  /// Returns whether it is for a namespace.
  bool scope(const json::object& in) {
    const auto* on = part(in, "on");
    if (on == nullptr)
      return false;
    only(*on, "/on", {"queue", "host", "namespace"});
    if (on->size() != 1)
      blame("/on", "Must name one of queue, host and namespace.");
    for (const auto& member : *on) {
      const auto* text = member.value().if_string();
      if (text == nullptr || text->empty() || text->size() > text_max)
        blame(pointer_join("/on", member.key()), "Must be a name.");
    }
    const bool whole = on->contains("namespace");
    if (whole && !id_.ns.empty())
      blame("/on/namespace", "Is for a limit of the whole daemon: who is "
                             "limited does not say how far.");
    return whole;
  }

private:
  void number(const json::value* value, std::string at, std::uint64_t most) {
    const auto* is = value == nullptr ? nullptr : value->if_int64();
    if (is == nullptr || *is < 1 || *is > static_cast<std::int64_t>(most))
      blame(std::move(at), "Must be a whole number of 1 and more.");
  }

  const limit_ref& id_;
};

duration per_of(const json::object& rule) {
  return parse_duration(rule.at("per"))->rest;
}

rate_rule rate_of(const json::object& rule) {
  rate_rule out{.max = rule.at("max").to_number<double>(), .per = per_of(rule)};
  const auto* burst = rule.if_contains("burst");
  out.burst = burst == nullptr ? out.max : burst->to_number<double>();
  return out;
}

} // namespace

result<json::object> checked_limit(const limit_ref& id,
                                   const json::value& sent) {
  limit_checker check{id};
  const auto* in = sent.if_object();
  if (in == nullptr) {
    check.blame("", "Must be an object.");
    return std::move(check).fault();
  }
  const bool whole = check.scope(*in);
  if (whole)
    check.only(*in, "",
               {"on", "live", "bytes", "starts", "warnAt", "description"});
  else
    check.only(*in, "",
               {"on", "rate", "concurrency", "quota", "warnAt", "description"});
  check.rate(*in, "rate");
  check.rate(*in, "starts");
  check.count(*in, "", "concurrency", false);
  check.count(*in, "", "live", false);
  check.bytes(*in);
  check.quota(*in);
  check.warning(*in);
  const auto* text = in->if_contains("description");
  if (text != nullptr
      && (!text->is_string() || text->get_string().size() > text_max))
    check.blame("/description", "Must be a text of at most 512 bytes.");
  const bool limits = in->contains("rate") || in->contains("concurrency")
                      || in->contains("quota") || in->contains("live")
                      || in->contains("bytes") || in->contains("starts");
  if (check.fine() && !limits)
    check.blame("", whole ? "One of live, bytes and starts is needed."
                          : "One of rate, concurrency and quota is needed.");
  if (!check.fine())
    return std::move(check).fault();
  return *in;
}

limit limit_of(const limit_ref& id, const json::object& body) {
  limit out{.id = id};
  if (const auto* on = body.if_contains("on"))
    for (std::size_t i = 1; i < std::size(scopes); ++i)
      if (const auto* of = on->as_object().if_contains(scopes[i])) {
        out.on = static_cast<limit_scope>(i);
        out.of = std::string{of->as_string()};
      }
  if (const auto* rule = body.if_contains("rate"))
    out.rate = rate_of(rule->as_object());
  if (const auto* rule = body.if_contains("starts"))
    out.rate = rate_of(rule->as_object());
  if (const auto* count = body.if_contains("concurrency"))
    out.concurrency = count->to_number<std::uint32_t>();
  if (const auto* count = body.if_contains("live"))
    out.live = count->to_number<std::uint64_t>();
  if (const auto* count = body.if_contains("bytes"))
    out.bytes = count->to_number<std::uint64_t>();
  if (const auto* rule = body.if_contains("quota"))
    out.quota = quota_rule{
      .max = rule->as_object().at("max").to_number<std::uint64_t>(),
      .per = per_of(rule->as_object())};
  if (const auto* part = body.if_contains("warnAt"))
    out.warn_at = part->to_number<double>();
  return out;
}

} // namespace pawl::actors
