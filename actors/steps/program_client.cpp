#include "actors/steps/program_client.hpp"

#include "actors/steps/program_queue.hpp"
#include "base/log.hpp"
#include "base/overload.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace pawl::actors {

namespace {

using steady = std::chrono::steady_clock;

constexpr std::size_t removals_max = 4096;

struct stop_one {
  program_client::ticket id;
};
struct stop_all {
  instance_key of;
};
using wish_of_caller = std::variant<queued_program, stop_one, stop_all>;

program_failure failure_of(const json::object& frame) {
  const auto* const kind = frame.if_contains("kind");
  const auto* const detail = frame.if_contains("detail");
  const auto* const wanted = frame.if_contains("stopped");
  program_failure why;
  if (kind != nullptr && kind->is_string())
    why.kind = kind->get_string() == "configuration" ? error_kind::configuration
               : kind->get_string() == "timeout"     ? error_kind::timeout
                                                     : error_kind::runtime;
  if (detail != nullptr && detail->is_string())
    why.detail = std::string{detail->get_string()};
  why.stopped = wanted != nullptr && wanted->is_bool() && wanted->get_bool();
  return why;
}

program_outcome outcome_of(const json::object& frame) {
  program_outcome how;
  if (const auto* const code = frame.if_contains("code");
      code != nullptr && code->is_int64())
    how.code = static_cast<std::int32_t>(code->get_int64());
  if (const auto* const out = frame.if_contains("out");
      out != nullptr && out->is_string())
    how.out = std::string{out->get_string()};
  if (const auto* const err = frame.if_contains("err");
      err != nullptr && err->is_string())
    how.err = std::string{err->get_string()};
  return how;
}

/// Whether `has` keeps programs as far from the daemon as `least`.
bool suffices(std::string_view has, std::string_view least) {
  return least == "none" || has == "namespaces"
         || (has == "user" && least == "user");
}

} // namespace

/// The thread and what it alone touches, but for `inbox`, under its mutex.
struct program_client::state {
  explicit state(program_client_options o)
      : options{std::move(o)}, queue{options.limits} {
    waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (waker < 0)
      throw std::system_error{errno, std::generic_category(), "eventfd"};
    thread = std::thread{[this] { run(); }};
  }
  ~state() {
    stopping = true;
    wake();
    thread.join();
    close(waker);
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  void wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(!write(waker, &one, sizeof one));
  }

  void post(wish_of_caller what) {
    {
      const std::lock_guard hold{lock};
      inbox.push_back(std::move(what));
    }
    wake();
  }

  void run() {
    while (!stopping) {
      wait();
      take_wishes();
      hear();
      remove_containers();
      dispatch();
    }
    link.reset();
  }

  /// Until there is something to do.
  void wait() {
    std::array<pollfd, 2> both{{{waker, POLLIN, 0}, {-1, POLLIN, 0}}};
    if (link) {
      both[1].fd = link->frames().fd();
      if (link->frames().wants_to_send())
        both[1].events |= POLLOUT;
    }
    constexpr std::int64_t long_time = 3'600'000;
    auto left = long_time;
    if (!removals.empty())
      left = std::clamp<std::int64_t>(
        std::chrono::ceil<duration>(removals.begin()->first - steady::now())
          .count(),
        0, long_time);
    poll(both.data(), both.size(), static_cast<int>(left));
    if (both[0].revents != 0) {
      std::uint64_t many = 0;
      static_cast<void>(!read(waker, &many, sizeof many));
    }
  }

  void take_wishes() {
    std::deque<wish_of_caller> taken;
    {
      const std::lock_guard hold{lock};
      taken.swap(inbox);
    }
    for (auto& w : taken)
      std::visit(
        overload{[this](queued_program& one) { queue.add(std::move(one)); },
                 [this](stop_one which) { stop(which.id); },
                 [this](const stop_all& whose) {
                   for (const auto id : queue.detached_of(whose.of))
                     stop(id);
                 }},
        w);
  }

  void stop(ticket id) {
    if (auto one = queue.given_up(id))
      finish(*one,
             program_failure{error_kind::runtime,
                             "The program was stopped before it began.", true});
    else if (queue.runs(id))
      link->frames().send(to_text(json::object{{"stop", id}}));
  }

  void finish(queued_program& one, program_result how) {
    --active;
    if (one.detached_of)
      --detached;
    if (one.then)
      one.then(std::move(how));
  }

  /// Reads what the runner says.
  void hear() {
    if (!link)
      return;
    auto& frames = link->frames();
    bool lives = frames.flush();
    // As long as whole frames come; then the socket is empty.
    for (bool more = lives; more;) {
      lives = frames.fill();
      more = false;
      while (auto text = frames.next()) {
        more = lives;
        if (!take_frame(*text)) {
          log::warn("programs.runner_not_understood");
          return lose();
        }
      }
    }
    if (!lives)
      lose();
  }

  /// False if the runner speaks another language: somebody might wait for ever
  /// for what it meant.
  bool take_frame(const std::string& text) {
    const auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object())
      return false;
    const auto& frame = parsed->get_object();
    if (const auto* const how = frame.if_contains("hello")) {
      greeted = true;
      const std::string has{how->is_string() ? how->get_string() : "none"};
      good = suffices(has, options.isolation);
      log::info("programs.runner_ready",
                {{"isolation", has}, {"sufficient", good}});
      return true;
    }
    const auto* const ended = frame.if_contains("ended");
    const auto* const failed = frame.if_contains("failed");
    const auto* const id = ended != nullptr ? ended : failed;
    if (id == nullptr || !id->is_int64())
      return false;
    if (auto one = queue.ended(static_cast<ticket>(id->get_int64()))) {
      if (ended != nullptr && one->what.remove_after)
        remove_later(one->what);
      finish(*one, ended != nullptr ? program_result{outcome_of(frame)}
                                    : program_result{failure_of(frame)});
    }
    return true;
  }

  /// The runner is gone, and with it all programs.
  void lose() {
    log::warn("programs.runner_lost", {{"programs", queue.running()}});
    link.reset();
    const bool ever = std::exchange(greeted, false);
    for (auto& one : queue.take_running())
      finish(one,
             program_failure{error_kind::runtime,
                             "pawl-runner died while the program ran.", false});
    if (!ever)
      refuse_waiting("pawl-runner ended before it could run anything.");
  }

  void refuse_waiting(const std::string& why) {
    for (auto& one : queue.take_waiting())
      finish(one, program_failure{error_kind::configuration, why, false});
  }

  void dispatch() {
    if (!queue.any_waits())
      return;
    if (!link) {
      auto opened = runner_link::open(options.runner);
      if (!opened) {
        refuse_waiting(opened.error().detail);
        return;
      }
      link = std::move(*opened);
    }
    if (!greeted)
      return;
    if (!good) {
      refuse_waiting("Programs would run here as the daemon's own user, and "
                     "less apart from it than programs.isolation demands. "
                     "Install pawl-runner as a service and set "
                     "programs.socket, or see docs/operating/programs.md.");
      return;
    }
    while (auto one = queue.next())
      send(std::move(*one));
  }

  void send(queued_program one) {
    one.what.start["start"] = one.id;
    auto text = to_text(one.what.start);
    one.what.start.clear(); // It may hold secrets, and is not needed again.
    if (text.size() > frame_channel::frame_max) {
      finish(one, program_failure{error_kind::validation,
                                  "The program's input is too large.", false});
      return;
    }
    link->frames().send(text);
    queue.begun(std::move(one));
  }

  void remove_later(runner_order& what) {
    // Rather too early than never.
    const auto when = removals.size() < removals_max
                        ? steady::now() + *what.remove_after
                        : steady::now();
    removals.emplace(when, std::move(what.remove));
  }

  void remove_containers() {
    while (!removals.empty() && removals.begin()->first <= steady::now()) {
      ++active;
      queue.add(
        {next++, {std::move(removals.begin()->second), {}, {}}, done{}});
      removals.erase(removals.begin());
    }
  }

  const program_client_options options;
  int waker = -1;
  std::unique_ptr<runner_link> link;
  bool greeted = false; ///< The runner has said how it keeps programs apart.
  bool good = false;    ///< And that is far enough.
  program_queue queue;
  std::multimap<steady::time_point, json::object> removals;
  std::atomic<std::size_t> active = 0;
  std::atomic<std::size_t> detached = 0; ///< Of the active ones.
  std::atomic<ticket> next = 1;
  std::atomic<bool> stopping = false;
  std::mutex lock;
  std::deque<wish_of_caller> inbox;
  std::thread thread;
};

program_client::program_client(program_client_options options)
    : state_{std::make_unique<state>(std::move(options))} {}

program_client::~program_client() = default;

program_client::ticket program_client::start(const program_order& what,
                                             done then) {
  const ticket id = state_->next++;
  if (!state_->options.limits.enabled) {
    then(program_failure{error_kind::configuration,
                         "Programs are turned off (programs.enabled).", false});
    return id;
  }
  auto order = to_runner_order(what, state_->options.limits);
  if (auto* const refused = std::get_if<program_failure>(&order)) {
    then(std::move(*refused));
    return id;
  }
  const auto& limits = state_->options.limits;
  if (what.detached_of
      && state_->detached++
           >= limits.detached_max + limits.detached_queue_max) {
    --state_->detached;
    then(
      program_failure{error_kind::runtime,
                      "Too many programs that nobody awaits run or wait "
                      "(programs.detached_max, programs.detached_queue_max).",
                      false});
    return id;
  }
  ++state_->active;
  state_->post(queued_program{id, std::move(std::get<runner_order>(order)),
                              std::move(then), what.detached_of});
  return id;
}

void program_client::stop(ticket which) {
  state_->post(stop_one{which});
}

void program_client::stop_detached(const instance_key& instance) {
  if (detached() != 0) // Most instances have none.
    state_->post(stop_all{instance});
}

std::size_t program_client::active() const {
  return state_->active;
}

std::size_t program_client::detached() const {
  return state_->detached;
}

} // namespace pawl::actors
