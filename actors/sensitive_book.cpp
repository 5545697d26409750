#include "actors/sensitive_book.hpp"

#include <algorithm>
#include <stdexcept>

namespace pawl::actors {

namespace {

void recall(sensitive_memory& into, const storage::store& in,
            const instance_key& key, sequence upto) {
  if (into.last() >= upto)
    return;
  const auto read
    = in.replay(key, into.last(), [&](storage::history_item&& item) {
        if (item.number > upto)
          return false;
        into.see(item.fact, item.at);
        return true;
      });
  if (!read)
    throw std::runtime_error{read.error().detail};
}

} // namespace

redactor_ptr own_memory::see(const storage::store& in, const instance_key& key,
                             const machine& flow, std::span<const event> fresh,
                             timestamp at) {
  if (!sensitive_memory::is_needed(flow.flow()))
    return nullptr;
  const auto before = flow.state().last - fresh.size();
  if (!memory_ || memory_->last() != before) {
    memory_.emplace(flow.shared_flow());
    recall(*memory_, in, key, before);
  }
  for (const auto& fact : fresh)
    memory_->see(fact, at);
  return memory_->hider();
}

redactor_ptr sensitive_book::known(const storage::store& in,
                                   const instance_key& key,
                                   const machine& flow) {
  if (!sensitive_memory::is_needed(flow.flow()))
    return nullptr;
  // Nobody else folds what was taken out.
  std::list<entry> mine;
  {
    const std::lock_guard guard{lock_};
    const auto found = std::ranges::find(recent_, key, &entry::first);
    if (found != recent_.end())
      mine.splice(mine.begin(), recent_, found);
  }
  // Another instance may have had its name.
  if (!mine.empty() && mine.front().second.created() != flow.state().created)
    mine.clear();
  if (mine.empty())
    mine.emplace_front(key, sensitive_memory{flow.shared_flow()});
  auto& memory = mine.front().second;
  recall(memory, in, key, flow.state().last);
  auto out = memory.hider();
  const std::lock_guard guard{lock_};
  recent_.remove_if([&](const entry& one) { return one.first == key; });
  recent_.splice(recent_.begin(), mine);
  drop_old();
  return out;
}

void sensitive_book::drop_old() {
  std::size_t count = 0;
  std::size_t bytes = 0;
  recent_.remove_if([&](const entry& one) {
    bytes += one.second.bytes();
    return ++count > 1 && (count > kept_max || bytes > bytes_max);
  });
}

} // namespace pawl::actors
