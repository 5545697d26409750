#pragma once

#include "runner/isolation.hpp"
#include "runner/keeper.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <poll.h>
#include <string>
#include <vector>

namespace pawl::runner {

/// One running program as the runner sees it: its keeper, its streams, its
/// time. It never blocks. Thread safety: one thread.
class program {
public:
  using steady = std::chrono::steady_clock;

  /// Starts it for the connection `of`. Whether that worked, outcome() tells
  /// in the end.
  program(order what, const surroundings& around, int of);
  /// Kills it, if it still runs.
  ~program();
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  [[nodiscard]] std::uint64_t id() const { return what_.id; }
  [[nodiscard]] int connection() const { return connection_; }
  /// Its connection is gone; nobody waits for the outcome.
  void forget_connection() { connection_ = -1; }
  [[nodiscard]] pid_t keeper() const { return keeper_; }

  /// Adds what it waits for.
  void add_descriptors(std::vector<pollfd>& to) const;
  /// One of its descriptors is ready.
  void serve(const pollfd& ready);
  /// When it wants to be looked at, whatever happens.
  [[nodiscard]] steady::time_point deadline() const { return deadline_; }
  /// A deadline may have passed.
  void look(steady::time_point now);
  /// Ends it; its outcome will say `why`, unless it has one already.
  void end(const failure& why, char how);
  /// Its keeper has been reaped.
  void bury();
  /// Whether nothing more is to come.
  [[nodiscard]] bool over() const;
  /// The message for the daemon, once it is over.
  [[nodiscard]] std::string outcome() const;

private:
  void start(const surroundings& around);
  void read_stream(int& fd, std::string& into);
  void write_input();
  void hear_keeper();

  order what_;
  int connection_;
  pid_t keeper_ = -1;
  bool buried_ = false;
  int control_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::size_t written_ = 0;
  std::string output_;
  std::string errors_;
  std::optional<failure> failed_;
  std::optional<verdict> said_;
  steady::time_point deadline_;
  bool forced_ = false; ///< The next deadline is the keeper's.
};

} // namespace pawl::runner
