#pragma once

#include "actors/limits/limit.hpp"
#include "base/ids.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pawl::actors {

/// A start that can wait.
struct waiting_start {
  timestamp due;
  instance_key key = {};
  /// When it is worth another try; must not come back into the limits.
  std::function<void()> wake = {};
};

/// Starts that can wait until there is room in their namespace: those of
/// schedules. The one that has been due for longest goes first, and before
/// those that cannot wait. Who does not ask again for a while has gone.
///
/// Pure, and not safe to share.
class start_line {
public:
  /// Who waits asks more often than this.
  static constexpr duration patience{5000};

  /// Whether somebody else of `ns` comes before `who`.
  [[nodiscard]] bool is_behind(const std::string& ns, const waiting_start& who,
                               timestamp now);
  /// Whether nobody waits.
  [[nodiscard]] bool empty(const std::string& ns, timestamp now);

  /// It waits for `of`.
  void wait(const std::string& ns, const waiting_start& who, limit_ref of,
            timestamp now);
  /// It waits no more.
  void leave(const std::string& ns, const waiting_start& who);

  /// What the first one of `ns` is waked with; null for nobody.
  [[nodiscard]] std::function<void()> first(const std::string& ns,
                                            timestamp now);
  /// The same of every namespace.
  [[nodiscard]] std::vector<std::function<void()>> firsts(timestamp now);
  /// How many wait for `of`.
  [[nodiscard]] std::size_t count(const limit_ref& of, timestamp now);

private:
  struct waiter {
    limit_ref of;
    std::function<void()> wake;
    timestamp asked;
  };
  using line = std::map<std::pair<timestamp, instance_key>, waiter>;
  line* line_of(const std::string& ns, timestamp now);

  std::map<std::string, line, std::less<>> lines_; ///< None is empty.
};

} // namespace pawl::actors
