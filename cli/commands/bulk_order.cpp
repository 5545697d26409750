#include "cli/commands/bulk_order.hpp"

#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <thread>

namespace pawl::cli::commands {
namespace {

constexpr std::chrono::milliseconds look_every{300};

/// The parts of "status=faulted workflow=shop/order", divided by blanks or
/// commas.
std::vector<std::string> parts_of(const std::string& query) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from < query.size()) {
    const auto end = std::min(query.find_first_of(" ,", from), query.size());
    if (end > from)
      out.push_back(query.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

outcome<json::object> filter_of(const session& s, const std::string& query) {
  json::object out;
  if (!s.ns.empty())
    out["namespace"] = s.ns;
  if (query == "all")
    return out;
  for (const auto& part : parts_of(query)) {
    const auto equals = part.find('=');
    if (equals == part.npos || equals == 0)
      return failure{exit_code::usage,
                     fmt::format("-q {}: expected KEY=VALUE, as in 'status="
                                 "faulted workflow=shop/order', or all",
                                 printable(part))};
    const auto key = part.substr(0, equals);
    auto value = part.substr(equals + 1);
    if (key == "workflow")
      if (const auto at = value.find('@'); at != value.npos) {
        out["version"] = value.substr(at + 1);
        value.resize(at);
      }
    if (key == "quarantined")
      out[key] = value == "true";
    else
      out[key] = value;
  }
  if (out.empty())
    return failure{exit_code::usage,
                   "-q selects nothing; all of them are: -q all"};
  return out;
}

outcome<json::value> post(session& s, const bulk_wish& wish, bool dry_run) {
  auto filter = filter_of(s, wish.query);
  if (!filter)
    return filter.error();
  json::object body{{"action", wish.action}, {"filter", std::move(*filter)}};
  if (!wish.args.empty())
    body["args"] = wish.args;
  if (!wish.reason.empty())
    body["reason"] = wish.reason;
  if (wish.rate > 0)
    body["ratePerSecond"] = wish.rate;
  if (wish.limit > 0)
    body["limit"] = wish.limit;
  if (dry_run)
    body["dryRun"] = true;
  return call(s, {.method = "POST",
                  .target = "/v1/bulk",
                  .headers = {{"Content-Type", "application/json"}},
                  .body = to_text(json::value(body))});
}

std::string count_in(const json::value& told) {
  const auto* whole = find_at(told, {"countComplete"});
  const bool more = whole != nullptr && whole->is_bool() && !whole->get_bool();
  return text_at(told, {"count"}) + (more ? " or more" : "");
}

void show_preview(session& s, const json::value& told) {
  std::vector<std::string> names;
  table rows{{"SAMPLE", "WORKFLOW", "STATUS", "WOULD BE"}, {}};
  if (const auto* samples = find_at(told, {"samples"});
      samples != nullptr && samples->is_array())
    for (const auto& one : samples->get_array()) {
      names.push_back(text_at(one, {"id"}));
      auto would = text_at(one, {"would", "refused"});
      would = would.empty() || would == "null" ? text_at(one, {"would", "then"})
                                               : "refused: " + would;
      rows.rows.push_back({names.back(), text_at(one, {"workflow", "name"}),
                           text_at(one, {"status"}), would});
    }
  print(s, told, rows, names);
  if (s.output == format::table)
    s.err << "it would " << text_at(told, {"action"}) << ' ' << count_in(told)
          << " instances\n";
}

bool agreed(session& s, const bulk_wish& wish, const json::value& preview) {
  if (s.yes || !s.asks)
    return true;
  s.err << wish.action << ' ' << count_in(preview) << " instances? [y/N] "
        << std::flush;
  std::string line;
  std::getline(s.in, line);
  return line == "y" || line == "Y" || line == "yes";
}

std::uint64_t count_at(const json::value& told, const char* name) {
  const auto* value = find_at(told, {"progress", name});
  return value != nullptr && value->is_number()
           ? value->to_number<std::uint64_t>()
           : 0;
}

exit_code code_of(const json::value& told) {
  if (text_at(told, {"status"}) != "completed" || count_at(told, "failed") > 0
      || count_at(told, "unknown") > 0)
    return exit_code::error;
  return count_at(told, "refused") > 0 ? exit_code::not_allowed : exit_code::ok;
}

outcome<json::value> follow(session& s, json::value told) {
  const auto id = text_at(told, {"id"});
  while (find_at(told, {"endedAt"}) != nullptr
         && find_at(told, {"endedAt"})->is_null()) {
    std::this_thread::sleep_for(look_every);
    auto now = call(s, {.target = "/v1/bulk/" + url_encode(id)});
    if (!now)
      return now.error();
    told = std::move(*now);
    if (s.live)
      s.err << '\r' << text_at(told, {"status"}) << ", "
            << text_at(told, {"progress", "percent"}) << " %, "
            << text_at(told, {"progress", "done"}) << " done  " << std::flush;
  }
  if (s.live)
    s.err << '\n';
  return told;
}

} // namespace

void add_bulk_options(CLI::App& to, bulk_wish& wish) {
  to.add_option("-q,--query", wish.query,
                "All instances that this selects: all, or KEY=VALUE... of "
                "namespace workflow version status state label.KEY "
                "index.NAME startedAfter startedBefore quarantined")
    ->type_name("QUERY");
  to.add_option("--rate", wish.rate, "With -q: so many a second")
    ->type_name("N")
    ->check(CLI::Range(0.01, 1000.0).description(""));
  to.add_option("--limit", wish.limit, "With -q: at most so many")
    ->type_name("N");
  to.add_flag("--detach", wish.detach, "With -q: do not wait for the end");
}

outcome<exit_code> order_bulk(session& s, const bulk_wish& wish) {
  if (wish.dry_run || (s.asks && !s.yes)) {
    auto preview = post(s, wish, true);
    if (!preview)
      return preview.error();
    if (wish.dry_run) {
      show_preview(s, *preview);
      return exit_code::ok;
    }
    if (!agreed(s, wish, *preview))
      return failure{exit_code::error, "nothing was done"};
  }
  auto told = post(s, wish, false);
  if (!told)
    return told.error();
  if (!wish.detach) {
    s.err << "bulk " << text_at(*told, {"id"}) << ": " << count_in(*told)
          << " instances; it goes on without this command\n";
    told = follow(s, std::move(*told));
    if (!told)
      return told.error();
  }
  show_bulks(s, *told, {*told});
  return wish.detach ? exit_code::ok : code_of(*told);
}

void show_bulks(session& s, const json::value& data,
                const std::vector<json::value>& which) {
  table rows{{"ID", "ACTION", "STATUS", "OF", "DONE", "REFUSED", "FAILED",
              "UNKNOWN", "LEFT", "BY", "REASON"},
             {}};
  std::vector<std::string> names;
  for (const auto& one : which) {
    names.push_back(text_at(one, {"id"}));
    const auto count = [&](const char* name) {
      return text_at(one, {"progress", name});
    };
    rows.rows.push_back({names.back(), text_at(one, {"action"}),
                         text_at(one, {"status"}), count_in(one), count("done"),
                         count("refused"), count("failed"), count("unknown"),
                         count("left"), text_at(one, {"by"}),
                         text_at(one, {"reason"})});
  }
  print(s, data, rows, names);
}

} // namespace pawl::cli::commands
