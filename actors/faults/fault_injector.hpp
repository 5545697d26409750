#pragma once

#include "actors/faults/injection.hpp"
#include "actors/kept/kept_book.hpp"
#include "actors/messages.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::actors {

/// What injected faults need of the world around them. All but the clock and
/// `chance` are called without a lock.
struct fault_world {
  std::function<timestamp()> now;
  std::function<double()> chance; ///< Of 0 to 1, evenly.
  std::function<void(duration, std::function<void()>)> wake;
  /// Makes rows of how often faults have struck durable, some time.
  std::function<void(std::vector<storage::stored_record> kept,
                     std::vector<std::string> gone)>
    write;
  /// The time of a fault is over: it is to be removed.
  std::function<void(const std::string& ns, const std::string& name)> forget;
};

/// An effect that is about to begin.
struct struck_place {
  hold_place at = {};
  std::string_view task = {};
  std::string_view queue = {};
  std::string_view uri = {};
  bool host_only = false; ///< Faults that name no host were asked already.
};

/// What strikes an effect; nothing of it: it goes its way.
struct strike {
  duration latency{};
  bool kills = false;
  std::optional<step_result> instead = {};
  std::string detail = {}; ///< "injected fault 'x': why".
};

/// Lets effects fail on purpose, for drills: an administrator says where, how
/// and for how long. Whatever comes of it says so.
///
/// Thread safety: every function may be called from any thread; none blocks.
class fault_injector final
    : public kept_keeper,
      public std::enable_shared_from_this<fault_injector> {
public:
  explicit fault_injector(fault_world world) : world_{std::move(world)} {}

  [[nodiscard]] result<json::object> read(const kept_ref& which,
                                          const json::value& sent) override;
  void changed(const std::string& ns, const std::string& name,
               const kept_thing* now) override;
  [[nodiscard]] json::object shown(const kept_thing& what) override;

  /// How often faults have struck in a former life.
  void restore(const std::vector<storage::stored_record>& rows);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Whether any fault is on a host.
  [[nodiscard]] bool guards_hosts() const { return hosts_ != 0; }
  /// Whether faults strike there, which counts as their having struck.
  [[nodiscard]] strike strikes(const struck_place& where);
  /// What would strike there, for people: {name, reason, until, do}.
  [[nodiscard]] json::array threats(const struck_place& where) const;
  [[nodiscard]] std::string metrics() const; ///< Prometheus text.

private:
  struct entry {
    injection what;
    json::object shown_do;
    std::uint64_t struck = 0;
  };
  using key = std::pair<std::string, std::string>;
  [[nodiscard]] bool is_active(const entry& e) const;
  void arm(const injection& what);

  const fault_world world_;
  mutable std::mutex lock_;
  std::map<key, entry> all_;
  std::map<std::string, std::uint64_t> totals_; ///< By what was done.
  std::atomic<std::size_t> count_ = 0, hosts_ = 0;
};

} // namespace pawl::actors
