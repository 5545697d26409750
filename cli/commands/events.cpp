#include "cli/commands/commands.hpp"
#include "cli/problem.hpp"
#include "cli/sse.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
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

struct events_options {
  bool follow = false;
  std::string workflow; ///< [NS/]NAME[@VER]
  std::string type;
  std::string instance;
  std::string status;
  std::string state;
  std::vector<std::string> labels; ///< KEY=VALUE
  std::vector<std::string> index;  ///< NAME=VALUE
  std::string started_after;
  std::string started_before;
  std::uint64_t count = 0; ///< 0: no end.
  double seconds = 0;      ///< 0: no end.
};

std::string target_of(const session& s, const events_options& o) {
  std::string target = "/v1/events";
  auto ns = s.ns;
  auto name = o.workflow;
  if (const auto slash = name.find('/'); slash != name.npos) {
    ns = name.substr(0, slash);
    name = name.substr(slash + 1);
  }
  const auto at = std::min(name.find('@'), name.size());
  add_query(target, "namespace", ns);
  add_query(target, "workflow", name.substr(0, at));
  add_query(target, "version", name.substr(std::min(at + 1, name.size())));
  add_query(target, "type", o.type);
  add_query(target, "instance", o.instance);
  add_query(target, "status", o.status);
  add_query(target, "state", o.state);
  add_query(target, "startedAfter", o.started_after);
  add_query(target, "startedBefore", o.started_before);
  const auto add_pairs
    = [&](const std::vector<std::string>& pairs, const std::string& prefix) {
        for (const auto& pair : pairs) {
          const auto equals = std::min(pair.find('='), pair.size());
          add_query(target, prefix + pair.substr(0, equals),
                    pair.substr(std::min(equals + 1, pair.size())));
        }
      };
  add_pairs(o.labels, "label.");
  add_pairs(o.index, "index.");
  return target;
}

/// One line an event; a table that has no end cannot know its widths.
void write(session& s, const sse_event& event) {
  const auto parsed = parse_json(event.data);
  const auto& body = parsed ? *parsed : json::value{};
  switch (s.output) {
  case format::table:
    s.out << printable(fmt::format("{:<24} {:<36} {}", text_at(body, {"time"}),
                                   text_at(body, {"type"}),
                                   text_at(body, {"subject"})))
          << '\n';
    break;
  case format::name:
    s.out << printable(text_at(body, {"type"})) << '\n';
    break;
  case format::yaml:
    s.out << "---\n" << to_yaml(body);
    break;
  case format::json:
  case format::jsonl:
    s.out << to_text(body) << '\n';
    break;
  }
  s.out << std::flush;
}

/// Follows the stream over lost connections, each behind the last event seen.
class follower {
public:
  follower(session& s, const events_options& o) : s_{s}, o_{o} {}

  outcome<exit_code> run() {
    if (o_.seconds > 0)
      until_ = steady::now()
               + std::chrono::milliseconds{
                 static_cast<std::int64_t>(o_.seconds * 1000)};
    const auto before = std::signal(SIGINT, interrupt);
    for (duration pause = 100ms;; pause = std::min<duration>(pause * 2, 5s)) {
      auto end = connect();
      if (over()) {
        std::signal(SIGINT, before);
        return interrupted != 0 ? exit_code::interrupted : exit_code::ok;
      }
      if (end && !end->connected && end->refused.status >= 400
          && end->refused.status != 429 && end->refused.status != 503)
        return to_failure(end->refused);
      if (!end && !s_.http.reached())
        return end.error();
      if (end && end->connected)
        pause = 100ms;
      if (!lost_)
        s_.err << "connection lost, reconnecting" << std::endl;
      lost_ = true;
      std::this_thread::sleep_for(pause);
    }
  }

private:
  [[nodiscard]] bool over() const {
    return interrupted != 0 || (o_.count != 0 && seen_ >= o_.count)
           || (until_ && steady::now() >= *until_);
  }

  outcome<stream_end> connect() {
    sse_parser parser{[&](const sse_event& event) {
      last_ = event.id;
      if (over())
        return;
      if (event.type == "gap") {
        s_.err << "some events were missed: the daemon does not remember them"
               << std::endl;
        return;
      }
      ++seen_;
      write(s_, event);
    }};
    request what{.target = target_of(s_, o_)};
    what.headers = {{"Accept", "text/event-stream"}};
    if (!last_.empty())
      what.headers.emplace_back("Last-Event-ID", last_);
    stream_sink sink;
    sink.opened = [&] {
      if (lost_)
        s_.err << "reconnected" << std::endl;
      lost_ = false;
    };
    sink.data
      = [&](std::string_view bytes) { return parser.feed(bytes) && !over(); };
    sink.tick = [&] { return !over(); };
    return s_.http.stream(what, sink);
  }

  session& s_;
  const events_options& o_;
  std::optional<steady::time_point> until_;
  std::string last_;
  std::uint64_t seen_ = 0;
  bool lost_ = false;
};

} // namespace

void add_events(CLI::App& app, action& chosen) {
  auto o = std::make_shared<events_options>();
  auto* cmd = app.add_subcommand(
    "events", "Follow what happens to all instances, from now on");
  cmd->add_flag("-f,--follow", o->follow,
                "Said for clearness: they are always followed");
  cmd->add_option("-w,--workflow", o->workflow, "Only of this workflow")
    ->type_name("[NS/]NAME[@VER]");
  cmd->add_option("--type", o->type, "Only types that begin so")
    ->type_name("TYPE");
  cmd->add_option("--instance", o->instance, "Only of this instance")
    ->type_name("ID");
  cmd
    ->add_option("-s,--status", o->status,
                 "Only of instances that stand so behind the event")
    ->type_name("STATUS");
  cmd->add_option("--state", o->state, "The same of the business state")
    ->type_name("STATE");
  const auto add_pairs = [&](const char* name, std::vector<std::string>& into,
                             const char* help, const char* type) {
    cmd->add_option(name, into, help)
      ->type_name(type)
      ->expected(1)
      ->check([type](const std::string& pair) -> std::string {
        const auto equals = pair.find('=');
        return equals == pair.npos || equals == 0
                 ? std::string{"expected "} + type
                 : "";
      });
  };
  add_pairs("--label", o->labels, "Only with this label; repeatable",
            "KEY=VALUE");
  add_pairs("--index", o->index,
            "Only with this value of metadata.index; repeatable", "NAME=VALUE");
  cmd
    ->add_option("--started-after", o->started_after,
                 "Only of instances that were started later, RFC 3339")
    ->type_name("TIME");
  cmd
    ->add_option("--started-before", o->started_before,
                 "Only of instances that were started earlier")
    ->type_name("TIME");
  cmd->add_option("--count", o->count, "End after so many")
    ->type_name("N")
    ->check(CLI::PositiveNumber.description(""));
  cmd->add_option("--for", o->seconds, "End after so long")
    ->type_name("SECONDS")
    ->check(CLI::PositiveNumber.description(""));
  cmd->footer("They are CloudEvents; with json and jsonl, one a line.\n"
              "Examples:\n"
              "  pawl events -f -w default/story\n"
              "  pawl events -f -o jsonl | jq 'select(.type|"
              "endswith(\"faulted.v1\"))'");
  cmd->callback([o, &chosen] {
    chosen = [o](session& s) { return follower{s, *o}.run(); };
  });
}

} // namespace pawl::cli::commands
