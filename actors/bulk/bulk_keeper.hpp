#pragma once

#include "actors/bulk/bulk.hpp"
#include "actors/orders.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace pawl::actors {

struct context;

/// The instances that come next.
struct bulk_page {
  std::vector<std::pair<std::string, std::string>> items; ///< Namespace, id.
  std::string next; ///< The cursor behind them; "" at the end.
};

/// What is written with a change that somebody has asked for.
struct bulk_papers {
  std::optional<storage::kept_answer> kept = {};
  std::optional<storage::audit_entry> note = {};
};

/// What the keeper of bulk operations needs of the world around it. All but
/// `act` may wait; all of it is called on the keeper's thread.
struct bulk_world {
  std::function<timestamp()> now;
  /// From the cursor on, at most `max`.
  std::function<result<bulk_page>(const bulk&, std::size_t max)> select;
  /// True once it is durable.
  std::function<bool(const bulk&, const std::vector<bulk_item>&,
                     const bulk_papers&)>
    save;
  /// The items from `batch_from` on.
  std::function<result<std::vector<bulk_item>>(const bulk&)> batch;
  /// Asks the instance. The same item is answered the same however often it
  /// is asked, for bulk_bounds::trusted_for.
  std::function<void(const bulk&, const bulk_item&, reply_to)> act;
  /// Why whoever ordered it may not have it go on; "" if he may.
  std::function<std::string(const bulk&)> objection;
  /// Removes it and its report; true once that is durable.
  std::function<bool(const bulk&)> forget;
  std::function<bool()> closing; ///< Nothing more is to be begun.
};

struct bulk_bounds {
  std::size_t active_max = 8;   ///< Operations that have not ended.
  std::size_t concurrency = 16; ///< Instances of one at a time.
  std::size_t kept_max = 100;   ///< Operations that have ended.
  duration trusted_for{3600'000};
};

/// Carries bulk operations out, on a thread of its own.
///
/// It takes some instances, writes them down as pending together with where
/// the list goes on, asks them all, and writes down what became of them. So
/// after a crash at most the last of these batches is asked again, under the
/// same keys: none is forgotten, and what was done is answered and not done
/// again.
///
/// Thread safety: every function may be called from any thread, but load(),
/// start() and work() by one.
class bulk_keeper {
public:
  bulk_keeper(bulk_world world, const bulk_bounds& bounds);
  /// As stop().
  ~bulk_keeper();
  bulk_keeper(const bulk_keeper&) = delete;
  bulk_keeper& operator=(const bulk_keeper&) = delete;

  /// Takes over what the store holds. Before start(). Fails with errc::corrupt,
  /// errc::io.
  result<> load(std::vector<bulk> all);
  void start();
  /// Begins nothing more and waits for the thread. What is under way is taken
  /// up after the next start of the daemon.
  void stop();
  /// One round; the thread's work, or a test's. Returns when to come again if
  /// nothing comes in before.
  std::optional<timestamp> work();

  /// Who asks for a change, told on the keeper's thread.
  struct asker {
    /// What to write with the change, given how it will stand; may be null.
    std::function<bulk_papers(const bulk&)> papers;
    /// Told once it is durable, or why not; never if the daemon ends first.
    std::function<void(std::variant<bulk, refusal>)> then;
  };
  /// Refused with errc::overloaded if as many as may be are under way.
  void add(bulk what, asker who);
  /// Refused with errc::not_found, errc::invalid_state.
  void act(const std::string& id, bulk_verb what, const std::string& reason,
           asker who);

  /// Newest first.
  [[nodiscard]] std::vector<bulk> list() const;
  [[nodiscard]] std::optional<bulk> find(const std::string& id) const;
  [[nodiscard]] std::size_t count(bulk_status of) const;

private:
  struct mailbox;
  struct entry {
    bulk now;
    std::vector<bulk_item> batch;
    std::size_t out = 0;  ///< Of the batch: asked and not answered.
    timestamp due = {};   ///< No further batch before.
    timestamp again = {}; ///< Who was shed is not asked before.
  };
  using entry_ptr = std::shared_ptr<entry>;

  void run();
  void add_now(bulk what, const asker& who);
  void act_now(const std::string& id, bulk_verb what, const std::string& reason,
               const asker& who);
  void read_mail();
  std::optional<timestamp> move(entry& e, timestamp now);
  std::optional<timestamp> take(entry& e, timestamp now);
  std::optional<timestamp> ask_again(entry& e, timestamp now);
  void ask_all(entry& e, timestamp now);
  bool settle(entry& e, timestamp now);
  std::optional<timestamp> end(entry& e, bulk_status how, std::string why);
  void forget_oldest();
  bool keep(const bulk& what, const std::vector<bulk_item>& items,
            const bulk_papers& papers = {});
  void put(entry& e, bulk now);
  [[nodiscard]] entry_ptr entry_of(const std::string& id) const;
  [[nodiscard]] std::vector<entry_ptr> entries() const;

  const bulk_world world_;
  const bulk_bounds bounds_;
  std::shared_ptr<mailbox> mail_;
  mutable std::mutex lock_; ///< For the map and what readers see of entries.
  std::map<std::string, entry_ptr> entries_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// Lets the keeper of `ctx` take over what the store holds, and start. What
/// cannot be read stays where it is, and is told in the log.
void begin_bulks(context& ctx);

} // namespace pawl::actors
