#include "actors/limits/bucket.hpp"

#include <algorithm>
#include <cmath>

namespace pawl::actors {

namespace {

/// What is lost in adding fractions must not cost a token.
constexpr double nearly = 1e-6;

timestamp window_of(const quota_rule& rule, timestamp now) {
  return now - now.time_since_epoch() % rule.per;
}

} // namespace

bucket::bucket(const limit& of, timestamp now) : at_{now} {
  change(of, now);
  if (rate_)
    tokens_ = rate_->burst;
}

void bucket::change(const limit& of, timestamp now) {
  refill(now);
  if (!rate_ && of.rate)
    tokens_ = of.rate->burst;
  rate_ = of.rate;
  if (rate_)
    tokens_ = std::min(tokens_, rate_->burst);
  concurrency_ = of.concurrency;
  const bool other_windows
    = !quota_ || !of.quota || quota_->per != of.quota->per;
  quota_ = of.quota;
  warn_at_ = of.warn_at;
  if (other_windows)
    used_ = {};
  // A larger quota, or a later warning, is to be warned of again.
  else if (used_.warned
           && static_cast<double>(used_.used)
                < warn_at_ * static_cast<double>(quota_->max))
    used_.warned = false;
  refill(now);
}

void bucket::refill(timestamp now) {
  if (rate_ && now > at_) {
    const auto passed = static_cast<double>((now - at_).count());
    const auto per = static_cast<double>(rate_->per.count());
    tokens_ = std::min(rate_->burst, tokens_ + passed * rate_->max / per);
  }
  at_ = now; // Also when the clock was set back: it goes on from there.
  if (!quota_)
    return;
  const auto window = window_of(*quota_, now);
  if (window > used_.window)
    used_ = {.window = window};
}

bucket::outlook bucket::look(timestamp now) {
  refill(now);
  outlook out;
  const auto wait_for = [&](timestamp until) {
    out.free = false;
    out.next = std::max(until, out.next.value_or(until));
  };
  if (closed_ > now)
    wait_for(closed_);
  if (rate_ && tokens_ < 1 - nearly) {
    const auto missing
      = (1 - tokens_) * static_cast<double>(rate_->per.count()) / rate_->max;
    wait_for(now
             + duration{std::max<std::int64_t>(
               1, std::llround(std::ceil(missing - nearly)))});
  }
  if (quota_ && used_.used >= quota_->max)
    wait_for(used_.window + quota_->per);
  if (concurrency_ && in_use_ >= *concurrency_)
    return {.free = false, .next = std::nullopt};
  return out;
}

bool bucket::take(timestamp now) {
  refill(now);
  ++in_use_;
  if (rate_)
    tokens_ -= 1;
  if (!quota_)
    return false;
  ++used_.used;
  if (used_.warned
      || static_cast<double>(used_.used)
           < warn_at_ * static_cast<double>(quota_->max))
    return false;
  used_.warned = true;
  return true;
}

void bucket::put_back(timestamp now) {
  refill(now);
  if (rate_)
    tokens_ = std::min(rate_->burst, tokens_ + 1);
  if (quota_ && used_.used > 0)
    --used_.used;
  leave();
}

void bucket::leave() {
  if (in_use_ > 0)
    --in_use_;
}

void bucket::close(timestamp until) {
  closed_ = std::max(closed_, until);
}

void bucket::restore(const usage& stored, timestamp now) {
  refill(now);
  if (quota_ && stored.window == used_.window)
    used_ = stored;
}

double bucket::tokens(timestamp now) {
  refill(now);
  return rate_ ? std::max(0.0, tokens_) : 0.0;
}

std::optional<timestamp> bucket::window_end() const {
  if (!quota_)
    return std::nullopt;
  return used_.window + quota_->per;
}

std::optional<timestamp> bucket::closed_until(timestamp now) const {
  return closed_ > now ? std::optional{closed_} : std::nullopt;
}

bool bucket::is_fresh(timestamp now) {
  refill(now);
  return in_use_ == 0 && used_.used == 0 && closed_ <= now
         && (!rate_ || tokens_ >= rate_->burst - nearly);
}

} // namespace pawl::actors
