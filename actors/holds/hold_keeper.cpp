#include "actors/holds/hold_keeper.hpp"

#include "actors/errand.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

/// The wall clock may be moved, so it looks each second while a hold is to end.
constexpr duration look_every{1000};

} // namespace

/// Whom to wake. Errands outlive the keeper, so it is shared with them.
struct hold_keeper::wakening : std::enable_shared_from_this<wakening> {
  explicit wakening(const hold_world& w)
      : nudge{w.nudge}, closing{w.closing}, at_once{w.at_once} {}

  void add(const std::vector<instance_key>& who) {
    {
      const std::lock_guard guard{lock};
      next.insert(next.end(), who.begin(), who.end());
    }
    pump();
  }

  // An errand may end while it is being sent, so one thread at a time sends and
  // the others only count.
  void pump() {
    std::unique_lock guard{lock};
    if (std::exchange(sending, true))
      return;
    while (!next.empty() && out < at_once) {
      if (closing()) {
        next.clear();
        break;
      }
      const auto key = next.front();
      next.pop_front();
      ++out;
      guard.unlock();
      nudge(key, make_errand([me = shared_from_this()] { me->ended(); }));
      guard.lock();
    }
    sending = false;
  }

  void ended() {
    {
      const std::lock_guard guard{lock};
      --out;
    }
    pump();
  }

  const std::function<void(const instance_key&, std::shared_ptr<void>)> nudge;
  const std::function<bool()> closing;
  const std::size_t at_once;
  std::mutex lock;
  std::deque<instance_key> next;
  std::size_t out = 0;
  bool sending = false;
};

hold_keeper::hold_keeper(hold_world world)
    : world_{std::move(world)}, wakening_{std::make_shared<wakening>(world_)} {}

void hold_keeper::load(std::vector<placed_hold> all) {
  for (auto& one : all)
    book_.add(std::move(one));
}

void hold_keeper::add(placed_hold what) {
  log::info("hold.placed", {{"id", what.id},
                            {"selector", to_text(selector_json(what.on))},
                            {"by", what.by},
                            {"reason", what.reason}});
  book_.add(std::move(what));
  arm();
}

void hold_keeper::release(const std::string& id) {
  const auto who = book_.remove(id);
  if (!who)
    return;
  log::info("hold.released",
            {{"id", id}, {"woken", static_cast<std::uint64_t>(who->size())}});
  wakening_->add(*who);
  world_.changed();
}

void hold_keeper::look() {
  {
    const std::lock_guard guard{lock_};
    armed_.reset();
  }
  for (const auto& one : book_.ended(world_.now())) {
    release(one.id);
    world_.forget(one);
  }
  arm();
}

void hold_keeper::arm() {
  const auto end = book_.next_end();
  if (!end)
    return;
  const auto now = world_.now();
  const auto delay = std::clamp(*end - now, duration{1}, look_every);
  const auto at = now + delay;
  {
    const std::lock_guard guard{lock_};
    if (armed_ && *armed_ <= at)
      return;
    armed_ = at;
  }
  world_.wake(delay, [this, at] {
    {
      // An earlier alarm may have taken its place.
      const std::lock_guard guard{lock_};
      if (armed_ != at)
        return;
    }
    look();
  });
}

} // namespace pawl::actors
