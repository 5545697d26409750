#include "actors/tracing/span_queue.hpp"

#include <algorithm>
#include <iterator>

namespace pawl::actors {

bool is_taken(const export_outcome& how) {
  return how.status >= 200 && how.status < 300;
}

bool is_passing(const export_outcome& how) {
  return how.status == 0 || how.status == 429
         || (how.status >= 502 && how.status <= 504);
}

void span_queue::add(std::vector<trace_span> made, steady::time_point now) {
  if (size() == 0)
    due_ = std::max(due_, now + how_.every);
  for (auto& one : made)
    if (size() < how_.max)
      waiting_.push_back(std::move(one));
    else
      ++counted_.dropped;
}

std::optional<span_queue::steady::time_point> span_queue::due() const {
  if (out_ || size() == 0)
    return std::nullopt;
  // A full batch need not wait, unless something is wrong.
  return failures_ == 0 && waiting_.size() >= batch_max ? steady::time_point{}
                                                        : due_;
}

std::span<const trace_span> span_queue::next(steady::time_point now,
                                             bool hurry) {
  const auto at = due();
  if (!at || (!hurry && *at > now))
    return {};
  if (batch_.empty()) {
    const auto end
      = waiting_.begin()
        + static_cast<std::ptrdiff_t>(std::min(batch_max, waiting_.size()));
    std::move(waiting_.begin(), end, std::back_inserter(batch_));
    waiting_.erase(waiting_.begin(), end);
  }
  out_ = true;
  return batch_;
}

void span_queue::settle(const export_outcome& how, steady::time_point now) {
  out_ = false;
  if (!is_taken(how) && is_passing(how)) {
    constexpr std::uint32_t doublings_max = 10;
    const auto pause = std::min<duration>(
      pause_first * (1U << std::min(failures_++, doublings_max)), pause_max);
    due_ = now
           + std::max(pause, std::min(how.retry_after.value_or(duration{}),
                                      retry_after_max));
    return;
  }
  const auto rejected = is_taken(how)
                          ? std::min<std::uint64_t>(how.rejected, batch_.size())
                          : batch_.size();
  counted_.rejected += rejected;
  counted_.exported += batch_.size() - rejected;
  batch_.clear();
  failures_ = 0;
  due_ = now + how_.every;
}

void span_queue::give_up() {
  counted_.dropped += size();
  batch_.clear();
  waiting_.clear();
  out_ = false;
}

} // namespace pawl::actors
