#pragma once

#include "actors/gateway.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace pawl::actors {

/// A client's right to one answer. Whoever holds the slot may give it; if all
/// holders are gone and nobody has, the slot itself says errc::timed_out, so
/// that an actor's death never leaves a client without an answer.
///
/// Thread safety: give() may be called from any thread, the first call counts.
class answer_slot {
public:
  explicit answer_slot(reply_to to) : to_{std::move(to)} {}
  answer_slot(const answer_slot&) = delete;
  answer_slot& operator=(const answer_slot&) = delete;
  ~answer_slot() {
    give(refusal{.what = {errc::timed_out,
                          "The part that worked on this request has failed. "
                          "Whether it took effect is not known."}});
  }

  void give(reply what) {
    if (!given_.exchange(true))
      to_(std::move(what));
  }

private:
  reply_to to_;
  std::atomic<bool> given_ = false;
};
using answer_ptr = std::shared_ptr<answer_slot>;

[[nodiscard]] inline answer_ptr make_answer(reply_to to) {
  return std::make_shared<answer_slot>(std::move(to));
}

} // namespace pawl::actors
