#include "cli/diagnosis.hpp"

#include "cli/output.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>

namespace pawl::cli {
namespace {

using grade = finding::grade;

constexpr duration skew_max = std::chrono::seconds{5};
constexpr duration hold_old = std::chrono::days{1};
/// Names that are told one by one; more are counted.
constexpr std::size_t named_max = 5;
/// Schedules whose last instance is looked at.
constexpr std::size_t schedules_max = 100;

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), named_max); ++i)
    out.append(i == 0 ? "" : ", ").append(names[i]);
  if (names.size() > named_max)
    out += fmt::format(" and {} more", names.size() - named_max);
  return out;
}

/// The value of a metric without labels in Prometheus text.
std::optional<double> metric(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with(name) && line.substr(name.size()).starts_with(' '))
      return std::strtod(std::string{line.substr(name.size() + 1)}.c_str(),
                         nullptr);
  }
  return std::nullopt;
}

/// One look at the daemon after the other.
class examination {
public:
  examination(client& http, timestamp now) : http_{http}, now_{now} {}

  diagnosis run() && {
    if (!server())
      return std::move(out_);
    ready();
    if (!token())
      return std::move(out_);
    disk();
    quarantined();
    queues();
    holds();
    schedules();
    backups();
    tokens();
    return std::move(out_);
  }

private:
  void add(std::string check, grade level, std::string what,
           std::string fix = {}) {
    out_.findings.push_back(
      {std::move(check), level, std::move(what), std::move(fix)});
  }

  /// The answer, if it is 200; else the check was not possible, which is told.
  std::optional<std::string> get(const std::string& check,
                                 const std::string& target) {
    const auto said = http_.send({.target = target});
    if (said && said->status == 200)
      return said->body;
    if (said && said->status == 403)
      add(check, grade::info,
          "Not looked at: the token has not the role that this needs.",
          "pawl token create NAME --role admin");
    else
      add(check, grade::warning,
          said
            ? fmt::format("GET {} was answered with {}.", target, said->status)
            : said.error().text);
    return std::nullopt;
  }
  std::optional<json::value> get_json(const std::string& check,
                                      const std::string& target) {
    const auto text = get(check, target);
    if (!text)
      return std::nullopt;
    auto parsed = parse_json(*text);
    return parsed ? std::optional{std::move(*parsed)} : std::nullopt;
  }
  /// The items of one page of a list; absent as in get().
  std::optional<json::array> items(const std::string& check,
                                   const std::string& target) {
    const auto page = get_json(check, target);
    const auto* found = page ? find_at(*page, {"items"}) : nullptr;
    if (found == nullptr || !found->is_array())
      return std::nullopt;
    return found->get_array();
  }

  /// False if there is none.
  bool server() {
    const auto said = http_.send({.target = "/version"});
    if (!said) {
      add("server", grade::error, said.error().text,
          "systemctl start pawld, or name another one with --url");
      return false;
    }
    out_.reached = true;
    add("server", grade::ok, "Reached at " + http_.server_name() + '.');
    const auto body = parse_json(said->body);
    const auto version = body ? text_at(*body, {"version"}) : "";
    if (version == PAWL_VERSION)
      add("version", grade::ok, "Client and daemon are " + version + '.');
    else
      add("version", grade::warning,
          fmt::format("The client is {}, the daemon {}.", PAWL_VERSION,
                      version.empty() ? "something else" : version),
          "install the same version of both");
    const auto date = said->headers.find("date");
    const auto skew = date == said->headers.end()
                        ? std::nullopt
                        : clock_skew(date->second, now_);
    if (!skew)
      add("clock", grade::info, "The daemon does not tell its time.");
    else if (*skew > skew_max || *skew < -skew_max)
      add("clock", grade::warning,
          fmt::format("The daemon's clock is {} {} this one's.",
                      to_elapsed(std::chrono::abs(*skew)),
                      *skew > duration{} ? "ahead of" : "behind"),
          "timedatectl set-ntp true, on both machines");
    else
      add("clock", grade::ok, "The clocks agree.");
    return true;
  }

  void ready() {
    const auto said = http_.send({.target = "/readyz"});
    if (said && said->status == 200)
      return add("ready", grade::ok, "It takes work.");
    const auto body = said ? parse_json(said->body) : parse_json("null");
    const auto why = body ? text_at(*body, {"detail"}) : "";
    add("ready", grade::error,
        said ? "It takes no work: " + why + '.' : said.error().text,
        why == "disk-low"   ? "free space where data_dir is"
        : why == "draining" ? "it stops; systemctl start pawld"
                            : "wait, and look at its log: journalctl -u pawld");
  }

  /// False if nothing more can be asked.
  bool token() {
    const auto said = http_.send({.target = "/v1/whoami"});
    if (said && said->status == 403) {
      add("token", grade::info,
          "It is valid, and may look at nothing: the rest is left out.",
          "pawl token create NAME --role viewer");
      return false;
    }
    if (!said || said->status != 200) {
      add("token", grade::error,
          said && said->status == 401 ? "It is missing or not valid."
          : said
            ? fmt::format("GET /v1/whoami was answered with {}.", said->status)
            : said.error().text,
          "set $PAWL_TOKEN or --token-file; an admin makes one with pawl token "
          "create");
      return false;
    }
    const auto body = parse_json(said->body);
    const auto who = body ? text_at(*body, {"who"}) : "";
    std::string roles;
    const auto* list = body ? find_at(*body, {"roles"}) : nullptr;
    if (list != nullptr && list->is_array())
      for (const auto& one : list->get_array())
        roles += (roles.empty() ? "" : ", ") + text_at(one, {"role"});
    const bool all = body && text_at(*body, {"almighty"}) == "true";
    add("token", grade::ok,
        fmt::format("The daemon knows you as {}: {}.",
                    who.empty() ? "nobody in particular" : who,
                    all             ? "may do everything"
                    : roles.empty() ? "no roles"
                                    : roles));
    return true;
  }

  void disk() {
    const auto text = get("disk", "/metrics");
    const auto free
      = text ? metric(*text, "pawl_disk_free_bytes") : std::nullopt;
    const auto low = text ? metric(*text, "pawl_disk_low_bytes") : std::nullopt;
    if (!free || !low)
      return;
    const auto told = fmt::format("{:.1f} GiB are free where the data lives",
                                  *free / (1 << 30));
    if (*free < *low)
      add("disk", grade::error, told + ", too little: nothing new is taken.",
          "free space where data_dir is");
    else if (*free < 2 * *low)
      add("disk", grade::warning, told + ", less than twice storage.disk_low.",
          "pawl retention, and free space where data_dir is");
    else
      add("disk", grade::ok, told + '.');
  }

  void quarantined() {
    const auto found
      = items("quarantine", "/v1/instances?quarantined=true&limit=1000");
    if (!found)
      return;
    std::vector<std::string> names;
    for (const auto& one : *found)
      names.push_back(text_at(one, {"id"}));
    if (names.empty())
      return add("quarantine", grade::ok, "No instance is set aside.");
    add("quarantine", grade::error,
        fmt::format("{} instances are set aside: {}.", names.size(),
                    joined(names)),
        "pawl explain " + names.front() + ", then pawl retry " + names.front());
  }

  void queues() {
    const auto found = items("queues", "/v1/queues");
    if (!found)
      return;
    std::vector<std::string> names;
    for (const auto& one : *found)
      if (text_at(one, {"unserved"}) == "true")
        names.push_back(text_at(one, {"name"}));
    if (names.empty())
      return add("queues", grade::ok, "Every queue with jobs has workers.");
    add("queues", grade::warning,
        "Jobs wait and no worker asks: " + joined(names) + '.',
        "pawl worker run " + names.front() + " -- COMMAND");
  }

  void holds() {
    const auto found = items("holds", "/v1/holds?limit=1000");
    if (!found)
      return;
    std::vector<std::string> names;
    for (const auto& one : *found) {
      const auto since = parse_timestamp(text_at(one, {"createdAt"}));
      if (since && now_ - *since > hold_old)
        names.push_back(text_at(one, {"id"}));
    }
    if (names.empty())
      return add("holds", grade::ok, "No hold is older than a day.");
    add("holds", grade::warning,
        "Holds that are older than a day: " + joined(names) + '.',
        "pawl hold ls, then pawl hold release " + names.front());
  }

  void schedules() {
    const auto found = items("schedules", "/v1/schedules?limit=1000");
    if (!found)
      return;
    std::vector<std::string> broken;
    std::vector<std::string> faulted;
    std::size_t looked = 0;
    for (const auto& one : *found) {
      const auto id = text_at(one, {"id"});
      if (text_at(one, {"status"}) == "faulted")
        broken.push_back(id);
      const auto* last = find_at(one, {"lastInstance"});
      if (last == nullptr || !last->is_string() || ++looked > schedules_max)
        continue;
      const auto said = http_.send(
        {.target = "/v1/instances/" + url_encode(text_at(one, {"lastInstance"}))
                   + "?namespace="
                   + url_encode(text_at(one, {"workflow", "namespace"}))});
      const auto body = said ? parse_json(said->body) : parse_json("null");
      if (said && said->status == 200 && body
          && text_at(*body, {"status"}) == "faulted")
        faulted.push_back(id);
    }
    if (!broken.empty())
      add("schedules", grade::error,
          "Schedules that cannot be read: " + joined(broken) + '.',
          "pawl schedule ls -o json shows the fault; pawl def apply FILE");
    if (!faulted.empty())
      add("schedules", grade::warning,
          "Schedules whose last instance has faulted: " + joined(faulted) + '.',
          "pawl ls -s faulted --label schedule=" + faulted.front());
    if (broken.empty() && faulted.empty())
      add("schedules", grade::ok,
          fmt::format("{} schedules, none has failed.", found->size()));
  }

  void backups() {
    const auto page = get_json("backups", "/v1/admin/backups");
    if (!page)
      return;
    const auto* directory = find_at(*page, {"directory"});
    if (directory == nullptr || !directory->is_string())
      return add("backups", grade::info, "None are taken.",
                 "set backup.directory and backup.every");
    if (const auto* why = find_at(*page, {"lastFailure"});
        why != nullptr && why->is_string())
      return add("backups", grade::error,
                 "The last try failed: " + text_at(*page, {"lastFailure"}),
                 "mend that, then pawl backup create");
    std::optional<timestamp> newest;
    if (const auto* list = find_at(*page, {"items"});
        list != nullptr && list->is_array())
      for (const auto& one : list->get_array())
        if (const auto at = parse_timestamp(text_at(one, {"takenAt"})))
          newest = std::max(newest.value_or(*at), *at);
    const auto every = length_of(text_at(*page, {"every"}));
    if (!newest)
      return add("backups", every ? grade::warning : grade::info,
                 "There is none yet.", "pawl backup create");
    const auto told = fmt::format(
      "The newest is {} old", to_elapsed(std::max(duration{}, now_ - *newest)));
    if (every && now_ - *newest > *every + *every / 2)
      return add("backups", grade::warning,
                 fmt::format("{}, and one is to be taken every {}.", told,
                             to_elapsed(*every)),
                 "pawl backup create, and look at the daemon's log");
    add("backups", grade::ok, told + '.');
  }

  void tokens() {
    const auto found = items("configuration", "/v1/tokens?limit=1");
    if (found && found->empty())
      add("configuration", grade::info,
          "There is no token: who is on this machine may do everything.",
          "pawl token create NAME --role admin");
    const auto name = http_.server_name();
    const bool plain = name.starts_with("http://")
                       && !name.starts_with("http://127.")
                       && !name.starts_with("http://localhost")
                       && !name.starts_with("http://[::1]");
    if (plain)
      add("configuration", grade::warning,
          "Tokens and data cross the network in the clear.",
          "set tls.certificate and tls.key, and use https://");
  }

  client& http_;
  timestamp now_;
  diagnosis out_;
};

} // namespace

std::string_view to_text(finding::grade level) {
  switch (level) {
  case grade::ok:
    return "ok";
  case grade::info:
    return "info";
  case grade::warning:
    return "warning";
  case grade::error:
    break;
  }
  return "error";
}

diagnosis examine(client& http, timestamp now) {
  return examination{http, now}.run();
}

std::optional<duration> clock_skew(std::string_view date, timestamp now) {
  std::tm parts{};
  const std::string text{date};
  const char* end
    = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0')
    return std::nullopt;
  // It names a whole second: up to one of them is no difference.
  const auto told = from_unix_ms(std::int64_t{::timegm(&parts)} * 1000);
  const auto ahead = told - now;
  constexpr duration second{1000};
  return ahead < duration{} && ahead > -second ? duration{} : ahead;
}

std::optional<duration> length_of(std::string_view iso) {
  if (!iso.starts_with('P') || iso.size() < 3)
    return std::nullopt;
  duration sum{};
  bool clock = false;
  std::int64_t number = 0;
  bool any = false;
  for (const char c : iso.substr(1)) {
    if (c >= '0' && c <= '9' && number < 1'000'000'000) {
      number = number * 10 + (c - '0');
      any = true;
      continue;
    }
    if (c == 'T' && !any && !clock) {
      clock = true;
      continue;
    }
    const std::int64_t seconds = c == 'D'            ? 86'400
                                 : c == 'H' && clock ? 3600
                                 : c == 'M' && clock ? 60
                                 : c == 'S' && clock ? 1
                                                     : 0;
    if (seconds == 0 || !any)
      return std::nullopt;
    sum += std::chrono::seconds{number * seconds};
    number = 0;
    any = false;
  }
  return any ? std::nullopt : std::optional{sum};
}

} // namespace pawl::cli
