#include "runner/server.hpp"

#include "base/log.hpp"
#include "runner/process_tree.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace pawl::runner {

namespace {

using steady = program::steady;

constexpr duration farewell_max{2'000};

/// Whether the process behind a connection is one of `group`, or root. A
/// program of ours is neither.
bool may_connect(int fd, gid_t group) {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    return false;
  if (who.uid == 0 || who.gid == group)
    return true;
  std::array<gid_t, 256> groups{};
  size = sizeof groups;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0)
    return false;
  gid_t* const end = groups.data() + size / sizeof(gid_t);
  return std::find(groups.data(), end, group) != end;
}

} // namespace

server::server(server_options options) : options_{std::move(options)} {
  if (options_.connection >= 0) {
    connections_.emplace_back(options_.connection);
    connections_.back().send(hello_text(options_.around.how));
  }
}

void server::run(int signals) {
  while (!stopping_)
    poll_once(signals);
  log::debug("runner.stopping", {{"programs", programs_.size()}});
  for (auto& each : programs_)
    each->end({fault_kind::runtime, "The runner was stopped.", false},
              kill_now);
  const auto end = steady::now() + farewell_max;
  while (!programs_.empty() && steady::now() < end)
    poll_once(signals);
  programs_.clear();
  kill_descendants(-1);
}

void server::poll_once(int signals) {
  std::vector<pollfd> all{{signals, POLLIN, 0}};
  if (options_.listener >= 0 && connections_.size() < connections_max)
    all.push_back({options_.listener, POLLIN, 0});
  for (const auto& c : connections_)
    all.push_back(
      {c.fd(), static_cast<short>(POLLIN | (c.wants_to_send() ? POLLOUT : 0)),
       0});
  auto next = steady::now() + duration{60'000};
  for (const auto& each : programs_) {
    each->add_descriptors(all);
    next = std::min(next, each->deadline());
  }
  const auto left = std::chrono::ceil<duration>(next - steady::now());
  poll(all.data(), all.size(),
       static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000)));
  for (const auto& ready : all) {
    if (ready.revents == 0)
      continue;
    if (ready.fd == signals)
      hear_signals(signals);
    else if (ready.fd == options_.listener)
      accept_one();
    for (auto& each : programs_)
      each->serve(ready);
    // Last, and one only, since it may change the lists.
    const auto from = std::find_if(
      connections_.begin(), connections_.end(),
      [&](const frame_channel& c) { return c.fd() == ready.fd; });
    if (from != connections_.end())
      serve_connection(*from, ready.revents);
  }
  const auto now = steady::now();
  for (auto& each : programs_)
    each->look(now);
  report_ended();
}

void server::accept_one() {
  const int fd = accept4(options_.listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0)
    return;
  if (options_.peers && !may_connect(fd, *options_.peers)) {
    log::warn("runner.stranger_refused");
    close(fd);
    return;
  }
  connections_.emplace_back(fd);
  connections_.back().send(hello_text(options_.around.how));
}

void server::serve_connection(frame_channel& from, short ready) {
  bool lives = (ready & POLLOUT) == 0 || from.flush();
  if (lives && (ready & (POLLIN | POLLHUP | POLLERR)) != 0) {
    lives = from.fill();
    while (auto frame = from.next())
      if (!take(from, *frame))
        return hang_up(from);
  }
  if (!lives)
    hang_up(from);
}

bool server::take(frame_channel& from, const std::string& frame) {
  auto asked = parse_request(frame);
  if (!asked) {
    log::warn("runner.request_refused", {{"detail", asked.error().detail}});
    const auto id = id_of_order(frame);
    if (id)
      from.send(
        failed_text(*id, {fault_kind::runtime, asked.error().detail, false}));
    return id.has_value();
  }
  if (const auto* const s = std::get_if<stop>(&*asked)) {
    for (auto& each : programs_)
      if (each->connection() == from.fd() && each->id() == s->id)
        each->end({fault_kind::runtime, "The program was stopped.", true},
                  end_gently);
    return true;
  }
  begin(from, std::move(std::get<order>(*asked)));
  return true;
}

void server::begin(frame_channel& from, order what) {
  const auto refuse = [&](fault_kind kind, const char* why) {
    from.send(failed_text(what.id, {kind, why, false}));
  };
  if (programs_.size() >= programs_max)
    refuse(fault_kind::runtime, "Too many programs run.");
  else if (stopping_)
    refuse(fault_kind::runtime, "The runner stops.");
  else if (!what.network && options_.around.how != separation::namespaces)
    refuse(fault_kind::configuration,
           "Programs shall have no network (programs.network), but this "
           "system gives them no namespaces.");
  else
    programs_.push_back(
      std::make_unique<program>(std::move(what), options_.around, from.fd()));
}

void server::hang_up(const frame_channel& whose) {
  for (auto& each : programs_)
    if (each->connection() == whose.fd()) {
      each->end({fault_kind::runtime, "The daemon is gone.", true}, kill_now);
      each->forget_connection();
    }
  std::erase_if(connections_,
                [&](const frame_channel& c) { return c.fd() == whose.fd(); });
  if (options_.listener < 0)
    stopping_ = true;
}

void server::hear_signals(int signals) {
  signalfd_siginfo one{};
  while (read(signals, &one, sizeof one) > 0)
    if (one.ssi_signo != SIGCHLD)
      stopping_ = true;
  reap();
}

bool server::knows_keeper(pid_t pid) const {
  return std::any_of(programs_.begin(), programs_.end(),
                     [&](const auto& p) { return p->keeper() == pid; });
}

void server::reap() {
  bool orphans = false;
  for (pid_t gone = 0; (gone = waitpid(-1, nullptr, WNOHANG)) > 0;) {
    const auto of
      = std::find_if(programs_.begin(), programs_.end(),
                     [&](const auto& p) { return p->keeper() == gone; });
    if (of != programs_.end())
      (*of)->bury();
    orphans = true;
  }
  // Whoever killed a keeper left us what it kept.
  if (!orphans || options_.around.how == separation::namespaces)
    return;
  for (const auto pid : children())
    if (!knows_keeper(pid))
      kill(pid, SIGKILL);
}

void server::report_ended() {
  for (auto at = programs_.begin(); at != programs_.end();) {
    if (!(*at)->over()) {
      ++at;
      continue;
    }
    for (auto& c : connections_)
      if (c.fd() == (*at)->connection())
        c.send((*at)->outcome());
    at = programs_.erase(at);
  }
}

bool namespaces_work(const surroundings& around) {
  const auto refused = [](const std::string& why) {
    log::info("runner.no_namespaces", {{"detail", why}});
  };
  const pid_t probe = fork_apart(true, true);
  if (probe < 0) {
    refused("The kernel makes none: " + std::generic_category().message(errno)
            + ".");
    return false;
  }
  if (probe == 0) {
    constexpr std::uint64_t little = 1 << 20;
    const auto entered = enter(around, "", little);
    if (!entered)
      refused(entered.error().detail);
    _exit(entered ? 0 : 1);
  }
  int status = -1;
  while (waitpid(probe, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

} // namespace pawl::runner
