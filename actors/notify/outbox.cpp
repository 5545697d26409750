#include "actors/notify/outbox.hpp"

#include <algorithm>
#include <tuple>

namespace pawl::actors {

namespace {

/// So many lanes fail one after the other: it is not the messages' fault.
constexpr std::size_t streak_is_trouble = 3;

/// No answer, or one that says so: the receiver is not well.
bool is_trouble(const delivery_failure& why) {
  return why.status == 0 || why.status == 429 || why.status == 503;
}

} // namespace

bool outbox::has_room() const {
  return known_.size() < messages_max && bytes_ < bytes_max;
}

bool outbox::is_half_empty() const {
  return known_.size() <= messages_max / 2 && bytes_ <= bytes_max / 2;
}

bool outbox::knows(std::string_view key) const {
  return known_.contains(key);
}

void outbox::add(outbox_message what) {
  known_.emplace(what.key, what.lane);
  bytes_ += what.bytes;
  auto& of = lanes_[what.lane];
  auto& to = of.waiting;
  // Nearly always the last one, unless the clock was set back.
  auto at = std::ranges::upper_bound(to, what.key, {}, &outbox_message::key);
  if (of.out && at == to.begin())
    ++at;
  to.insert(at, std::move(what));
}

bool outbox::is_due(const lane& one, timestamp now) const {
  return !one.out && !one.waiting.empty() && one.due <= now;
}

std::optional<outbox_message> outbox::next(timestamp now) {
  if (due_ > now || (troubles_ > 0 && !out_.empty()))
    return std::nullopt;
  lane* best = nullptr;
  for (auto& [name, one] : lanes_)
    if (is_due(one, now)
        && (best == nullptr
            || std::tie(one.due, one.waiting.front().key)
                 < std::tie(best->due, best->waiting.front().key)))
      best = &one;
  if (best == nullptr)
    return std::nullopt;
  best->out = true;
  out_.insert(best->waiting.front().key);
  return best->waiting.front();
}

outbox::lane* outbox::lane_of(std::string_view key) {
  const auto known = known_.find(key);
  if (known == known_.end())
    return nullptr;
  const auto found = lanes_.find(known->second);
  if (found == lanes_.end() || found->second.waiting.empty()
      || found->second.waiting.front().key != key)
    return nullptr;
  return &found->second;
}

void outbox::drop_first(lane& of) {
  bytes_ -= of.waiting.front().bytes;
  const auto name = of.waiting.front().lane;
  known_.find(of.waiting.front().key)->second.clear();
  of.waiting.pop_front();
  of.tries = 0;
  of.by_trouble = false;
  of.due = {};
  of.failing_since.reset();
  if (of.waiting.empty())
    lanes_.erase(name);
}

void outbox::delivered(std::string_view key) {
  out_.erase(std::string{key});
  if (auto* of = lane_of(key)) {
    of->out = false;
    drop_first(*of);
  }
  if (troubles_ > 0)
    for (auto& [name, one] : lanes_)
      if (one.by_trouble)
        one.due = {};
  streak_.clear();
  troubles_ = 0;
  due_ = {};
  trouble_since_.reset();
}

duration outbox::backoff(std::uint32_t failures) {
  constexpr std::uint32_t doublings_max = 30;
  auto wait = std::min(bounds_.first, bounds_.max);
  for (std::uint32_t i = 1; i < std::min(failures, doublings_max); ++i)
    wait = std::min(wait * 2, bounds_.max);
  // Between half of it and all of it, so that many do not come at once.
  const auto half = std::max<std::int64_t>(wait.count() / 2, 1);
  return duration{wait.count() - half
                  + static_cast<std::int64_t>(
                    random_() % static_cast<std::uint64_t>(half + 1))};
}

void outbox::note_trouble(const std::string& name, const delivery_failure& why,
                          timestamp now) {
  streak_.insert(name);
  if (!is_trouble(why) && streak_.size() < streak_is_trouble)
    return;
  if (!trouble_since_)
    trouble_since_ = now;
  // What was on its way when the trouble began is one failure.
  if (troubles_ == 0 || now >= due_)
    due_ = now + backoff(++troubles_);
  if (why.retry_after)
    due_ = std::max(due_, now + *why.retry_after);
}

std::vector<dead_message> outbox::failed(std::string_view key,
                                         const delivery_failure& why,
                                         timestamp now) {
  std::vector<dead_message> dead;
  out_.erase(std::string{key});
  auto* of = lane_of(key);
  if (of == nullptr)
    return dead;
  const auto name = of->waiting.front().lane;
  of->out = false;
  of->by_trouble = is_trouble(why);
  of->due = now + backoff(++of->tries);
  if (why.retry_after)
    of->due = std::max(of->due, now + *why.retry_after);
  if (!of->failing_since)
    of->failing_since = now;
  note_trouble(name, why, now);
  if (now - *of->failing_since >= bounds_.give_up_after) {
    dead.push_back({of->waiting.front(), why.detail, of->tries, why.status});
    drop_first(*of);
  }
  if (!trouble_since_ || now - *trouble_since_ < bounds_.give_up_after)
    return dead;
  // All that time nothing went through: whoever waited as long need not be
  // tried one by one.
  std::vector<std::string> names;
  for (const auto& [each, one] : lanes_)
    names.push_back(each);
  for (const auto& each : names)
    for (auto found = lanes_.find(each);
         found != lanes_.end() && !found->second.out
         && found->second.waiting.front().at + bounds_.give_up_after <= now;
         found = lanes_.find(each)) {
      auto& one = found->second;
      dead.push_back({one.waiting.front(), why.detail, one.tries, why.status});
      drop_first(one);
    }
  return dead;
}

void outbox::returned(std::string_view key) {
  out_.erase(std::string{key});
  if (auto* of = lane_of(key))
    of->out = false;
}

void outbox::forget(std::string_view key) {
  if (const auto found = known_.find(key); found != known_.end())
    known_.erase(found);
}

void outbox::forgive() {
  streak_.clear();
  troubles_ = 0;
  due_ = {};
  trouble_since_.reset();
  for (auto& [name, one] : lanes_) {
    one.due = {};
    one.failing_since.reset();
  }
}

std::optional<timestamp> outbox::due(timestamp now) const {
  if (troubles_ > 0 && !out_.empty())
    return std::nullopt;
  std::optional<timestamp> first;
  for (const auto& [name, one] : lanes_)
    if (!one.out && !one.waiting.empty() && (!first || one.due < *first))
      first = one.due;
  if (!first)
    return std::nullopt;
  return std::max({*first, due_, now});
}

std::optional<timestamp> outbox::oldest() const {
  std::optional<timestamp> first;
  for (const auto& [name, one] : lanes_)
    for (const auto& each : one.waiting)
      if (!first || each.at < *first)
        first = each.at;
  return first;
}

} // namespace pawl::actors
