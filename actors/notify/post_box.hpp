#pragma once

#include "actors/notify/message_post.hpp"

#include <vector>

/// What message_post keeps of one subscription, and how it hears of the world.
namespace pawl::actors {

/// The queue of a subscription in the store, and that of its dead messages.
/// Neither a namespace nor a name holds a ':'.
[[nodiscard]] std::string queue_id(const std::string& ns,
                                   const std::string& name);
[[nodiscard]] std::string dead_queue_id(const std::string& queue);

struct message_post::box {
  box(std::string queue, const retry_bounds& bounds, std::uint64_t seed)
      : id{std::move(queue)}, messages{bounds, seed} {}

  const std::string id;

  // Under the lock of the post.
  subscription_ptr what;
  bool renewed = false; ///< Put anew: what has failed is tried at once.
  bool news = true;     ///< Rows may be there that `messages` does not know.
  bool gone = false;    ///< Removed.
  /// Rows of the store. Below zero for a moment, when a message has left
  /// before its turn has told of it.
  std::int64_t pending = 0;
  std::int64_t dead = 0;
  std::uint64_t dropped = 0;   ///< Since the start, for want of room.
  std::uint64_t delivered = 0; ///< Since the start.
  std::uint64_t failed = 0;    ///< Tries, since the start.
  std::map<std::string, std::uint64_t> reasons; ///< Of the dead ones.
  std::optional<timestamp> oldest = {};
  std::optional<timestamp> last_success = {};
  struct failure {
    timestamp at;
    std::uint32_t status = 0;
    std::string detail;
  };
  std::optional<failure> last_failure = {};

  // The thread's own.
  outbox messages;
  std::vector<storage::stored_message> to_write; ///< Dead ones, ...
  std::vector<std::string> to_erase;             ///< ... and what is settled.

  /// Counts a dead message. Few reasons are told apart.
  void count_reason(const std::string& reason, std::uint64_t many);
  /// One is dead no more.
  void forget_reason(const std::string& reason);
};

/// A delivery has ended so.
struct message_post::ended {
  box_ptr of;
  std::string key;
  http_outcome how;
};

/// What comes from other threads. Answers may come after the post has gone.
struct message_post::mailbox {
  std::mutex lock;
  std::condition_variable come;
  std::vector<ended> letters;
  bool woken = false;

  void deliver(ended what) {
    {
      const std::lock_guard hold{lock};
      letters.push_back(std::move(what));
      woken = true;
    }
    come.notify_all();
  }
  void wake() {
    {
      const std::lock_guard hold{lock};
      woken = true;
    }
    come.notify_all();
  }
};

/// Why and when a message was given up.
struct death {
  std::string reason;
  std::uint32_t tries = 0;
  std::uint32_t status = 0; ///< Of the last answer; 0 if there was none.
  timestamp at = {};
};
/// A message as the store keeps it, in its queue or among the dead.
[[nodiscard]] std::string message_state(std::string_view event);
[[nodiscard]] std::string dead_state(std::string_view event, const death& how);
/// Fails with errc::corrupt.
struct message_read {
  json::object event;
  std::optional<death> dead = {};
};
[[nodiscard]] result<message_read> read_message(std::string_view state);

} // namespace pawl::actors
