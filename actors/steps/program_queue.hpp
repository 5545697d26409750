#pragma once

#include "actors/steps/program_client.hpp"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace pawl::actors {

/// A program on its way through the client.
struct queued_program {
  program_client::ticket id = 0;
  runner_order what;
  program_client::done then;
  /// The instance, of one that nobody awaits.
  std::optional<instance_key> detached_of = {};
};

/// The programs that wait and those that run. There are two lanes, each in the
/// order of arrival and with slots of its own, so that programs which nobody
/// awaits never keep back those that somebody does.
///
/// Thread safety: one thread.
class program_queue {
public:
  using ticket = program_client::ticket;

  /// The slots are those of `limits`.
  explicit program_queue(const program_limits& limits);

  /// `one` waits for its turn.
  void add(queued_program one);
  /// Takes the first one that waits and for whose lane there is a slot.
  [[nodiscard]] std::optional<queued_program> next();
  /// `one`, which next() gave, has begun and holds a slot until its end.
  void begun(queued_program one);
  /// Takes a program that ran, nothing if `id` runs not.
  [[nodiscard]] std::optional<queued_program> ended(ticket id);
  /// Takes a program that waits, nothing if `id` waits not.
  [[nodiscard]] std::optional<queued_program> given_up(ticket id);

  [[nodiscard]] bool runs(ticket id) const { return running_.contains(id); }
  [[nodiscard]] bool any_waits() const;
  [[nodiscard]] std::size_t running() const { return running_.size(); }
  /// The programs of `instance` that nobody awaits, whether they wait or run.
  [[nodiscard]] std::vector<ticket>
  detached_of(const instance_key& instance) const;

  /// Takes all that wait.
  [[nodiscard]] std::vector<queued_program> take_waiting();
  /// Takes all that run.
  [[nodiscard]] std::vector<queued_program> take_running();

private:
  struct lane {
    std::deque<queued_program> waiting;
    std::uint32_t running = 0;
    std::uint32_t slots = 0;
  };
  [[nodiscard]] lane& lane_of(const queued_program& one) {
    return one.detached_of ? detached_ : awaited_;
  }

  lane awaited_;
  lane detached_;
  std::map<ticket, queued_program> running_;
};

} // namespace pawl::actors
