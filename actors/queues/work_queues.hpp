#pragma once

#include "actors/gateway.hpp"
#include "actors/messages.hpp"
#include "actors/queues/ready_jobs.hpp"
#include "storage/leases.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace pawl::actors {

/// A job as its step offers it.
struct offered_job {
  job_id id;
  std::uint32_t dispatch = 0;
  std::string queue;
  label_map labels = {};
  std::int64_t priority = 0;
  std::string key = {};
  std::optional<duration> lease = {}; ///< At most, at first.
  timestamp since;
  std::string ns, workflow;
  std::string version = {};
  std::string instance, task; ///< For people, and for holds.
  std::size_t bytes = 0;      ///< Of what the worker is told, about.
  std::string limit = {};     ///< That its task names.
  std::string limit_key = {};
  bool begins = true; ///< False: only if a worker has it already.
  std::function<json::object()> describe = {}; ///< What the worker is told.
  std::function<void(step_result)> done = {};  ///< Called once at most.
};

/// What the queues need of the world around them. All but `closing`, `kept`,
/// `admit`, `count` and the clocks are called without any lock.
struct queue_world {
  using steady = std::chrono::steady_clock;

  std::function<timestamp()> now;
  std::function<steady::time_point()> monotonic;
  /// Calls back once, after about so long, on any thread.
  std::function<void(duration, std::function<void()>)> wake;
  /// Makes rows durable, in the order of the calls, and tells whether it did.
  std::function<void(storage::prepared_turn, std::function<void(bool)>)> write;
  /// Lets the instance look at its effects.
  std::function<void(const instance_key&)> hurry;
  std::function<std::string()> token; ///< Unguessable.
  std::function<bool()> closing;      ///< Nobody is to wait any more.
  /// Whether a hold keeps a job from being given away; null: none does.
  std::function<bool(const job_owner&, const std::string& version,
                     const std::string& task, const std::string& queue)>
    kept = {};

  /// Limits say whether a job may be given away now. If not, look_again() is
  /// called when it may be. Null: all may.
  struct admission {
    bool granted = true;
    bool queue_closed = false; ///< No other job of the queue may either.
    std::shared_ptr<void> tokens = nullptr; ///< Kept while somebody has it.
  };
  std::function<admission(const offered_job&)> admit = {};
  /// What is with a worker already is counted by limits.
  std::function<std::shared_ptr<void>(const offered_job&)> count = {};

  duration lease{30'000};          ///< Where nobody says anything else.
  duration unserved_after{60'000}; ///< Without any worker asking.
  duration answers_for{86'400'000};
};

/// The queues of jobs for workers, and who holds which by a lease.
///
/// A job is there while its step is; a lease is there as long as its task is
/// open, through the death of the step, the instance's actor and the daemon. A
/// lease is given, extended and given back durably before anybody is told.
///
/// Thread safety: every function may be called from any thread; all callbacks
/// are made without a lock, on whichever thread comes along.
class work_queues {
public:
  explicit work_queues(queue_world world) : world_{std::move(world)} {}
  work_queues(const work_queues&) = delete;
  work_queues& operator=(const work_queues&) = delete;

  /// Takes over the leases of a former life. They are good for some seconds at
  /// least, so that their holders can speak up. Before all else.
  result<> restore(const storage::store& from);

  // --- For steps and instances ---------------------------------------------

  /// The job waits for a worker, or goes on with the one that has it. Returns a
  /// ticket for the next two.
  std::uint64_t offer(offered_job what);
  /// Ends it with step_stopped: at once if nobody has it, else when its holder
  /// gives it back or loses it. Until then its heartbeats tell what is wanted.
  void give_up(const job_id& id, std::uint64_t ticket, giving_up how);
  /// The step is gone; a lease of the job stays.
  void detach(const job_id& id, std::uint64_t ticket);
  /// The task is over, durably: nobody holds it any more.
  void forget(const job_id& id);
  /// Only these jobs of the instance are there, so others are over.
  void keep_only(const instance_key& key, std::span<const frame_id> frames);
  /// What the holder told of the job was not recorded, as nobody wants it.
  void not_recorded(const job_id& id);
  /// Holds have gone: what they have kept may be given away.
  void look_again();

  // --- For workers ---------------------------------------------------------

  struct ask {
    std::string queue;
    std::string worker;
    label_map labels = {};
    std::uint32_t max = 1;
    duration wait{}; ///< For a first job.
    std::optional<duration> lease = {};
    std::optional<idempotency> once = {};
    may_serve may = {};
  };
  /// Answers with 200 and leases, or with 204.
  void lease(ask what, reply_to to);

  /// Who says that a lease is his.
  struct claim {
    std::string token;
    /// Whether he may serve the queue for a workflow; null: he may.
    std::function<bool(const std::string& queue, const std::string& ns,
                       const std::string& workflow)>
      may = {};
    /// What the audit log is to say of him, but for what it is done to.
    std::optional<storage::audit_entry> note = {};
  };
  struct beat {
    claim from;
    std::optional<json::value> progress = {};
    std::optional<json::value> checkpoint = {};
    std::optional<duration> extend = {};
    std::optional<idempotency> once = {};
  };
  /// All three answer lost_lease() where the token is not, or no longer, that
  /// of the job's last lease, or who shows it may not serve its queue.
  void heartbeat(const beat& what, const reply_to& to);
  void release(const claim& from, const std::optional<idempotency>& once,
               const reply_to& to);
  void report(const claim& from, worker_outcome outcome,
              const idempotency& once, reply_to to);

  // --- For people ----------------------------------------------------------

  [[nodiscard]] json::array list() const;
  [[nodiscard]] std::optional<json::object> read(const std::string& name) const;
  /// Adds to what explain() says of a job that waits for a worker.
  void explain(const instance_key& key, json::object& entry) const;
  [[nodiscard]] std::string metrics() const; ///< Prometheus text.

private:
  using steady = queue_world::steady;
  /// What is to be done once the lock is free.
  using errands = std::vector<std::function<void()>>;

  enum class phase : std::uint8_t {
    idle,    ///< Its step is not there, or has ended.
    ready,   ///< In its queue; maybe with a holder whose time has run out.
    giving,  ///< A lease is on its way to the disk.
    held,    ///< By a worker.
    telling, ///< The worker has told, the instance writes it down.
  };
  /// Whose a job is, and what people call it.
  struct origin {
    std::string ns, workflow;
    std::string target; ///< The instance, and the task once that is known.
  };
  struct parked_report {
    worker_told what;
    steady::time_point until;
  };
  struct job {
    job_id id;
    phase at = phase::idle;
    std::uint64_t ticket = 0;      ///< 0: no step.
    std::optional<giving_up> told; ///< To give up, and how.
    offered_job work;              ///< As last offered.
    origin from = {};              ///< Known before it was ever offered.
    storage::stored_lease lease;   ///< The last one; fencing 0: none ever.
    std::shared_ptr<void> tokens;  ///< Of limits, while somebody has it.
    json::value progress;          ///< As last told.
    bool failed = false;           ///< What is being told is an error.
    std::optional<parked_report> parked; ///< Until its step is there.
  };
  struct asker {
    ask what;
    reply_to to;
    steady::time_point end;
  };
  struct worker {
    timestamp seen;
    label_map labels;
  };
  struct queue {
    ready_jobs ready;
    std::set<job_id> kept;                 ///< Ready but for a hold.
    std::map<std::uint64_t, asker> askers; ///< In the order of their coming.
    std::map<std::string, worker> workers;
    std::optional<timestamp> polled;
    timestamp touched;
    bool unserved = false;
    std::size_t held = 0;
    std::uint64_t leased = 0, completed = 0, failed = 0, released = 0, lost = 0;
  };
  struct letter {
    storage::row_list rows;
    std::function<void(bool)> then;
    std::optional<storage::audit_entry> note = {};
  };
  struct grant {
    job_id id;
    std::string token;
    storage::stored_lease lease, before;
    std::function<json::object()> describe;
  };

  template <class F>
  void locked(F&& what);

  // work_queues.cpp
  queue& queue_of(const std::string& name);
  [[nodiscard]] static ready_jobs::job ready_of(const job& j);
  void make_ready(job& j, errands& todo);
  void hold(job& j, timestamp until);
  void let_go(job& j);
  void drop_holder(job& j);
  void stop(job& j, errands& todo);
  void lose(job& j, errands& todo);
  void erase(const job_id& id, errands& todo);
  void tell(job& j, worker_told what, errands& todo);
  void expire(timestamp now, errands& todo);
  void end_waits(errands& todo);
  void look_for_unserved(timestamp now);
  void tidy(timestamp now);
  void arm(errands& todo);
  void tick();
  [[nodiscard]] bool is_unserved(const queue& q, timestamp now) const;

  void post(letter what) { outbox_.push_back(std::move(what)); }
  void post_erase(const job_id& id);
  void send_letters();

  // leases.cpp
  void serve(const std::string& name, errands& todo);
  std::vector<grant> take(queue& q, const ask& what);
  [[nodiscard]] bool is_kept(const job& j) const;
  grant begin_lease(job& j, const ask& what);
  void give(std::vector<grant> grants, const ask& what, const reply_to& to);
  void given(const std::vector<grant>& grants, bool durable, errands& todo);
  [[nodiscard]] static bool may_have(const job& j, const claim& from);
  static void address(std::optional<storage::audit_entry>& note, const job& j);
  job* holder(const claim& from);
  void see(queue& q, const std::string& name, const label_map* labels);
  void write(job& j, letter one, answer said,
             const std::optional<idempotency>& once, const reply_to& to);

  // queue_view.cpp
  [[nodiscard]] json::object view(const std::string& name,
                                  const queue& q) const;
  [[nodiscard]] json::array workers_of(const std::string& name,
                                       const queue& q) const;

  const queue_world world_;
  mutable std::mutex lock_;
  std::map<std::string, queue> queues_;
  std::map<job_id, job> jobs_;
  std::unordered_map<std::string, job_id> tokens_; ///< By SHA-256.
  std::set<std::pair<timestamp, job_id>> expiries_;
  std::set<std::tuple<steady::time_point, std::string, std::uint64_t>> ends_;
  std::set<job_id> parked_;
  std::uint64_t last_lease_ = 0;
  std::uint64_t next_ = 0; ///< Tickets and askers.
  std::optional<steady::time_point> armed_;
  /// What is to be written, in the order of the changes; one thread at a time
  /// sends it, since it may be told at once, and without the lock, that a write
  /// has failed.
  std::deque<letter> outbox_;
  bool sending_ = false;
};

/// What a worker is told whose lease is none any more: status 409.
[[nodiscard]] answer lost_lease();

template <class F>
void work_queues::locked(F&& what) {
  errands todo;
  {
    const std::lock_guard hold{lock_};
    what(todo);
    arm(todo);
  }
  send_letters();
  for (const auto& one : todo)
    one();
}

} // namespace pawl::actors
