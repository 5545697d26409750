#include "cli/commands/commands.hpp"
#include "cli/commands/list_filter.hpp"
#include "cli/live_area.hpp"
#include "cli/load_view.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <thread>

namespace pawl::cli::commands {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int) {
  interrupted = 1;
}

struct top_options {
  std::string workflow;
  double interval_s = 2;
  bool once = false;
};

/// How much of a status is looked at each time.
constexpr std::size_t instances_max = 5000;

/// Adds the newest instances in a status; false if there are more.
outcome<bool> add_status(session& s, const std::string& workflow,
                         const char* status, load_reading& into) {
  auto base = list_target(s, {.workflow = workflow, .status = status}, 1000);
  if (!base)
    return base.error();
  std::string cursor;
  for (std::size_t seen = 0; seen < instances_max;) {
    auto target = *base;
    add_query(target, "cursor", cursor);
    auto page = call(s, {.target = target});
    if (!page)
      return page.error();
    const auto* items = find_at(*page, {"items"});
    if (items == nullptr || !items->is_array())
      return true;
    into.instances.insert(into.instances.end(), items->get_array().begin(),
                          items->get_array().end());
    seen += items->get_array().size();
    cursor = text_at(*page, {"nextCursor"});
    if (cursor.empty())
      return true;
  }
  return false;
}

/// What not everybody may see is left out, not an error.
void read_metrics(session& s, load_reading& into) {
  auto answer = s.http.send({.target = "/metrics"});
  into.at = clock::now();
  if (answer && answer->status == 200)
    into.metrics = parse_metrics(answer->body);
}

outcome<load_reading> read_load(session& s, const top_options& o) {
  load_reading out;
  for (const auto* status : {"pending", "running", "waiting", "suspending",
                             "suspended", "cancelling", "faulted"}) {
    auto all = add_status(s, o.workflow, status, out);
    if (!all)
      return all.error();
    out.complete = out.complete && *all;
  }
  auto target = list_target(s, {.workflow = o.workflow}, 1000);
  if (!target)
    return target.error();
  auto newest = call(s, {.target = *target});
  if (!newest)
    return newest.error();
  if (const auto* items = find_at(*newest, {"items"});
      items != nullptr && items->is_array())
    out.recent.assign(items->get_array().begin(), items->get_array().end());
  if (auto queues = call(s, {.target = "/v1/queues"}))
    out.queues = std::move(*queues);
  read_metrics(s, out);
  return out;
}

void show(session& s, live_area& area, const json::value& load, bool live) {
  if (s.output != format::table) {
    if (s.output == format::yaml)
      s.out << "---\n" << to_yaml(load);
    else
      s.out << to_text(load) << '\n';
    s.out << std::flush;
    return;
  }
  auto lines = load_lines(load, painter{live ? s.colour_err : s.colour_out});
  if (live) {
    lines.insert(lines.begin(),
                 fmt::format("pawl top  {}  {}  every {}, Ctrl-C ends",
                             s.http.server_name(), text_at(load, {"time"}),
                             text_at(load, {"interval"})));
    return area.draw(lines);
  }
  for (const auto& line : lines)
    s.out << line << '\n';
  s.out << std::flush;
}

void sleep_until(steady::time_point when) {
  while (interrupted == 0 && steady::now() < when)
    std::this_thread::sleep_for(
      std::min<steady::duration>(50ms, when - steady::now()));
}

outcome<exit_code> once(session& s, const top_options& o, duration interval) {
  load_reading before;
  read_metrics(s, before);
  sleep_until(steady::now() + interval);
  auto now = read_load(s, o);
  if (!now)
    return now.error();
  const auto load = load_of(before, *now);
  if (s.output == format::json)
    s.out << to_pretty(load) << std::flush;
  else {
    live_area none{s.err, false};
    show(s, none, load, false);
  }
  return exit_code::ok;
}

/// Whether the daemon may come back by itself.
bool is_away(const failure& why) {
  return why.code == exit_code::unreachable || why.code == exit_code::timed_out;
}

outcome<exit_code> top(session& s, const top_options& o) {
  const duration interval{static_cast<std::int64_t>(o.interval_s * 1000)};
  const auto before_signal = std::signal(SIGINT, interrupt);
  if (o.once)
    return once(s, o, interval);
  live_area area{s.err, s.live};
  load_reading before;
  for (auto next = steady::now(); interrupted == 0; sleep_until(next)) {
    next += interval;
    auto now = read_load(s, o);
    if (!now && (before.at == timestamp{} || !is_away(now.error()))) {
      area.clear();
      return now.error();
    }
    if (!now) { // It was there before, so it may come back.
      area.draw({"the daemon is away: " + now.error().text});
      continue;
    }
    auto load = load_of(before, *now);
    load["interval"] = to_elapsed(interval);
    show(s, area, load, s.live);
    before = std::move(*now);
  }
  std::signal(SIGINT, before_signal);
  return exit_code::ok;
}

} // namespace

void add_top(CLI::App& app, action& chosen) {
  auto o = std::make_shared<top_options>();
  auto* cmd = app.add_subcommand(
    "top", "Watch instances by status and workflow, rates, and queues");
  cmd->add_option("-w,--workflow", o->workflow, "Only of this workflow")
    ->type_name("[NS/]NAME[@VER]");
  cmd->add_option("--interval", o->interval_s, "How often it looks (2)")
    ->type_name("SECONDS")
    ->check(CLI::Range(0.1, 3600.0).description(""));
  cmd->add_flag("--once", o->once,
                "Look once, measuring rates for the interval, and end");
  cmd->footer("On a terminal it is redrawn in place; else, and with -o, every "
              "look\nis written below the last: a line of JSON each.\n"
              "Of each status at most the 5,000 newest are looked at.\n"
              "Examples:\n"
              "  pawl top\n"
              "  pawl top -w default/story --interval 10\n"
              "  pawl top --once --interval 1 -o json | jq .instances.faulted");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return top(s, *o); }; });
}

} // namespace pawl::cli::commands
