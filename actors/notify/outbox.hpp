#pragma once

#include "base/json.hpp"
#include "base/random.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::actors {

/// How long and how often is tried to deliver.
struct retry_bounds {
  duration first{1000}; ///< Behind the first failure; doubled by each.
  duration max{300'000};
  duration give_up_after{86'400'000};
};

/// One message of a subscription, as it is stored.
struct outbox_message {
  std::string key;  ///< The store's; in the order of commit times.
  std::string lane; ///< Whose it is: those of one lane leave in their order.
  timestamp at;     ///< When the event happened.
  std::shared_ptr<const json::object> event;
  std::size_t bytes = 0;
};

/// Why a message was not delivered.
struct delivery_failure {
  std::string detail;
  std::uint32_t status = 0; ///< Of the answer; 0 if there was none.
  std::optional<duration> retry_after = {};
};
/// A message that is not tried any more.
struct dead_message {
  outbox_message what;
  std::string reason;
  std::uint32_t tries = 0;
  std::uint32_t status = 0; ///< Of the last answer; 0 if there was none.
};

/// The messages of one subscription that come next, and which of them may leave
/// when. Messages of one instance leave one after the other, in their order;
/// one that is refused holds up those behind it in its lane alone. When the
/// receiver is in trouble as such (no answer, 429, 503, or several lanes fail
/// one after the other), one message at a time finds out whether it is over.
///
/// Pure; knows neither the store nor the network. Thread safety: none.
class outbox {
public:
  static constexpr std::size_t messages_max = 1024;
  static constexpr std::size_t bytes_max = std::size_t{4} << 20;

  outbox(const retry_bounds& bounds, std::uint64_t seed)
      : bounds_{bounds}, random_{seed} {}

  [[nodiscard]] bool has_room() const;
  /// Whether it is worth the while to look for more.
  [[nodiscard]] bool is_half_empty() const;
  [[nodiscard]] bool knows(std::string_view key) const;
  /// A message that is not known; those of a lane in their order.
  void add(outbox_message what);

  /// The message to be sent now, which is on its way then; nothing if there is
  /// none.
  std::optional<outbox_message> next(timestamp now);
  /// Its row is to be forgotten.
  void delivered(std::string_view key);
  /// Returns those that are dead now: it, or more. Their rows are to be
  /// forgotten.
  [[nodiscard]] std::vector<dead_message>
  failed(std::string_view key, const delivery_failure& why, timestamp now);
  /// It was not tried: it stays what it was.
  void returned(std::string_view key);
  /// Their row is gone.
  void forget(std::string_view key);
  /// The receiver was changed: what has failed is tried at once, and has all
  /// its time.
  void forgive();

  /// When next() may have one; nothing if only news can change that.
  [[nodiscard]] std::optional<timestamp> due(timestamp now) const;
  [[nodiscard]] std::size_t out() const { return out_.size(); }
  [[nodiscard]] bool in_trouble() const { return troubles_ > 0; }
  [[nodiscard]] std::optional<timestamp> oldest() const;

private:
  struct lane {
    std::deque<outbox_message> waiting;
    bool out = false;
    bool by_trouble = false; ///< Its last failure was the receiver's.
    std::uint32_t tries = 0; ///< Of the first of them.
    timestamp due = {};
    std::optional<timestamp> failing_since = {};
  };
  [[nodiscard]] duration backoff(std::uint32_t failures);
  lane* lane_of(std::string_view key);
  void drop_first(lane& of);
  void note_trouble(const std::string& name, const delivery_failure& why,
                    timestamp now);
  [[nodiscard]] bool is_due(const lane& one, timestamp now) const;

  const retry_bounds bounds_;
  split_mix random_;
  std::map<std::string, lane, std::less<>> lanes_;
  /// All keys whose rows may be there; the lane of those not yet settled.
  std::map<std::string, std::string, std::less<>> known_;
  std::set<std::string, std::less<>> out_; ///< Keys on their way.
  std::size_t bytes_ = 0;
  std::set<std::string> streak_; ///< Lanes that failed since a success.
  std::uint32_t troubles_ = 0;
  timestamp due_ = {};
  std::optional<timestamp> trouble_since_ = {};
};

} // namespace pawl::actors
