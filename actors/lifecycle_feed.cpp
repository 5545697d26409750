#include "actors/lifecycle_feed.hpp"

#include "base/json_member.hpp"
#include "base/time.hpp"

#include <algorithm>
#include <utility>

namespace pawl::actors {

namespace {

constexpr std::size_t items_max = 8192;
constexpr std::size_t bytes_max = std::size_t{16} << 20;
/// A client that was cut off is expected back by then.
constexpr std::chrono::minutes remembered_for{5};
/// Numbers of one millisecond: far more than are made in one. So the numbers of
/// a start fill no more than moments of the time since 1970, and those of
/// another start, though the clock was set back in between, lie elsewhere.
constexpr std::uint64_t numbers_per_ms = std::uint64_t{1} << 20;
/// How much an item takes beside its text, about.
constexpr std::size_t item_bytes = 256;

bool fits_text(const std::string& wanted, const std::string& is) {
  return wanted.empty() || wanted == is;
}

using texts = std::map<std::string, std::string>;

bool has_all(const texts& in, const texts& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& pair) {
    const auto at = in.find(pair.first);
    return at != in.end() && at->second == pair.second;
  });
}

} // namespace

class lifecycle_feed::guard : public watch {
public:
  guard(lifecycle_feed& of, std::uint64_t number) : of_{of}, number_{number} {}
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;
  ~guard() override { of_.forget(number_); }

private:
  lifecycle_feed& of_;
  std::uint64_t number_;
};

lifecycle_feed::lifecycle_feed()
    : last_{static_cast<std::uint64_t>(unix_ms(clock::now())) * numbers_per_ms},
      floor_{last_} {}

bool lifecycle_feed::wanted() {
  if (followers_ != 0
      || steady::now().time_since_epoch().count() < wanted_until_)
    return true;
  if (!left_out_) // Seldom written, so that cores need not pass it round.
    left_out_ = true;
  return false;
}

// What was left out lies between what is remembered and what will be.
void lifecycle_feed::settle() {
  if (!left_out_.exchange(false))
    return;
  items_.clear();
  bytes_ = 0;
  floor_ = ++last_;
}

void lifecycle_feed::publish(lifecycle_origin of,
                             const std::vector<datum>& events) {
  if (events.empty())
    return;
  const auto from = std::make_shared<const lifecycle_origin>(std::move(of));
  std::vector<std::shared_ptr<std::function<void()>>> told;
  {
    const std::lock_guard hold{lock_};
    settle();
    for (const auto& e : events) {
      items_.push_back({from,
                        {.number = ++last_,
                         .type = text_in(e->as_object(), "type"),
                         .json = to_text(*e)}});
      bytes_ += items_.back().shown.json.size() + item_bytes;
    }
    while (items_.size() > items_max || bytes_ > bytes_max) {
      bytes_ -= items_.front().shown.json.size() + item_bytes;
      floor_ = items_.front().shown.number;
      items_.pop_front();
    }
    for (const auto& [number, changed] : watchers_)
      told.push_back(changed);
  }
  for (const auto& changed : told)
    (*changed)();
}

sequence lifecycle_feed::position() {
  want_for_a_while(); // Between this and observe() nothing is left out.
  const std::lock_guard hold{lock_};
  settle();
  return last_;
}

bool lifecycle_feed::fits(const lifecycle_filter& want, const item& one) {
  const auto& from = *one.from;
  return fits_text(want.ns, from.of.ns)
         && fits_text(want.workflow, from.of.name)
         && fits_text(want.version, from.of.version)
         && fits_text(want.instance, from.instance)
         && one.shown.type.starts_with(want.type)
         && (!want.status || *want.status == from.status)
         && (!want.state || *want.state == from.state)
         && has_all(from.labels, want.labels) && has_all(from.index, want.index)
         && (!want.started_after
             || (from.started && *from.started > *want.started_after))
         && (!want.started_before
             || (from.started && *from.started < *want.started_before))
         && access::sees(want.by, from.of.ns, from.of.name);
}

history_page lifecycle_feed::read(const lifecycle_filter& want, sequence after,
                                  std::uint32_t limit) {
  history_page page;
  const std::lock_guard hold{lock_};
  settle();
  if (after < floor_ || after > last_) {
    page.missed = {.from = after, .to = floor_};
    after = floor_;
  }
  auto at = std::upper_bound(
    items_.begin(), items_.end(), after,
    [](sequence n, const item& i) { return n < i.shown.number; });
  for (; at != items_.end() && page.items.size() < limit; ++at) {
    after = at->shown.number;
    if (fits(want, *at))
      page.items.push_back(at->shown);
  }
  page.looked_to = after;
  return page;
}

std::unique_ptr<watch> lifecycle_feed::observe(std::function<void()> changed) {
  const std::lock_guard hold{lock_};
  const auto number = ++next_watcher_;
  watchers_.emplace(
    number, std::make_shared<std::function<void()>>(std::move(changed)));
  ++followers_;
  return std::make_unique<guard>(*this, number);
}

void lifecycle_feed::forget(std::uint64_t watcher) {
  const std::lock_guard hold{lock_};
  watchers_.erase(watcher);
  want_for_a_while();
  --followers_;
}

void lifecycle_feed::want_for_a_while() {
  wanted_until_ = (steady::now() + remembered_for).time_since_epoch().count();
}

} // namespace pawl::actors
