#pragma once

#include "actors/limits/limit.hpp"

#include <optional>

namespace pawl::actors {

/// The tokens of one key of a limit: what may leave now, and when the next may.
/// Pure: it is told the time, which may also go back.
class bucket {
public:
  /// Full, and of a window that has just begun.
  bucket(const limit& of, timestamp now);

  /// The limit says something else now; what is used stays used.
  void change(const limit& of, timestamp now);

  /// Whether there is a token now. If not: when there will be one, as far as
  /// that is known; one that others hold comes when they end.
  struct outlook {
    bool free = true;
    std::optional<timestamp> next = {};
  };
  [[nodiscard]] outlook look(timestamp now);

  /// Takes a token, whether there is one or not. True if the quota has just
  /// come near its end.
  bool take(timestamp now);
  /// Only counts one that is under way already.
  void occupy() { ++in_use_; }
  /// It was not used.
  void put_back(timestamp now);
  /// What was begun with a token has ended.
  void leave();
  /// Nothing leaves before `until`.
  void close(timestamp until);

  /// How much of the quota is used, and of which window; as stored.
  struct usage {
    timestamp window = {};
    std::uint64_t used = 0;
    bool warned = false;
  };
  [[nodiscard]] const usage& used() const { return used_; }
  /// Goes on with what was stored, if its window is the present one.
  void restore(const usage& stored, timestamp now);

  [[nodiscard]] double tokens(timestamp now);
  [[nodiscard]] std::uint32_t in_use() const { return in_use_; }
  [[nodiscard]] std::optional<timestamp> window_end() const;
  [[nodiscard]] std::optional<timestamp> closed_until(timestamp now) const;
  /// Whether a new bucket would be the same.
  [[nodiscard]] bool is_fresh(timestamp now);

private:
  void refill(timestamp now);

  std::optional<rate_rule> rate_;
  std::optional<std::uint32_t> concurrency_;
  std::optional<quota_rule> quota_;
  double warn_at_ = 1;
  double tokens_ = 0;
  timestamp at_; ///< When the tokens were counted.
  std::uint32_t in_use_ = 0;
  usage used_;
  timestamp closed_;
};

} // namespace pawl::actors
