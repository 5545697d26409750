#include "actors/lifecycle_feed.hpp"

#include "base/time.hpp"

#include <algorithm>
#include <utility>

namespace pawl::actors {

namespace {

constexpr std::size_t items_max = 8192;
constexpr std::size_t bytes_max = std::size_t{16} << 20;
/// A client that was cut off is expected back by then.
constexpr std::chrono::minutes remembered_for{5};
/// Numbers of one millisecond: more than are made in one, so that a later start
/// goes on above what an earlier one gave out.
constexpr std::uint64_t numbers_per_ms = 1000;

std::string text_in(const datum& event, std::string_view key) {
  const auto* value = event->as_object().if_contains(key);
  return value != nullptr && value->is_string()
           ? std::string{value->get_string()}
           : std::string{};
}

bool fits(const std::string& wanted, const std::string& is) {
  return wanted.empty() || wanted == is;
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
    : last_{static_cast<std::uint64_t>(unix_ms(clock::now()))
            * numbers_per_ms} {}

bool lifecycle_feed::wanted() const {
  return followers_ != 0
         || steady::now().time_since_epoch().count() < wanted_until_;
}

void lifecycle_feed::publish(const definition_id& of,
                             const std::vector<datum>& events) {
  if (events.empty())
    return;
  std::vector<std::shared_ptr<std::function<void()>>> told;
  {
    const std::lock_guard hold{lock_};
    for (const auto& e : events) {
      items_.push_back(
        {of,
         {.number = ++last_, .type = text_in(e, "type"), .json = to_text(*e)}});
      bytes_ += items_.back().shown.json.size();
    }
    while (items_.size() > items_max || bytes_ > bytes_max) {
      bytes_ -= items_.front().shown.json.size();
      items_.pop_front();
    }
    for (const auto& [number, changed] : watchers_)
      told.push_back(changed);
  }
  for (const auto& changed : told)
    (*changed)();
}

sequence lifecycle_feed::position() const {
  const std::lock_guard hold{lock_};
  return last_;
}

history_page lifecycle_feed::read(const lifecycle_filter& want, sequence after,
                                  std::uint32_t limit) const {
  history_page page;
  const std::lock_guard hold{lock_};
  auto at = std::upper_bound(
    items_.begin(), items_.end(), after,
    [](sequence n, const item& i) { return n < i.shown.number; });
  for (; at != items_.end() && page.items.size() < limit; ++at)
    if (fits(want.ns, at->of.ns) && fits(want.workflow, at->of.name)
        && fits(want.version, at->of.version)
        && at->shown.type.starts_with(want.type)
        && access::sees(want.by, at->of.ns, at->of.name))
      page.items.push_back(at->shown);
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
  wanted_until_ = (steady::now() + remembered_for).time_since_epoch().count();
  --followers_;
}

} // namespace pawl::actors
