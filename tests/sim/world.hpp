#pragma once

#include "workflow/machine.hpp"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace pawl::sim {

/// One instance in a simulated world: a journal that loses its unsynced tail
/// in a crash, effects that fail, repeat, come late and out of order, a clock
/// that steps, and an operator who uses every verb that there is. All
/// that happens follows from the seed. A broken invariant (DURABILITY I1 to
/// I7, I9) throws std::runtime_error with what broke.
class world {
public:
  world(definition_ptr of, std::uint64_t seed);

  /// Takes `steps` random steps, then lets the instance come to rest.
  void run(int steps);

  [[nodiscard]] std::size_t event_count() const { return journal_.size(); }
  [[nodiscard]] instance_status status() const {
    return machine_.state().status;
  }

private:
  struct fact {
    event what;
    timestamp at;
  };
  struct order {
    commands::perform call;
    bool told = false; ///< Its outcome was reported at least once.
  };

  struct past {
    std::map<timer_id, timestamp> armed;
    std::set<frame_id> completed;
    std::set<std::pair<frame_id, std::string>> intended;
    bool over = false;
    std::map<std::string, std::string> keys = {}; ///< Of effects, to the task.
    std::map<frame_id, std::set<std::string>> voted = {}; ///< Who, this time.
  };

  void step();
  requests::pause some_pause();
  void act_by_hand();
  void redo_some();
  void vote(const std::string& by, bool fairly);
  [[nodiscard]] bool asks_people() const;
  void decide(input what);
  void sync();
  void crash();
  void release();
  void report_some();
  effect_outcome outcome_of(const commands::perform& call);
  void note(const event& what, timestamp at);
  void check_turn(const std::vector<event>& events);
  void check_fold() const;
  void come_to_rest();
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  [[noreturn]] void broken(const std::string& what) const;
  [[nodiscard]] machine fold(std::size_t count) const;

  definition_ptr of_;
  machine_limits limits_;
  std::mt19937_64 random_;
  machine machine_;
  timestamp now_;
  std::vector<fact> journal_; ///< Synced up to synced_.
  std::size_t synced_ = 0;
  past seen_;
  std::size_t acknowledged_ = 0; ///< Length of history that a client was told.
  bool unfinished_ = false;
  std::vector<order> out_;   ///< Effects that are under way.
  std::vector<order> stale_; ///< Given up, yet their outcomes may arrive.
  std::uint64_t next_event_ = 0;
};

} // namespace pawl::sim
