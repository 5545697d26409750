#include "cli/worker.hpp"

#include "cli/job_process.hpp"
#include "cli/problem.hpp"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <fmt/format.h>
#include <iostream>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace pawl::cli {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr duration poll_wait = 25s;
constexpr duration beat_timeout = 3s;
/// How long a result is offered to a daemon that does not answer.
constexpr duration result_patience = 1h;
constexpr duration last_patience = 60s; ///< Once the worker is to end.
constexpr int data_error = 65;          ///< EX_DATAERR: no retry will help.

std::atomic<int> signals = 0;

void count_signal(int) {
  ++signals;
}

bool stopping() {
  return signals > 0;
}

std::string default_id() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("{}-{}", host.data(), getpid());
}

/// One job, on a thread and with a client of its own.
class job_run {
public:
  job_run(std::unique_ptr<client> http, const worker_options& how,
          const json::value& lease, std::function<void(std::string)> say)
      : http_{std::move(http)}, how_{how}, token_{text_at(lease, {"token"})},
        task_(lease.at("task")), say_{std::move(say)} {}

  void run() {
    const auto begun = steady::now();
    const auto verdict = carry_out();
    const auto length
      = std::chrono::duration_cast<duration>(steady::now() - begun);
    say_(fmt::format("{} {} attempt {}: {} ({})", text_at(task_, {"instance"}),
                     text_at(task_, {"task"}), text_at(task_, {"attempt"}),
                     verdict, to_elapsed(length)));
  }

private:
  enum class end : std::uint8_t { by_itself, unwanted, lost };

  std::string carry_out() {
    job_process command{how_.command, environment(), to_text(task_) + '\n'};
    const auto how = attend(command);
    if (how == end::lost)
      return "lost, another worker may have it";
    if (how == end::unwanted)
      return tell("release", json::object{}) ? "stopped and given back"
                                             : "stopped";
    return tell_result(command);
  }

  [[nodiscard]] std::vector<std::string> environment() const {
    return {"PAWL_INSTANCE=" + text_at(task_, {"instance"}),
            "PAWL_TASK=" + text_at(task_, {"task"}),
            "PAWL_ATTEMPT=" + text_at(task_, {"attempt"}),
            "PAWL_EFFECT_KEY=" + text_at(task_, {"effectKey"}),
            "PAWL_FENCING=" + text_at(task_, {"fencing"})};
  }

  /// Heartbeats while the command runs.
  end attend(job_process& command) {
    auto why = end::by_itself;
    auto next = steady::now() + how_.lease / 3;
    while (!command.ended()) {
      const auto left
        = std::chrono::duration_cast<duration>(next - steady::now());
      command.pump(std::clamp<duration>(left, 1ms, 200ms));
      if (signals > 1 && why == end::by_itself) {
        why = end::unwanted;
        command.stop();
      }
      if (steady::now() < next || command.ended())
        continue;
      next = steady::now() + how_.lease / 3;
      const auto said = send("heartbeat", json::object{});
      if (!said || said->status >= 500) {
        next = steady::now() + 1s; // The daemon is away; it comes again.
        continue;
      }
      if (said->status == 409)
        why = end::lost;
      else if (said->status == 200 && wants_end(said->body)
               && why == end::by_itself)
        why = end::unwanted;
      if (why != end::by_itself)
        command.stop();
    }
    return why;
  }

  static bool wants_end(const std::string& body) {
    const auto said = parse_json(body);
    return said && text_at(*said, {"directive"}) != "continue";
  }

  std::string tell_result(const job_process& command) {
    if (command.wrote_too_much())
      return tell_failure(
        fmt::format("the command wrote more than {} bytes to stdout",
                    job_process::output_max),
        false);
    if (command.code() != 0)
      return tell_failure(
        fmt::format("the command ended with code {}", command.code()),
        command.code() != data_error);
    const auto& text = command.output();
    const bool nothing = text.find_first_not_of(" \t\r\n") == std::string::npos;
    auto output
      = nothing ? result<json::value>{json::value{}} : parse_json(text);
    if (!output)
      return tell_failure("what the command wrote to stdout is not JSON: "
                            + output.error().detail,
                          false);
    const json::object body{{"output", std::move(*output)}};
    return tell("complete", body) ? "completed" : "done, but not recorded";
  }

  std::string tell_failure(const std::string& detail, bool retryable) {
    const json::object body{
      {"error", {{"title", "The worker failed"}, {"detail", detail}}},
      {"retryable", retryable}};
    return (tell("fail", body) ? "failed: " : "failed, not recorded: ")
           + detail;
  }

  /// Tells until the daemon has answered. False if it was not recorded.
  bool tell(const char* verb, const json::object& body) {
    const auto begun = steady::now();
    for (auto pause = 100ms;; pause = std::min(pause * 2, 2000ms)) {
      const auto said = send(verb, body);
      if (said && said->status < 500 && said->status != 429)
        return said->status < 300;
      if (steady::now() - begun
          > (stopping() ? last_patience : result_patience))
        return false;
      std::this_thread::sleep_for(pause);
    }
  }

  outcome<response> send(const char* verb, const json::object& body) {
    request what{.method = "POST",
                 .target = fmt::format("/v1/leases/{}/{}", token_, verb)};
    what.headers = {{"Content-Type", "application/json"}};
    what.body = to_text(json::value(body));
    return http_->send(std::move(what));
  }

  std::unique_ptr<client> http_;
  const worker_options& how_;
  std::string token_;
  json::value task_;
  std::function<void(std::string)> say_;
};

class worker {
public:
  worker(session& s, worker_options how) : s_{s}, how_{std::move(how)} {}

  outcome<exit_code> run() {
    say(fmt::format("worker {} asks for jobs of the queue {}", how_.id,
                    how_.queue));
    outcome<> asked{};
    while (!stopping() && asked) {
      const auto room = wait_for_room();
      if (room > 0)
        asked = ask(room);
    }
    wait_for_all();
    if (!asked)
      return asked.error();
    return exit_code::ok;
  }

private:
  void say(const std::string& line) {
    const std::lock_guard hold{lock_};
    s_.err << line << std::endl;
  }

  std::uint32_t wait_for_room() {
    std::unique_lock hold{lock_};
    changed_.wait_for(hold, 200ms, [&] { return running_ < how_.max; });
    return stopping() ? 0 : how_.max - running_;
  }

  void wait_for_all() {
    std::unique_lock hold{lock_};
    while (running_ > 0)
      changed_.wait_for(hold, 200ms);
  }

  /// Asks once. Fails where asking again is of no use.
  outcome<> ask(std::uint32_t room) {
    json::object labels;
    for (const auto& [name, value] : how_.labels)
      labels[name] = value;
    const json::object body{
      {"worker", {{"id", how_.id}, {"labels", std::move(labels)}}},
      {"max", room},
      {"wait", fmt::format("PT{}S", poll_wait.count() / 1000)},
      {"lease", fmt::format("PT{}S", double(how_.lease.count()) / 1000)}};
    request what{.method = "POST",
                 .target = "/v1/queues/" + url_encode(how_.queue) + "/leases"};
    what.headers = {{"Content-Type", "application/json"}};
    what.body = to_text(json::value(body));
    std::string text;
    const auto end = s_.http.stream(what, {.opened = [] {},
                                           .data =
                                             [&](std::string_view bytes) {
                                               text.append(bytes);
                                               return true;
                                             },
                                           .tick = [] { return !stopping(); }});
    if (!end || end->refused.status == 0) {
      if (!std::exchange(away_, true) && !stopping())
        say("the daemon is away; trying on");
      return rest(1s), outcome<>{};
    }
    if (std::exchange(away_, false))
      say("the daemon is back");
    const auto status = end->refused.status;
    if (status == 200)
      return begin(text), outcome<>{};
    if (status == 204)
      return {};
    if (status == 429 || status >= 500)
      return rest(1s), outcome<>{};
    return to_failure(end->refused);
  }

  static void rest(duration length) {
    const auto until = steady::now() + length;
    while (!stopping() && steady::now() < until)
      std::this_thread::sleep_for(50ms);
  }

  void begin(const std::string& text) {
    const auto body = parse_json(text, 80);
    if (!body || find_at(*body, {"leases"}) == nullptr)
      return; // The connection broke off; the leases run out.
    for (const auto& lease : body->at("leases").as_array()) {
      {
        const std::lock_guard hold{lock_};
        ++running_;
      }
      std::thread{[this, lease] { serve(lease); }}.detach();
    }
  }

  void serve(const json::value& lease) {
    try {
      job_run{s_.http.another(beat_timeout), how_, lease,
              [this](const std::string& line) { say(line); }}
        .run();
    } catch (const std::exception& e) {
      say(e.what());
    }
    const std::lock_guard hold{lock_};
    --running_;
    changed_.notify_all();
  }

  session& s_;
  const worker_options how_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::uint32_t running_ = 0;
  bool away_ = false;
};

} // namespace

outcome<exit_code> run_worker(session& s, worker_options how) {
  if (how.id.empty())
    how.id = default_id();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, count_signal);
  std::signal(SIGINT, count_signal);
  return worker{s, std::move(how)}.run();
}

} // namespace pawl::cli
