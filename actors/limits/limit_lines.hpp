#pragma once

#include "actors/limits/bucket.hpp"
#include "base/ids.hpp"
#include "workflow/event.hpp"

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace pawl::actors {

/// One token that somebody has.
struct held_token {
  limit_ref of;
  std::string key;
  std::uint64_t line = 0; ///< Which line it is from.
};

/// What somebody wants tokens of, in the order in which they are taken.
struct token_wish {
  std::vector<limit_ref> of = {};
  std::string key = {}; ///< Of limits that tasks name; others have no keys.
  instance_key whose = {};
  frame_id frame = 0;
};

/// The limits, what is left of them, and who waits for a token: in the order
/// of their coming within an instance, and instances in turn.
///
/// Pure, and not safe to share: limit_keeper is around it.
class limit_lines {
public:
  /// Keys of one limit that have tokens of their own; further ones share one
  /// bucket, until one of those has nothing to remember.
  static constexpr std::size_t keys_max = 10'000;
  static constexpr std::size_t key_bytes_max = 256;

  using tokens = std::vector<held_token>;
  using ticket = std::uint64_t;
  /// A quota, or the bytes of a namespace, are near their end.
  struct near_end {
    limit_ref of;
    std::string key;
    std::uint64_t used = 0, max = 0;
    std::optional<timestamp> until; ///< Of a quota: the end of its window.
  };
  /// What is to be done once nobody looks at the lines.
  struct errands {
    std::vector<std::function<void()>> granted = {};
    std::vector<near_end> near = {};
    bool jobs = false; ///< Jobs that were refused may be tried again.
  };
  /// A row of what is used of a quota; nothing: it may go.
  using change
    = std::tuple<limit_ref, std::string, std::optional<bucket::usage>>;

  void set(const limit& what, timestamp now, errands& todo);
  void remove(const limit_ref& which, timestamp now, errands& todo);
  [[nodiscard]] const limit* find(const limit_ref& which) const;
  /// The limits of this scope that are in force in `ns`, in the order in which
  /// tokens are taken.
  [[nodiscard]] std::vector<limit_ref>
  in_force(limit_scope on, const std::string& ns,
           const std::function<bool(const limit&)>& fits) const;
  [[nodiscard]] std::size_t count(limit_scope on) const;

  /// All tokens at once, or none: then, if `tells`, errands::jobs says when it
  /// is worth another try.
  std::optional<tokens> take(const token_wish& what, bool tells, timestamp now,
                             errands& todo);
  /// What is under way already is counted.
  tokens occupy(const token_wish& what, timestamp now);
  /// `then` is called once with the tokens, by errands::granted.
  ticket ask(token_wish what, timestamp now, std::function<void(tokens)> then,
             errands& todo);
  void withdraw(ticket which, timestamp now, errands& todo);
  /// What was begun with them has ended; not `spent`: it never began.
  void give_back(const tokens& what, bool spent, timestamp now, errands& todo);
  /// Nothing leaves under this limit before `until`.
  void close(const limit_ref& which, timestamp until, timestamp now);
  /// Gives tokens that have come by time.
  void serve(timestamp now, errands& todo);
  /// When to call serve().
  [[nodiscard]] std::optional<timestamp> next_due() const;

  void restore(const limit_ref& of, const std::string& key,
               const bucket::usage& what, timestamp now);
  /// What has changed of quotas since it was asked last.
  std::vector<change> changes();
  [[nodiscard]] bool has_changes() const {
    return !changed_.empty() || !gone_.empty();
  }

  // --- For people ----------------------------------------------------------

  struct waiting_step {
    frame_id frame = 0;
    limit_ref of;
    std::string key;
    timestamp since;
    std::optional<timestamp> next;
  };
  [[nodiscard]] std::vector<waiting_step> waiting_of(const instance_key& who,
                                                     timestamp now);
  /// The first limit of `what` that has no token now.
  [[nodiscard]] std::optional<waiting_step> obstacle(const token_wish& what,
                                                     timestamp now);
  struct key_view {
    std::string key;
    std::optional<double> tokens;
    std::uint32_t in_use = 0;
    std::size_t waiting = 0;
    std::optional<std::uint64_t> used;
    std::optional<timestamp> window_end;
    std::optional<timestamp> closed_until;
    std::optional<timestamp> next;
  };
  struct view {
    std::vector<key_view> keys; ///< Those that have something to tell.
    std::size_t keys_known = 0;
    std::size_t waiting = 0;
    std::uint64_t granted = 0, refused = 0, near = 0;
  };
  [[nodiscard]] view look(const limit_ref& which, timestamp now);
  [[nodiscard]] std::vector<limit_ref> all() const;
  void count_refusal(const limit_ref& which);
  void count_near(const limit_ref& which);

private:
  struct group { ///< Of one instance.
    std::uint64_t turn = 0;
    std::deque<ticket> tickets;
  };
  struct line {
    line(const limit& of, timestamp now) : tokens{of, now} {}
    bucket tokens;
    std::uint64_t id = 0;
    std::map<instance_key, group> waiting;
    std::map<std::uint64_t, instance_key> turns;
    std::size_t waiters = 0;
    bool jobs = false; ///< Some were refused.
    std::optional<timestamp> due;
    std::list<std::string>::iterator used;
  };
  struct entry {
    limit rules;
    std::map<std::string, line, std::less<>> lines;
    std::list<std::string> by_use; ///< Keys, that unused longest first.
    std::uint64_t granted = 0, refused = 0, near = 0;
  };
  struct waiter {
    token_wish what;
    std::function<void(tokens)> then;
    tokens have;
    std::size_t next = 0; ///< Which of them it waits for.
    timestamp since;
  };
  struct place {
    entry* in = nullptr;
    line* at = nullptr;
    std::string key;
  };

  place place_of(const limit_ref& of, const std::string& key, timestamp now);
  bool make_room(entry& in, timestamp now);
  void take_at(const place& at, tokens& into, timestamp now, errands& todo);
  void advance(ticket which, timestamp now, errands& todo);
  void enqueue(const place& at, ticket which, const instance_key& who);
  void leave(const place& at, ticket which, const instance_key& who);
  void serve_line(const place& at, timestamp now, errands& todo);
  void set_due(const place& at, timestamp now);

  std::map<limit_ref, entry> limits_;
  std::map<ticket, waiter> waiters_;
  std::map<instance_key, std::set<ticket>> by_instance_;
  std::set<std::tuple<timestamp, limit_ref, std::string>> due_;
  std::set<std::pair<limit_ref, std::string>> changed_;
  std::set<std::pair<limit_ref, std::string>> gone_;
  std::uint64_t next_ = 0; ///< Tickets, turns and lines.
};

} // namespace pawl::actors
