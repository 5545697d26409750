#include "actors/feed.hpp"

#include <utility>

namespace pawl::actors {

struct feed::entry {
  callback changed;
  std::atomic<bool> live = true;
};

/// Ends a watch. A call that has begun may still be running.
class feed::guard : public watch {
public:
  guard(feed& of, const instance_key& key, std::shared_ptr<entry> which)
      : of_{of}, key_{key}, which_{std::move(which)} {}
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;
  ~guard() override {
    which_->live = false;
    of_.forget(key_, which_);
  }

private:
  feed& of_;
  instance_key key_;
  std::shared_ptr<entry> which_;
};

std::unique_ptr<watch> feed::observe(const instance_key& key,
                                     callback changed) {
  auto e = std::make_shared<entry>();
  e->changed = std::move(changed);
  auto& s = shard_of(key);
  {
    const std::lock_guard hold{s.lock};
    s.by_key[key].push_back(e);
  }
  ++count_;
  return std::make_unique<guard>(*this, key, std::move(e));
}

void feed::forget(const instance_key& key,
                  const std::shared_ptr<entry>& which) {
  auto& s = shard_of(key);
  const std::lock_guard hold{s.lock};
  const auto found = s.by_key.find(key);
  if (found == s.by_key.end())
    return;
  if (std::erase(found->second, which) != 0)
    --count_;
  if (found->second.empty())
    s.by_key.erase(found);
}

void feed::changed(const instance_key& key, sequence last,
                   instance_status status) {
  if (count_ == 0)
    return;
  std::vector<std::shared_ptr<entry>> told;
  auto& s = shard_of(key);
  {
    const std::lock_guard hold{s.lock};
    if (const auto found = s.by_key.find(key); found != s.by_key.end())
      told = found->second;
  }
  for (const auto& e : told)
    if (e->live)
      e->changed(last, status);
}

} // namespace pawl::actors
