#pragma once

#include "base/frame_channel.hpp"
#include "runner/program.hpp"

#include <list>
#include <memory>
#include <optional>
#include <poll.h>
#include <sys/types.h>
#include <vector>

namespace pawl::runner {

/// Where orders come from.
struct server_options {
  int connection = -1;        ///< A connection that stands, or
  int listener = -1;          ///< a socket that gives such.
  std::optional<gid_t> peers; ///< The group that may connect.
  surroundings around;
};

/// Takes orders and runs programs, in one loop and one thread. The programs of
/// a connection die with it.
class server {
public:
  /// Programs at once, whatever the daemon asks for: no less than what its
  /// options allow of awaited and detached ones together.
  static constexpr std::size_t programs_max = 320;
  static constexpr std::size_t connections_max = 8;

  explicit server(server_options options);

  /// Serves until its only connection closes, or `signals`, a signalfd, says
  /// SIGTERM or SIGINT; then kills all programs and returns.
  void run(int signals);

private:
  void accept_one();
  void serve_connection(frame_channel& from, short ready);
  /// Does what a frame asks for. False if nobody could be told that it cannot
  /// be understood: then the connection must end.
  [[nodiscard]] bool take(frame_channel& from, const std::string& frame);
  void begin(frame_channel& from, order what);
  void hang_up(const frame_channel& whose);
  void hear_signals(int signals);
  void reap();
  void report_ended();
  void poll_once(int signals);
  [[nodiscard]] bool knows_keeper(pid_t pid) const;

  server_options options_;
  std::list<frame_channel> connections_;
  std::list<std::unique_ptr<program>> programs_;
  bool stopping_ = false;
};

/// Whether this process can give programs namespaces of their own. Tries it.
[[nodiscard]] bool namespaces_work(const surroundings& around);

} // namespace pawl::runner
