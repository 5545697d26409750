#include "actors/alarms.hpp"

#include <utility>

namespace pawl::actors {

alarms::alarms() : thread_{[this] { run(); }} {}

alarms::~alarms() {
  {
    const std::lock_guard hold{lock_};
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

alarms::key alarms::set(steady::duration delay, std::function<void()> then) {
  const std::lock_guard hold{lock_};
  const key k{steady::now() + delay, next_++};
  const bool first = pending_.empty() || k < pending_.begin()->first;
  pending_.emplace(k, std::move(then));
  if (first)
    changed_.notify_one();
  return k;
}

void alarms::ring_all() {
  std::map<key, std::function<void()>> all;
  {
    const std::lock_guard hold{lock_};
    all.swap(pending_);
  }
  for (const auto& [when, then] : all)
    then();
}

void alarms::cancel(const key& which) {
  const std::lock_guard hold{lock_};
  pending_.erase(which);
}

void alarms::run() {
  std::unique_lock hold{lock_};
  while (!stopping_) {
    if (pending_.empty()) {
      changed_.wait(hold);
      continue;
    }
    const auto first = pending_.begin();
    if (first->first.first > steady::now()) {
      changed_.wait_until(hold, first->first.first);
      continue;
    }
    const auto then = std::move(first->second);
    pending_.erase(first);
    hold.unlock();
    then();
    hold.lock();
  }
}

} // namespace pawl::actors
