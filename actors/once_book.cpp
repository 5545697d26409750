#include "actors/once_book.hpp"

#include <utility>

namespace pawl::actors {

refusal key_reused() {
  return {.what = {errc::key_reused,
                   "This Idempotency-Key was used with another body."}};
}

void once_book::run(const idempotency& key, reply_to to,
                    const std::function<void(reply_to)>& work) {
  {
    std::unique_lock hold{lock_};
    const auto [at, first] = running_.try_emplace(key.scope);
    if (!first) {
      if (at->second.body_digest == key.body_digest) {
        at->second.repeats.push_back(std::move(to));
        return;
      }
      hold.unlock();
      to(key_reused());
      return;
    }
    at->second.body_digest = key.body_digest;
  }
  work([me = shared_from_this(), scope = key.scope,
        to = std::move(to)](reply what) {
    me->end(scope, what);
    to(std::move(what));
  });
}

void once_book::end(const std::string& scope, const reply& what) {
  std::vector<reply_to> repeats;
  {
    const std::lock_guard hold{lock_};
    const auto found = running_.find(scope);
    if (found == running_.end())
      return;
    repeats = std::move(found->second.repeats);
    running_.erase(found);
  }
  for (const auto& r : repeats) {
    auto again = what;
    if (auto* a = std::get_if<answer>(&again))
      a->replayed = true;
    r(std::move(again));
  }
}

} // namespace pawl::actors
