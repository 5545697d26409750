#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/commands/kept.hpp"
#include "cli/size_text.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <optional>

namespace pawl::cli::commands {
namespace {

/// "10/PT1S", or "" where there is no such rule.
std::string rule_text(const json::value& one, const char* name) {
  const auto max = text_at(one, {name, "max"});
  return max.empty() ? max : max + "/" + text_at(one, {name, "per"});
}

/// "1.5 GiB" without the blank, or "".
std::string size_text(const json::value& one,
                      std::initializer_list<const char*> path) {
  const auto* bytes = find_at(one, path);
  if (bytes == nullptr || !bytes->is_number())
    return {};
  auto out = to_size(bytes->to_number<double>());
  std::erase(out, ' ');
  return out;
}

std::vector<std::string> cells_of(const json::value& one) {
  std::string on;
  if (const auto* place = find_at(one, {"on"});
      place != nullptr && place->is_object())
    for (const auto& member : place->get_object())
      on = fmt::format("{}={}", std::string_view{member.key()},
                       text_at(one, {"on", member.key().data()}));
  std::string rules;
  const auto add = [&](const char* word, const std::string& text) {
    if (!text.empty())
      rules += fmt::format("{}{}={}", rules.empty() ? "" : " ", word, text);
  };
  add("rate", rule_text(one, "rate"));
  add("concurrency", text_at(one, {"concurrency"}));
  add("quota", rule_text(one, "quota"));
  add("starts", rule_text(one, "starts"));
  add("live", text_at(one, {"live"}));
  add("bytes", size_text(one, {"bytes"}));
  std::string used = text_at(one, {"state", "live"});
  if (!used.empty())
    used = "live=" + used;
  if (const auto bytes = size_text(one, {"state", "bytes"}); !bytes.empty())
    used += (used.empty() ? "" : " ") + ("bytes=" + bytes);
  return {on,
          rules,
          used,
          text_at(one, {"state", "waiting"}),
          text_at(one, {"state", "granted"}),
          text_at(one, {"state", "refused"}),
          text_at(one, {"description"})};
}

const kept_words& words() {
  static const kept_words all{
    "/v1/limits",
    "limit",
    "limits",
    {"ON", "LIMITS", "USED", "WAITING", "GRANTED", "REFUSED", "DESCRIPTION"},
    cells_of};
  return all;
}

struct limit_options {
  std::string name;
  std::string rate, quota, starts;
  std::optional<std::int64_t> burst, concurrency, live;
  std::optional<double> warn_at;
  std::string bytes;
  std::string queue, host, space;
  std::string description;
  std::string reason;
};

failure bad_rule(const char* option, const std::string& text) {
  return {exit_code::usage, fmt::format("{} takes so many in a time, such as "
                                        "10/s, 100/5m or 1000/P1D, not '{}'",
                                        option, text)};
}

/// "10/s", "100/5m", "1000/P1D" as {max, per}.
outcome<json::object> rule_of(const std::string& text, const char* option) {
  const auto slash = text.find('/');
  const auto all_digits = [](std::string_view part) {
    constexpr std::size_t digits_max = 10;
    return !part.empty() && part.size() <= digits_max
           && part.find_first_not_of("0123456789") == part.npos;
  };
  if (slash == text.npos || !all_digits(text.substr(0, slash)))
    return bad_rule(option, text);
  auto per = text.substr(slash + 1);
  if (!per.starts_with('P')) {
    const auto unit = per.empty() ? ' ' : per.back();
    auto count = per.empty() ? per : per.substr(0, per.size() - 1);
    if (count.empty())
      count = "1";
    if (!all_digits(count))
      return bad_rule(option, text);
    if (unit == 'd')
      per = "P" + count + "D";
    else if (unit == 's' || unit == 'm' || unit == 'h')
      per = fmt::format("PT{}{}", count, static_cast<char>(unit - 'a' + 'A'));
    else
      return bad_rule(option, text);
  }
  return json::object{{"max", std::stoll(text.substr(0, slash))},
                      {"per", std::move(per)}};
}

outcome<exit_code> set(session& s, const limit_options& o) {
  json::object body;
  const std::pair<const char*, const std::string&> rules[]
    = {{"rate", o.rate}, {"quota", o.quota}, {"starts", o.starts}};
  for (const auto& [name, text] : rules) {
    if (text.empty())
      continue;
    auto rule = rule_of(text, fmt::format("--{}", name).c_str());
    if (!rule)
      return rule.error();
    body[name] = std::move(*rule);
  }
  if (o.burst) {
    auto* rule = body.if_contains(o.starts.empty() ? "rate" : "starts");
    if (rule == nullptr)
      return failure{exit_code::usage, "--burst needs --rate or --starts"};
    rule->as_object()["burst"] = *o.burst;
  }
  if (o.concurrency)
    body["concurrency"] = *o.concurrency;
  if (o.live)
    body["live"] = *o.live;
  if (!o.bytes.empty()) {
    const auto bytes = parse_size(o.bytes);
    if (!bytes)
      return failure{exit_code::usage,
                     "--bytes takes a size, such as 512MiB or 10GiB, not '"
                       + o.bytes + "'"};
    body["bytes"] = *bytes;
  }
  if (o.warn_at)
    body["warnAt"] = *o.warn_at;
  const std::pair<const char*, const std::string&> places[]
    = {{"queue", o.queue}, {"host", o.host}, {"namespace", o.space}};
  json::object on;
  for (const auto& [name, text] : places)
    if (!text.empty())
      on[name] = text;
  if (!on.empty())
    body["on"] = std::move(on);
  if (!o.description.empty())
    body["description"] = o.description;
  return put_kept(s, words(), o.name, body, o.reason);
}

void add_set(CLI::App& limit, action& chosen) {
  auto o = std::make_shared<limit_options>();
  auto* cmd = limit.add_subcommand(
    "set", "Set a limit, in place of a former one; what is used stays used");
  cmd->add_option("name", o->name, "Its name")->required()->type_name("NAME");
  const auto option
    = [&](const char* name, auto& into, const char* help, const char* type) {
        cmd->add_option(name, into, help)->type_name(type);
      };
  option("--rate", o->rate, "So many in any stretch of time", "N/TIME");
  option("--burst", o->burst, "So many at once, else as many as the rate", "N");
  option("--concurrency", o->concurrency, "So many at the same time", "N");
  option("--quota", o->quota,
         "So many in a window that begins with the day, "
         "in UTC",
         "N/TIME");
  option("--warn-at", o->warn_at,
         "Tell when this part of the quota, or of the bytes, is used", "0..1");
  option("--on-queue", o->queue, "All jobs of this queue need a token",
         "QUEUE");
  option("--on-host", o->host, "All HTTP calls to this host need a token",
         "HOST[:PORT]");
  option("--on-namespace", o->space, "For --live, --bytes and --starts",
         "NAMESPACE");
  option("--live", o->live, "So many instances that have not ended", "N");
  option("--bytes", o->bytes,
         "No start once its instances take so much on disk", "SIZE");
  option("--starts", o->starts, "So many instances are started", "N/TIME");
  option("--description", o->description, "What it is for", "TEXT");
  add_reason(*cmd, o->reason);
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return set(s, *o); }; });
}

} // namespace

void add_limits(CLI::App& app, action& chosen) {
  auto* limit = app.add_subcommand(
    "limit", "How fast, how many at once and how much a day");
  limit->require_subcommand(1);
  limit->footer(
    "Tasks name a limit (metadata.limit), unless it is on a queue, a host or "
    "a\n"
    "namespace. Without -n it is for all namespaces, and an admin's.\n"
    "Examples:\n"
    "  pawl limit set sheets --rate 60/m --quota 5000/P1D --warn-at 0.9\n"
    "  pawl limit set printers --concurrency 2\n"
    "  pawl limit set crm --on-host crm.example.com --rate 10/s --burst 20\n"
    "  pawl limit set shop --on-namespace shop --live 10000 --starts 50/s \\\n"
    "    --bytes 10GiB\n"
    "  pawl limit ls\n"
    "  pawl limit show sheets\n"
    "  pawl -n shop limit rm printers");
  add_set(*limit, chosen);
  add_kept(*limit, chosen, words());
}

} // namespace pawl::cli::commands
