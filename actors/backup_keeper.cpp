#include "actors/backup_keeper.hpp"

#include "base/log.hpp"
#include "base/version.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

/// The wall clock may jump, so it is looked at this often.
constexpr std::chrono::milliseconds look_every{500};
constexpr duration try_again_after{60'000};

} // namespace

bool backup_due(const backup_times& last, duration every, timestamp now) {
  if (every == duration{})
    return false;
  const auto passed = [&](timestamp since, duration length) {
    return now < since || now - since >= length;
  };
  if (last.tried && !passed(*last.tried, std::min(every, try_again_after)))
    return false;
  return !last.good || passed(*last.good, every);
}

backup_keeper::backup_keeper(const storage::store& of,
                             const config::options::backup_options& how,
                             meters& measured)
    : store_{of}, how_{how}, measured_{measured} {
  if (!how_.directory.empty())
    thread_ = std::thread{[this] { run(); }};
}

backup_keeper::~backup_keeper() {
  stop();
}

void backup_keeper::stop() {
  {
    const std::lock_guard hold{lock_};
    stopping_ = true;
    if (under_way_ != nullptr)
      under_way_->stop();
  }
  wished_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void backup_keeper::take(done tell) {
  {
    const std::lock_guard hold{lock_};
    if (!stopping_ && !how_.directory.empty()) {
      waiting_.push_back(std::move(tell));
      wished_.notify_all();
      return;
    }
  }
  if (how_.directory.empty())
    return tell(error{errc::invalid_state,
                      "No backups are taken: backup.directory is not set."});
  tell(error{errc::shutting_down, "The daemon is shutting down."});
}

result<std::vector<storage::backup_info>> backup_keeper::list() const {
  const auto opened = storage::backups::open_to_read(how_.directory);
  if (!opened && opened.error().code == errc::not_found)
    return std::vector<storage::backup_info>{};
  if (!opened)
    return opened.error();
  auto all = (*opened)->list();
  std::ranges::reverse(all);
  return all;
}

bool backup_keeper::busy() const {
  const std::lock_guard hold{lock_};
  return busy_ || !waiting_.empty();
}

std::optional<error> backup_keeper::trouble() const {
  const std::lock_guard hold{lock_};
  return trouble_;
}

void backup_keeper::learn_last() {
  const auto all = list();
  if (!all)
    return log::error("backup.unreadable", {{"directory", how_.directory},
                                            {"detail", all.error().detail}});
  const auto newest
    = std::ranges::find_if(*all, [](const auto& one) { return !one.damaged; });
  const std::lock_guard hold{lock_};
  if (newest != all->end())
    last_.good = newest->taken;
}

void backup_keeper::run() {
  learn_last();
  std::unique_lock hold{lock_};
  while (!stopping_) {
    if (waiting_.empty() && !backup_due(last_, how_.every, clock::now())) {
      wished_.wait_for(hold, look_every);
      continue;
    }
    busy_ = true;
    const auto waiting = std::exchange(waiting_, {});
    hold.unlock();
    take_one(waiting);
    hold.lock();
  }
  const auto left = std::exchange(waiting_, {});
  hold.unlock();
  for (const auto& tell : left)
    tell(error{errc::shutting_down, "The daemon is shutting down."});
}

result<storage::backup_info> backup_keeper::make() {
  auto opened = storage::backups::open(how_.directory);
  if (!opened)
    return opened.error();
  {
    const std::lock_guard hold{lock_};
    if (stopping_)
      return error{errc::shutting_down, "The daemon is shutting down."};
    under_way_ = opened->get();
  }
  auto made = (*opened)->create(store_, clock::now(), std::string{version});
  {
    const std::lock_guard hold{lock_};
    under_way_ = nullptr;
  }
  if (!made)
    return made;
  if (const auto pruned = (*opened)->prune(how_.keep); !pruned)
    log::warn("backup.not_pruned", {{"detail", pruned.error().detail}});
  return made;
}

void backup_keeper::take_one(const std::vector<done>& waiting) {
  const auto begun = std::chrono::steady_clock::now();
  const auto made = make();
  const std::chrono::duration<double> took
    = std::chrono::steady_clock::now() - begun;
  measured_.backup(made.has_value(), took.count());
  if (made)
    log::info("backup.taken", {{"name", made->number},
                               {"bytes", made->bytes},
                               {"seconds", took.count()}});
  else if (made.error().code != errc::shutting_down)
    log::error("backup.failed", {{"directory", how_.directory},
                                 {"detail", made.error().detail}});
  {
    const std::lock_guard hold{lock_};
    busy_ = false;
    last_.tried = clock::now();
    trouble_.reset();
    if (made)
      last_.good = made->taken;
    else
      trouble_ = made.error();
  }
  for (const auto& tell : waiting)
    tell(made);
}

} // namespace pawl::actors
