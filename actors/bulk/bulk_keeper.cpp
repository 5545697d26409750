#include "actors/bulk/bulk_keeper.hpp"

#include "actors/bulk/outcome.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>

namespace pawl::actors {

namespace {

/// The wall clock may be moved, so it is looked at this often.
constexpr std::chrono::milliseconds look_every{1000};
constexpr std::chrono::milliseconds save_again_after{200};
/// What was shed is asked again then.
constexpr duration ask_again_after{1000};

bool is_pending(const bulk_item& item) {
  return item.outcome == bulk_outcome::pending;
}

/// Whether it stands already where the verb would bring it.
bool is_there(const bulk& b, bulk_verb v) {
  return (v == bulk_verb::pause && b.status == bulk_status::paused)
         || (v == bulk_verb::resume && b.status == bulk_status::running)
         || (v == bulk_verb::stop && b.status == bulk_status::stopped);
}

refusal not_now(const bulk& b, bulk_verb v) {
  json::array allowed;
  for (const auto other :
       {bulk_verb::pause, bulk_verb::resume, bulk_verb::stop})
    if (allows(b, other))
      allowed.emplace_back(name_of(other));
  refusal no{.what
             = {errc::invalid_state,
                "A bulk operation that is " + std::string{name_of(b.status)}
                  + " takes no " + std::string{name_of(v)} + "."}};
  no.members["from"] = name_of(b.status);
  no.members["allowed"] = std::move(allowed);
  no.members["allowedActions"] = allowed_actions(b);
  return no;
}

void tell_end(const bulk& b) {
  log::info("bulk.stands", {{"id", b.order.id},
                            {"status", name_of(b.status)},
                            {"items", b.taken},
                            {"detail", b.detail}});
}

} // namespace

/// What comes from other threads. Answers may come after the keeper has gone.
struct bulk_keeper::mailbox {
  struct letter {
    std::string id;
    std::uint64_t number = 0;
    reply said;
  };
  std::mutex lock;
  std::condition_variable come;
  std::deque<std::function<void()>> asks;
  std::vector<letter> letters;

  void ask(std::function<void()> what) {
    {
      const std::lock_guard hold{lock};
      asks.push_back(std::move(what));
    }
    come.notify_all();
  }
  void deliver(letter what) {
    {
      const std::lock_guard hold{lock};
      letters.push_back(std::move(what));
    }
    come.notify_all();
  }
};

bulk_keeper::bulk_keeper(bulk_world world, const bulk_bounds& bounds)
    : world_{std::move(world)}, bounds_{bounds},
      mail_{std::make_shared<mailbox>()} {}

bulk_keeper::~bulk_keeper() {
  stop();
}

result<> bulk_keeper::load(std::vector<bulk> all) {
  const auto now = world_.now();
  for (auto& one : all) {
    auto e = std::make_shared<entry>();
    if (one.batch_from != 0) {
      auto items = world_.batch(one);
      if (!items)
        return items.error();
      e->batch = std::move(*items);
      // Who was asked before the crash is asked again, as long as he can tell.
      for (auto& item : e->batch) {
        item.doubtful = true;
        const bool trusted = !one.over() && now >= item.at
                             && now - item.at < bounds_.trusted_for;
        if (is_pending(item) && !trusted)
          item.outcome = bulk_outcome::unknown;
      }
    }
    e->now = std::move(one);
    entries_[e->now.order.id] = std::move(e);
  }
  return {};
}

void bulk_keeper::start() {
  thread_ = std::thread{[this] { run(); }};
}

void bulk_keeper::stop() {
  stopping_ = true;
  {
    const std::lock_guard hold{mail_->lock}; // It looks, or it waits.
  }
  mail_->come.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void bulk_keeper::run() {
  while (!stopping_) {
    const auto due = work();
    const auto now = world_.now();
    auto rest = duration{look_every};
    if (due)
      rest = std::clamp(*due - now, duration{0}, rest);
    std::unique_lock hold{mail_->lock};
    mail_->come.wait_for(hold, rest, [this] {
      return stopping_ || !mail_->asks.empty() || !mail_->letters.empty();
    });
  }
}

std::optional<timestamp> bulk_keeper::work() {
  read_mail();
  std::optional<timestamp> next;
  for (const auto& e : entries()) {
    if (stopping_)
      return std::nullopt;
    const auto due = move(*e, world_.now());
    if (due && (!next || *due < *next))
      next = due;
  }
  forget_oldest();
  return next;
}

void bulk_keeper::read_mail() {
  std::deque<std::function<void()>> asks;
  std::vector<mailbox::letter> letters;
  {
    const std::lock_guard hold{mail_->lock};
    asks.swap(mail_->asks);
    letters.swap(mail_->letters);
  }
  for (const auto& one : letters) {
    const auto e = entry_of(one.id);
    const auto item
      = std::ranges::find(e->batch, one.number, &bulk_item::number);
    take_reply(*item, one.said, e->now.order.action, world_.now());
    --e->out;
  }
  for (const auto& ask : asks)
    if (!stopping_)
      ask();
}

std::optional<timestamp> bulk_keeper::move(entry& e, timestamp now) {
  if (e.out > 0)
    return std::nullopt;
  if (std::ranges::any_of(e.batch, is_pending)) {
    if (!e.now.over() && !world_.closing())
      if (auto why = world_.objection(e.now); !why.empty())
        end(e, bulk_status::stopped, std::move(why));
    if (!e.now.over())
      return ask_again(e, now);
    for (auto& item : e.batch)
      if (is_pending(item))
        item.outcome
          = item.doubtful ? bulk_outcome::unknown : bulk_outcome::left;
  }
  if (!e.batch.empty() && !settle(e, now))
    return std::nullopt;
  if (e.now.status != bulk_status::running || world_.closing())
    return std::nullopt;
  // Set back, the clock must not make it wait for long.
  if (now < e.due && e.due - now <= std::chrono::hours{1})
    return e.due;
  return take(e, now);
}

std::optional<timestamp> bulk_keeper::ask_again(entry& e, timestamp now) {
  if (world_.closing())
    return std::nullopt;
  if (now < e.again && e.again - now <= ask_again_after)
    return e.again;
  ask_all(e, now);
  return std::nullopt;
}

/// Takes the next instances, and asks them once it is written who they are.
std::optional<timestamp> bulk_keeper::take(entry& e, timestamp now) {
  if (auto why = world_.objection(e.now); !why.empty())
    return end(e, bulk_status::stopped, std::move(why));
  if (e.now.walked)
    return end(e, bulk_status::completed, {});
  const auto& o = e.now.order;
  const auto wanted = std::min(
    {o.limit - e.now.taken, std::uint64_t{bounds_.concurrency},
     std::max<std::uint64_t>(1, static_cast<std::uint64_t>(o.rate))});
  const auto page = world_.select(e.now, wanted);
  if (!page)
    return end(e, bulk_status::paused, page.error().detail);
  auto next = e.now;
  next.cursor = page->next;
  next.walked = page->next.empty();
  next.updated = now;
  if (page->items.empty()) {
    put(e, std::move(next));
    // A filter that little matches gives empty pages.
    return e.now.walked ? end(e, bulk_status::completed, {}) : now;
  }
  next.batch_from = next.taken + 1;
  std::vector<bulk_item> batch;
  for (const auto& [ns, id] : page->items)
    batch.push_back({.number = ++next.taken, .ns = ns, .id = id, .at = now});
  if (!keep(next, batch))
    return std::nullopt;
  put(e, std::move(next));
  const auto pace = static_cast<std::int64_t>(
    1000.0 * static_cast<double>(batch.size()) / o.rate);
  e.due = now + duration{pace};
  e.batch = std::move(batch);
  ask_all(e, now);
  return std::nullopt;
}

void bulk_keeper::ask_all(entry& e, timestamp now) {
  e.again = now + ask_again_after;
  std::vector<bulk_item> asked;
  for (auto& item : e.batch)
    if (is_pending(item)) {
      ++item.tries;
      asked.push_back(item);
    }
  e.out = asked.size();
  for (const auto& item : asked)
    world_.act(
      e.now, item,
      [mail = mail_, id = e.now.order.id, number = item.number](reply said) {
        mail->deliver({id, number, std::move(said)});
      });
}

/// Writes down what became of the batch. False if the daemon ends.
bool bulk_keeper::settle(entry& e, timestamp now) {
  auto next = e.now;
  for (const auto& item : e.batch)
    ++next.counts[item.outcome];
  next.batch_from = 0;
  next.updated = now;
  if (!next.over() && (next.walked || next.taken >= next.order.limit)) {
    next.status = bulk_status::completed;
    next.ended = now;
  }
  if (!keep(next, e.batch))
    return false;
  if (next.status == bulk_status::completed)
    tell_end(next);
  put(e, std::move(next));
  e.batch.clear();
  return true;
}

/// There is nothing under way.
std::optional<timestamp> bulk_keeper::end(entry& e, bulk_status how,
                                          std::string why) {
  auto next = e.now;
  next.status = how;
  next.detail = std::move(why);
  next.updated = world_.now();
  if (next.over())
    next.ended = next.updated;
  if (!keep(next, {}))
    return std::nullopt;
  tell_end(next);
  put(e, std::move(next));
  return std::nullopt;
}

void bulk_keeper::forget_oldest() {
  std::vector<std::pair<timestamp, std::string>> over;
  for (const auto& e : entries())
    if (e->now.over() && e->batch.empty() && e->now.ended)
      over.emplace_back(*e->now.ended, e->now.order.id);
  if (over.size() <= bounds_.kept_max)
    return;
  std::ranges::sort(over);
  over.resize(over.size() - bounds_.kept_max);
  for (const auto& [ended, id] : over) {
    if (stopping_ || !world_.forget(entry_of(id)->now))
      return;
    const std::lock_guard hold{lock_};
    entries_.erase(id);
  }
}

bool bulk_keeper::keep(const bulk& what, const std::vector<bulk_item>& items,
                       const bulk_papers& papers) {
  while (!world_.save(what, items, papers)) {
    if (stopping_)
      return false;
    std::this_thread::sleep_for(
      save_again_after); // There is a new writer soon.
  }
  return true;
}

void bulk_keeper::put(entry& e, bulk now) {
  const std::lock_guard hold{lock_};
  e.now = std::move(now);
}

void bulk_keeper::add(bulk what, asker who) {
  mail_->ask([this, what = std::move(what), who = std::move(who)] {
    add_now(what, who);
  });
}

void bulk_keeper::add_now(bulk what, const asker& who) {
  const auto all = entries();
  const auto active
    = std::ranges::count_if(all, [](const auto& e) { return !e->now.over(); });
  if (static_cast<std::size_t>(active) >= bounds_.active_max)
    return who.then(
      refusal{.what = {errc::overloaded,
                       "As many bulk operations as may be are under way: "
                         + std::to_string(active) + ". Stop one, or wait."},
              .retry_after = std::chrono::seconds{5}});
  if (!keep(what, {}, who.papers ? who.papers(what) : bulk_papers{}))
    return;
  log::info("bulk.ordered", {{"id", what.order.id},
                             {"action", name_of(what.order.action)},
                             {"by", what.order.by.who},
                             {"matched", what.order.matched}});
  auto e = std::make_shared<entry>();
  e->now = what;
  {
    const std::lock_guard hold{lock_};
    entries_[what.order.id] = std::move(e);
  }
  who.then(std::move(what));
}

void bulk_keeper::act(const std::string& id, bulk_verb what,
                      const std::string& reason, asker who) {
  mail_->ask([this, id, what, reason, who = std::move(who)] {
    act_now(id, what, reason, who);
  });
}

void bulk_keeper::act_now(const std::string& id, bulk_verb what,
                          const std::string& reason, const asker& who) {
  const auto e = entry_of(id);
  if (e == nullptr)
    return who.then(refusal{
      .what = {errc::not_found, "There is no bulk operation with this id."}});
  if (is_there(e->now, what))
    return who.then(e->now);
  if (!allows(e->now, what))
    return who.then(not_now(e->now, what));
  auto next = e->now;
  next.status = what == bulk_verb::pause    ? bulk_status::paused
                : what == bulk_verb::resume ? bulk_status::running
                                            : bulk_status::stopped;
  next.detail = reason;
  next.updated = world_.now();
  if (next.over())
    next.ended = next.updated;
  if (!keep(next, {}, who.papers ? who.papers(next) : bulk_papers{}))
    return;
  put(*e, next);
  who.then(std::move(next));
}

bulk_keeper::entry_ptr bulk_keeper::entry_of(const std::string& id) const {
  const std::lock_guard hold{lock_};
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second;
}

std::vector<bulk_keeper::entry_ptr> bulk_keeper::entries() const {
  const std::lock_guard hold{lock_};
  std::vector<entry_ptr> out;
  for (const auto& [id, e] : entries_)
    out.push_back(e);
  return out;
}

std::vector<bulk> bulk_keeper::list() const {
  const std::lock_guard hold{lock_};
  std::vector<bulk> out;
  std::transform(entries_.rbegin(), entries_.rend(), std::back_inserter(out),
                 [](const auto& e) { return e.second->now; });
  return out;
}

std::optional<bulk> bulk_keeper::find(const std::string& id) const {
  const std::lock_guard hold{lock_};
  const auto found = entries_.find(id);
  return found == entries_.end() ? std::nullopt
                                 : std::optional{found->second->now};
}

std::size_t bulk_keeper::count(bulk_status of) const {
  const std::lock_guard hold{lock_};
  return static_cast<std::size_t>(std::ranges::count_if(
    entries_, [of](const auto& one) { return one.second->now.status == of; }));
}

} // namespace pawl::actors
