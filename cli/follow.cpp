#include "cli/follow.hpp"

#include "cli/live_area.hpp"
#include "cli/problem.hpp"
#include "cli/progress.hpp"
#include "cli/sse.hpp"
#include "cli/views.hpp"

#include <csignal>
#include <fmt/format.h>
#include <iostream>
#include <thread>

namespace pawl::cli {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto patience = 5min;

volatile std::sig_atomic_t interrupted = 0;

/// While it lives, SIGINT ends what is being followed in good order.
class interrupt_guard {
public:
  interrupt_guard() {
    interrupted = 0;
    struct sigaction act {};
    act.sa_handler = [](int) { interrupted = 1; };
    sigaction(SIGINT, &act, &before_);
  }
  ~interrupt_guard() { sigaction(SIGINT, &before_, nullptr); }
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;

private:
  struct sigaction before_ {};
};

failure stopped_by_user(const std::string& id) {
  return {exit_code::interrupted,
          fmt::format("no longer following; the instance goes on: "
                      "pawl status {}",
                      id)};
}

failure out_of_time(const std::string& id) {
  return {exit_code::timed_out,
          fmt::format("not ended in time; the instance goes on: "
                      "pawl status {}",
                      id)};
}

/// The state of one watch over all its connections.
class watcher {
public:
  watcher(session& s, std::string id, std::uint64_t after,
          const journal_sink& sink)
      : s_{s}, id_{std::move(id)}, last_{after}, sink_{sink} {}

  outcome<json::value> run(std::optional<duration> limit) {
    interrupt_guard guard;
    if (limit)
      deadline_ = steady::now() + *limit;
    auto alive = steady::now();
    for (duration pause = 100ms;; pause = std::min<duration>(pause * 2, 1s)) {
      auto end = connect_once();
      if (auto why = reason_to_stop())
        return std::move(*why);
      if (end && end->refused.status >= 400 && end->refused.status != 429
          && end->refused.status != 503)
        return to_failure(end->refused, {}, id_);
      // 204 is how the daemon tells a reconnecting client that all is told.
      if (end && (end->connected || end->refused.status == 204)) {
        if (auto ended = ended_instance())
          return std::move(*ended);
        alive = steady::now();
        pause = 100ms;
      }
      if (!end && !s_.http.reached())
        return end.error();
      if (steady::now() - alive > patience)
        return failure{exit_code::unreachable,
                       "the daemon did not come back; the instance is safe: "
                       "pawl status "
                         + id_};
      if (!lost_ && !ended_) // An ending that was undone is no loss.
        sink_.note("connection lost, reconnecting");
      lost_ = !ended_;
      sleep(pause);
      if (auto why = reason_to_stop())
        return std::move(*why);
    }
  }

private:
  /// Follows one connection to its end.
  outcome<stream_end> connect_once() {
    sse_parser parser{[&](const sse_event& event) { take(event); }};
    request what{.target = instance_target(s_, id_, "/events")};
    what.headers = {{"Accept", "text/event-stream"},
                    {"Last-Event-ID", std::to_string(last_)}};
    ended_ = false;
    stream_sink stream;
    stream.opened = [&] {
      if (lost_)
        sink_.note("reconnected");
      lost_ = false;
    };
    stream.data = [&](std::string_view bytes) {
      return parser.feed(bytes) && !ended_ && interrupted == 0;
    };
    stream.tick = [&] {
      sink_.tick();
      return !reason_to_stop();
    };
    return s_.http.stream(what, stream);
  }

  void take(const sse_event& event) {
    auto item = parse_json(event.data, 1024);
    if (!item || !item->is_object())
      return; // Not of the journal: a notice of a later server.
    auto number = std::strtoull(event.id.c_str(), nullptr, 10);
    if (number <= last_)
      return;
    last_ = number;
    sink_.item(*item);
    ended_ = event.type == "instance.completed"
             || event.type == "instance.faulted"
             || event.type == "instance.cancelled";
  }

  /// The instance, if it has ended: an ending in the journal may have been
  /// undone by a retry since.
  std::optional<outcome<json::value>> ended_instance() {
    auto instance = call(s_, {.target = instance_target(s_, id_)}, {}, id_);
    if (!instance) {
      if (instance.error().code == exit_code::unreachable)
        return std::nullopt;
      return outcome<json::value>{instance.error()};
    }
    const auto* at = find_at(*instance, {"sequence"});
    bool all_seen = at == nullptr || !at->is_int64()
                    || static_cast<std::uint64_t>(at->get_int64()) <= last_;
    if (!has_ended(*instance) || !all_seen)
      return std::nullopt;
    return outcome<json::value>{std::move(*instance)};
  }

  [[nodiscard]] std::optional<failure> reason_to_stop() const {
    if (interrupted != 0)
      return stopped_by_user(id_);
    if (deadline_ && steady::now() >= *deadline_)
      return out_of_time(id_);
    return std::nullopt;
  }

  void sleep(duration pause) const {
    auto until = steady::now() + pause;
    while (steady::now() < until && !reason_to_stop()) {
      sink_.tick();
      std::this_thread::sleep_for(std::min<duration>(pause, 100ms));
    }
  }

  session& s_;
  std::string id_;
  std::uint64_t last_;
  const journal_sink& sink_;
  std::optional<steady::time_point> deadline_;
  bool ended_ = false; ///< The last event said so.
  bool lost_ = false;
};

std::string coloured(const progress_line& line, const painter& paint) {
  switch (line.how) {
  case progress_line::tone::good:
    return paint.green("✓ ") + line.text;
  case progress_line::tone::bad:
    return paint.red("✗ " + line.text);
  case progress_line::tone::wait:
    return paint.yellow("↻ ") + line.text;
  case progress_line::tone::quiet:
    return paint.dim("· " + line.text);
  case progress_line::tone::plain:
    break;
  }
  return "· " + line.text;
}

} // namespace

outcome<json::value> watch_journal(session& s, const std::string& id,
                                   std::uint64_t after,
                                   std::optional<duration> limit,
                                   const journal_sink& sink) {
  return watcher{s, id, after, sink}.run(limit);
}

outcome<json::value> follow_progress(session& s, const std::string& id,
                                     std::optional<duration> limit) {
  progress state;
  painter paint{s.colour_err};
  live_area area{s.err, s.live};
  std::string trouble;
  auto flush = [&] {
    for (const auto& line : state.take_lines())
      if (!s.live)
        area.print(line.time + "  " + line.text);
      else if (!line.only_plain)
        area.print(paint.dim(line.time) + "  " + coloured(line, paint));
  };
  journal_sink sink;
  sink.item = [&](const json::value& item) { state.apply(item); };
  sink.note = [&](const std::string& what) {
    trouble = what == "reconnected" ? "" : what;
    flush();
    area.print(paint.yellow(what));
  };
  sink.tick = [&] {
    flush();
    auto lines = state.live(clock::now(), paint);
    if (!trouble.empty())
      lines[0] += "  " + paint.yellow(trouble);
    area.draw(lines);
  };
  auto instance = watch_journal(s, id, 0, limit, sink);
  flush();
  area.clear();
  return instance;
}

outcome<json::value> wait_until_ended(session& s, const std::string& id,
                                      std::optional<duration> limit) {
  interrupt_guard guard;
  std::optional<steady::time_point> deadline;
  if (limit)
    deadline = steady::now() + *limit;
  std::string etag;
  for (;;) {
    duration hold = 20s;
    if (deadline)
      hold = std::min<duration>(hold, std::chrono::ceil<std::chrono::seconds>(
                                        *deadline - steady::now()));
    request what{.target = instance_target(s, id)};
    if (!etag.empty() && hold > 0s) {
      what.headers = {{"If-None-Match", etag},
                      {"Prefer", fmt::format("wait={}", hold / 1s)}};
      what.held = hold;
    }
    auto began = steady::now();
    auto answer = s.http.send(what);
    if (interrupted != 0)
      return stopped_by_user(id);
    if (!answer)
      return answer.error();
    if (answer->status != 304) {
      auto instance = body_of(*answer, {}, id);
      if (!instance)
        return instance.error();
      if (has_ended(*instance))
        return instance;
      etag = answer->headers["etag"];
    }
    if (deadline && steady::now() >= *deadline)
      return out_of_time(id);
    // A server that does not hold its answer must not be asked in a tight loop.
    if (steady::now() - began < 50ms)
      std::this_thread::sleep_for(100ms);
  }
}

bool has_ended(const json::value& instance) {
  auto status = text_at(instance, {"status"});
  return status == "completed" || status == "faulted" || status == "cancelled";
}

exit_code ending(session& s, const json::value& instance) {
  auto status = text_at(instance, {"status"});
  if (status == "completed")
    return exit_code::ok;
  painter paint{s.colour_err};
  auto id = text_at(instance, {"id"});
  if (status == "cancelled") {
    s.err << paint.red("cancelled") << '\n';
    return exit_code::cancelled;
  }
  const auto* error = find_at(instance, {"error"});
  s.err << paint.red("faulted: ")
        << (error != nullptr ? error_text(*error) : "") << '\n'
        << "try: pawl retry " << printable(id) << '\n';
  return exit_code::faulted;
}

} // namespace pawl::cli
