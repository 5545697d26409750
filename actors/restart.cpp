#include "actors/restart.hpp"

#include <algorithm>
#include <numeric>

namespace pawl::actors {

namespace {

std::size_t count_within(const restart_policy& policy,
                         std::span<const timestamp> earlier, timestamp now) {
  return static_cast<std::size_t>(
    std::count_if(earlier.begin(), earlier.end(), [&](timestamp t) {
      // A clock that was set back must not forgive: the future counts too.
      return t > now - policy.within;
    }));
}

duration delay_after(const restart_policy& policy, std::size_t restarts) {
  auto delay = policy.backoff;
  for (std::size_t i = 0; i < restarts && delay < policy.backoff_max; ++i)
    delay *= policy.backoff_factor;
  return std::min(delay, policy.backoff_max);
}

std::vector<std::size_t> concerned(restart_scope scope, std::size_t children,
                                   std::size_t who) {
  if (scope == restart_scope::one_for_one)
    return {who};
  const auto first = scope == restart_scope::one_for_all ? 0 : who;
  std::vector<std::size_t> all(children - first);
  std::iota(all.begin(), all.end(), first);
  return all;
}

} // namespace

restart_decision decide_restart(const restart_policy& policy,
                                std::span<const timestamp> earlier,
                                std::size_t children, const death& last) {
  if (policy.rule == restart_rule::temporary
      || (policy.rule == restart_rule::transient && !last.abnormal))
    return restarts::forget{};
  const auto recent = count_within(policy, earlier, last.at);
  if (recent >= policy.max_restarts)
    return restarts::give_up{};
  return restarts::again{.which = concerned(policy.scope, children, last.who),
                         .delay = delay_after(policy, recent)};
}

void note_restart(const restart_policy& policy, std::vector<timestamp>& earlier,
                  timestamp now) {
  std::erase_if(earlier, [&](timestamp t) { return t <= now - policy.within; });
  earlier.push_back(now);
}

} // namespace pawl::actors
