#include "actors/faults/injection.hpp"

#include "actors/kept/body_checker.hpp"
#include "base/overload.hpp"
#include "workflow/duration.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

constexpr std::size_t text_max = 1024;
constexpr std::size_t body_max = 4096;
constexpr std::pair<std::string_view, std::string hold_selector::*> places[]
  = {{"workflow", &hold_selector::workflow},
     {"task", &hold_selector::task},
     {"host", &hold_selector::host},
     {"queue", &hold_selector::queue}};

class injection_checker : public body_checker {
public:
  injection_checker() : body_checker{"The fault cannot be kept so."} {}

  void text(const json::object& in, const std::string& at,
            std::string_view name, bool needed) {
    const auto* value = in.if_contains(name);
    if (value == nullptr && !needed)
      return;
    if (value == nullptr || !value->is_string() || value->get_string().empty()
        || value->get_string().size() > text_max)
      blame(pointer_join(at, name), "Must be a text of 1 to 1,024 bytes.");
  }

  void number(const json::object& in, const std::string& at,
              std::string_view name, std::int64_t least, std::int64_t most) {
    const auto* value = in.if_contains(name);
    const auto* n = value == nullptr ? nullptr : value->if_int64();
    if (n == nullptr || *n < least || *n > most)
      blame(pointer_join(at, name), "Must be a whole number of "
                                      + std::to_string(least) + " to "
                                      + std::to_string(most) + ".");
  }

  void place(const json::object& in) {
    const auto* on = in.if_contains("on");
    if (on == nullptr || !on->is_object() || on->get_object().empty())
      return blame("/on", "Must name one of workflow, task, host and queue.");
    only(on->get_object(), "/on", {"workflow", "task", "host", "queue"});
    for (const auto& [name, member] : places)
      text(on->get_object(), "/on", name, false);
  }

  void action(const json::object& in) {
    constexpr std::int64_t status_min = 400, status_max = 599;
    const auto* given = in.if_contains("do");
    if (given == nullptr || !given->is_object())
      return blame("/do", "Must say one of status, reset, latency, error and "
                          "kill.");
    const auto& what = given->get_object();
    only(what, "/do", {"status", "body", "reset", "latency", "error", "kill"});
    if (what.size() - what.count("body") != 1)
      return blame("/do", "Must say one of status, reset, latency, error and "
                          "kill.");
    if (what.contains("status"))
      number(what, "/do", "status", status_min, status_max);
    if (const auto* body = what.if_contains("body");
        body != nullptr
        && (!what.contains("status") || !body->is_string()
            || body->get_string().size() > body_max))
      blame("/do/body", "Must be a text of at most 4,096 bytes, beside a "
                        "status.");
    for (const auto* name : {"reset", "kill"})
      if (const auto* flag = what.if_contains(name);
          flag != nullptr && *flag != json::value(true))
        blame(std::string{"/do/"} + name, "Must be true.");
    if (const auto* length = what.if_contains("latency")) {
      const auto read = parse_duration(*length);
      if (!read || read->months != 0 || read->rest <= duration{0}
          || read->rest > std::chrono::hours{1})
        blame("/do/latency", "Must be a duration of at most an hour.");
    }
    if (const auto* how = what.if_contains("error")) {
      if (!how->is_object())
        return blame("/do/error", "Must be an object.");
      const auto& members = how->get_object();
      only(members, "/do/error", {"type", "title", "status"});
      text(members, "/do/error", "type", true);
      text(members, "/do/error", "title", true);
      number(members, "/do/error", "status", status_min, status_max);
    }
  }

  void bounds(const json::object& in, timestamp now) {
    const auto* part = in.if_contains("probability");
    boost::system::error_code ec;
    if (part != nullptr
        && (!part->is_number() || part->to_number<double>(ec) <= 0
            || part->to_number<double>(ec) > 1))
      blame("/probability", "Must be a number above 0, of at most 1.");
    if (in.contains("times"))
      number(in, "", "times", 1, 1'000'000'000);
    const auto* until = in.if_contains("until");
    const auto at = until != nullptr && until->is_string()
                      ? parse_timestamp(until->get_string())
                      : result<timestamp>{pawl::error{}};
    if (!at || *at <= now || *at > now + injection_length_max)
      blame("/until", "Must be a time to come, at most a day from now.");
  }
};

injected_action action_of(const json::object& what) {
  const auto text = [&](const json::object& in, std::string_view name) {
    const auto* value = in.if_contains(name);
    return value == nullptr ? std::string{} : std::string{value->as_string()};
  };
  if (const auto* code = what.if_contains("status"))
    return injections::status{code->to_number<std::uint32_t>(),
                              text(what, "body")};
  if (const auto* length = what.if_contains("latency"))
    return injections::latency{parse_duration(*length)->rest};
  if (const auto* how = what.if_contains("error")) {
    const auto& members = how->as_object();
    return injections::error{text(members, "type"), text(members, "title"),
                             members.at("status").to_number<std::uint32_t>()};
  }
  if (what.contains("kill"))
    return injections::kill{};
  return injections::reset{};
}

} // namespace

result<json::object> checked_injection(const json::value& sent, timestamp now) {
  injection_checker check;
  const auto* in = sent.if_object();
  if (in == nullptr) {
    check.blame("", "Must be an object.");
    return std::move(check).fault();
  }
  check.only(*in, "", {"on", "do", "probability", "times", "until", "reason"});
  check.place(*in);
  check.action(*in);
  check.bounds(*in, now);
  check.text(*in, "", "reason", true);
  if (!check.fine())
    return std::move(check).fault();
  return *in;
}

injection injection_of(const std::string& ns, const std::string& name,
                       const json::object& body) {
  injection out{.ns = ns, .name = name};
  const auto& on = body.at("on").as_object();
  for (const auto& [member, into] : places)
    if (const auto* text = on.if_contains(member))
      out.on.*into = std::string{text->as_string()};
  out.on.ns = ns;
  if (const auto slash = out.on.workflow.find('/');
      slash != std::string::npos) {
    if (ns.empty())
      out.on.ns = out.on.workflow.substr(0, slash);
    out.on.workflow.erase(0, slash + 1);
  }
  out.what = action_of(body.at("do").as_object());
  if (const auto* part = body.if_contains("probability"))
    out.probability = part->to_number<double>();
  if (const auto* times = body.if_contains("times"))
    out.times = times->to_number<std::uint64_t>();
  out.until = *parse_timestamp(body.at("until").as_string());
  out.reason = std::string{body.at("reason").as_string()};
  return out;
}

std::string_view word_for(const injected_action& what) {
  return std::visit(
    overload{[](const injections::status&) { return "status"; },
             [](const injections::reset&) { return "reset"; },
             [](const injections::latency&) { return "latency"; },
             [](const injections::error&) { return "error"; },
             [](const injections::kill&) { return "kill"; }},
    what);
}

} // namespace pawl::actors
