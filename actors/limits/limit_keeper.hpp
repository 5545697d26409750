#pragma once

#include "actors/kept/kept_book.hpp"
#include "actors/limits/byte_book.hpp"
#include "actors/limits/limit_lines.hpp"
#include "actors/limits/live_book.hpp"
#include "actors/limits/start_line.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::storage {
class store;
} // namespace pawl::storage

namespace pawl::actors {

class limit_keeper;

/// What the keeper of limits needs of the world around it. All is called
/// without a lock of the keeper, and maybe under one of whoever asked it.
struct limit_world {
  std::function<timestamp()> now;
  /// Calls back once, after about so long, on any thread.
  std::function<void(duration, std::function<void()>)> wake;
  /// Makes rows of quotas durable, some time.
  std::function<void(std::vector<storage::stored_record> kept,
                     std::vector<std::string> gone)>
    write;
  /// Jobs that were refused may be given away. Called by wake() alone.
  std::function<void()> changed;
  std::function<void(const limit_lines::near_end&)> near;
  /// Finds the instances of a namespace that have not ended, on any thread, and
  /// hands them to the book.
  std::function<void(const std::string& ns, std::shared_ptr<limit_keeper>)>
    count = {};
  /// What a namespace takes on disk. Called under the keeper's lock; null: it
  /// is not known.
  std::function<std::uint64_t(const std::string& ns)> bytes = {};
};

/// Why an instance may not be started now.
struct start_refusal {
  enum class rule : std::uint8_t {
    live,
    bytes,
    starts,
    line ///< Others have waited for longer.
  };
  limit_ref of;
  rule by = rule::starts;
  std::uint64_t used = 0, max = 0; ///< Of live and bytes.
  duration again{};                ///< When it is worth another try.
};
/// "10 of at most 10 instances live in it", or the like.
[[nodiscard]] std::string sentence_of(const start_refusal& no);
/// What it says beside that: `limit`, `used`, `max`.
[[nodiscard]] json::object members_of(const start_refusal& no);

/// Tokens that somebody has. They go back when the last copy is gone: as not
/// used, unless spend() was called. Thread safety: as its keeper's.
class limit_pass {
public:
  limit_pass(std::weak_ptr<limit_keeper> of, limit_lines::tokens what)
      : keeper_{std::move(of)}, what_{std::move(what)} {}
  ~limit_pass();
  limit_pass(const limit_pass&) = delete;
  limit_pass& operator=(const limit_pass&) = delete;

  /// What they are for begins now.
  void spend() { spent_ = true; }
  [[nodiscard]] bool covers(const limit_ref& one) const;

private:
  const std::weak_ptr<limit_keeper> keeper_;
  const limit_lines::tokens what_;
  std::atomic<bool> spent_ = false;
};
using pass_ptr = std::shared_ptr<limit_pass>;

/// Keeps the limits: gives tokens to steps, jobs and starts, tells what is
/// left, and writes down how much of a quota is used: about a second later, so
/// that a crash forgets what was used in that second.
///
/// Thread safety: every function may be called from any thread; none blocks.
class limit_keeper final : public kept_keeper,
                           public std::enable_shared_from_this<limit_keeper> {
public:
  explicit limit_keeper(limit_world world) : world_{std::move(world)} {}

  [[nodiscard]] result<json::object> read(const kept_ref& which,
                                          const json::value& sent) override;
  void changed(const std::string& ns, const std::string& name,
               const kept_thing* now) override;
  [[nodiscard]] json::object shown(const kept_thing& what) override;

  /// How much was used up in a former life. Once, after the limits are there.
  void restore(const std::vector<storage::stored_record>& rows);
  /// Writes what has not been written; nobody else may write any more.
  void stop(storage::store& into);

  // --- Which limits --------------------------------------------------------

  /// Those that a task of `ns` means by `name`: of the daemon and of its
  /// namespace, if they are there.
  /// If none is, that is logged, once.
  [[nodiscard]] std::vector<limit_ref> named(const std::string& ns,
                                             const std::string& name);
  [[nodiscard]] std::vector<limit_ref> on_host(const std::string& ns,
                                               std::string_view uri) const;
  [[nodiscard]] std::vector<limit_ref> on_queue(const std::string& ns,
                                                const std::string& queue) const;

  /// Whether no job of a queue may go, if there is no token of this one.
  [[nodiscard]] bool closes_queue(const limit_ref& which) const;
  /// Whether any limit is on a host.
  [[nodiscard]] bool guards_hosts() const { return hosts_ != 0; }

  // --- Tokens --------------------------------------------------------------

  /// All tokens now, or null; `tells` and null: limit_world::changed is called
  /// when there may be some.
  [[nodiscard]] pass_ptr take(const token_wish& what, bool tells);
  /// Counts what is under way already.
  [[nodiscard]] pass_ptr occupy(const token_wish& what);
  /// `then` is called once with the tokens, on any thread, maybe at once.
  /// Nobody waits any more when what is returned is destroyed.
  [[nodiscard]] std::shared_ptr<void> ask(token_wish what,
                                          std::function<void(pass_ptr)> then);
  /// The host of `uri` wants to be left alone for so long.
  void close_host(const std::string& ns, std::string_view uri, duration wait);
  /// A task was refused for want of a token of the first of `what` without one.
  /// Returns its name and when there will be one.
  std::optional<limit_lines::waiting_step> refuse(const token_wish& what);

  // --- Starts --------------------------------------------------------------

  struct start_permit {
    pass_ptr pass = {};
    bool reserved = false; ///< Its place among those that live is new.
    std::optional<start_refusal> refused = {};
  };
  /// Whether any limit is on a namespace.
  [[nodiscard]] bool limits_starts() const { return spaces_ != 0; }
  /// Whether an instance may be started in `ns` now. One that can wait, and is
  /// refused, stands in the line of its namespace from then on.
  [[nodiscard]] start_permit admit_start(const std::string& ns,
                                         const instance_key& key,
                                         const waiting_start* waits = nullptr);
  /// It was made, or was not after all.
  void settle_start(const std::string& ns, const instance_key& key,
                    const start_permit& by, bool made);
  /// It is no longer to be started.
  void leave_line(const std::string& ns, const waiting_start& who);
  /// What keeps everybody from starting one in `ns`, if anything does.
  [[nodiscard]] std::optional<start_refusal>
  obstacle_to_start(const std::string& ns);
  /// A turn has made an instance, ended or reopened it.
  void saw(const std::string& ns, const instance_key& key, bool lives);
  /// See limit_world::count.
  void counted(const std::string& ns, const std::vector<instance_key>& living);

  // --- For people ----------------------------------------------------------

  [[nodiscard]] std::vector<limit_lines::waiting_step>
  waiting_of(const instance_key& who);
  [[nodiscard]] std::optional<limit_lines::waiting_step>
  obstacle(const token_wish& what);
  [[nodiscard]] std::string metrics(); ///< Prometheus text.

private:
  friend class limit_pass;
  /// Does `what` under the lock, and what follows from it without.
  template <class F>
  void locked(F&& what) {
    limit_lines::errands todo;
    {
      std::unique_lock hold{lock_};
      what(todo);
      tell_jobs(todo);
      arm(hold);
    }
    carry_out(todo);
  }
  void tell_jobs(limit_lines::errands& todo);
  void carry_out(const limit_lines::errands& todo) const;
  void give_back(const limit_lines::tokens& what, bool spent);
  void withdraw(limit_lines::ticket which);
  void arm(std::unique_lock<std::mutex>& hold);
  void tick();
  void write_changes();
  [[nodiscard]] std::vector<limit_ref>
  of_namespace(const std::string& ns) const;
  [[nodiscard]] pass_ptr pass_of(limit_lines::tokens what);
  [[nodiscard]] std::uint64_t bytes_in(const std::string& ns) const;
  void watch_bytes(const std::string& ns, limit_lines::errands& todo);
  [[nodiscard]] std::optional<start_refusal>
  refusal_of(const std::string& ns, const token_wish& wish,
             const instance_key& key);
  void call_first(const std::string& ns, limit_lines::errands& todo);

  const limit_world world_;
  mutable std::mutex lock_;
  limit_lines lines_;
  std::set<limit_ref> unknown_; ///< That tasks have named; not all.
  live_book living_;
  byte_book bytes_;
  start_line line_;
  std::optional<timestamp> armed_;
  bool telling_ = false; ///< world_.changed will be called.
  bool writing_ = false; ///< write_changes() will be called.
  // The only questions on most days.
  std::atomic<std::size_t> hosts_ = 0, queues_ = 0, spaces_ = 0;
};

} // namespace pawl::actors
