#include "actors/journal_writer.hpp"

#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/sec.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <unistd.h>

namespace pawl::actors {

namespace {

constexpr int exit_disk_refused = 74;

[[noreturn]] void end_process(const error& why) {
  log::error("journal.disk_refused", {{"detail", why.detail}});
  _exit(exit_disk_refused);
}

struct state {
  static inline const char* name = "journal_writer";

  struct waiting {
    commit what;
    caf::typed_response_promise<committed> answer;
    std::shared_ptr<write_end> then; ///< In the answer's stead.
  };

  explicit state(writer_actor::pointer me) : self{me} {}
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// CAF answers for what is still in the mailbox, but not for these.
  ~state() {
    for (auto* queue : {&urgent, &normal})
      for (auto& w : *queue) {
        w.what.what.reset(); // Off the gauge before anybody hears of it.
        if (!w.then)
          w.answer.deliver(caf::make_error(caf::sec::request_receiver_down));
      }
  }

  caf::result<committed> enqueue(commit& c) {
    auto answer = self->make_response_promise<committed>();
    (c.urgent ? urgent : normal).push_back({std::move(c), answer, nullptr});
    flush_later();
    return answer;
  }

  void enqueue(write_rows& w) {
    auto& last = normal.emplace_back();
    last.what.what = std::move(w.what);
    last.then = std::move(w.then);
    flush_later();
  }

  void flush_later() {
    if (!flushing)
      self->send(self, tick{});
    flushing = true;
  }

  /// What goes into the next group: urgent ones first, within both bounds.
  std::vector<waiting> gather() {
    const auto& bounds = ctx->options.journal;
    std::vector<waiting> group;
    std::size_t bytes = 0;
    for (auto* queue : {&urgent, &normal})
      while (!queue->empty() && group.size() < bounds.batch_max
             && (group.empty() || bytes < bounds.batch_bytes_max)) {
        bytes += queue->front().what.what->rows.bytes;
        group.push_back(std::move(queue->front()));
        queue->pop_front();
      }
    return group;
  }

  void flush() {
    flushing = false;
    auto group = gather();
    if (!group.empty())
      write(group);
    if (!urgent.empty() || !normal.empty())
      flush_later();
  }

  void write(std::vector<waiting>& group) {
    using clock = journal_gauge::steady;
    std::vector<const storage::prepared_turn*> turns;
    turns.reserve(group.size());
    auto oldest = clock::time_point::max();
    std::size_t bytes = 0;
    for (const auto& w : group) {
      turns.push_back(&w.what.what->rows);
      oldest = std::min(oldest, w.what.what->since);
      bytes += w.what.what->rows.bytes;
    }
    const auto begun = clock::now();
    auto done = ctx->store.commit(turns);
    if (!done)
      end_process(done.error());
    const auto ended = clock::now();
    // Who has an answer finds his commit counted.
    ctx->measured.commit(group.size(), bytes,
                         std::chrono::duration<double>(ended - begun).count());
    for (std::size_t i = 0; i < group.size(); ++i) {
      // Off the gauge before the client can come again.
      group[i].what.what.reset();
      if (group[i].then)
        group[i].then->tell(true);
      else
        group[i].answer.deliver(committed{std::move((*done)[i])});
    }
    ctx->journal.committed(begun - oldest, ctx->options.journal.shed_after,
                           bytes, ended - begun, ended);
  }

  void run(const write_job& job) const {
    if (const auto done = job.run(ctx->store);
        !done && done.error().code == errc::io)
      end_process(done.error());
  }

  writer_actor::pointer self;
  context* ctx = nullptr;
  std::deque<waiting> urgent;
  std::deque<waiting> normal;
  bool flushing = false;
};

writer_actor::behavior_type
journal_writer(writer_actor::stateful_pointer<state> self, context* ctx) {
  self->state.ctx = ctx;
  return {
    [self](commit& c) { return self->state.enqueue(c); },
    [self](write_rows& w) { self->state.enqueue(w); },
    [self](const write_job& job) { self->state.run(job); },
    [self](tick) { self->state.flush(); },
  };
}

} // namespace

writer_actor spawn_journal_writer(caf::actor_system& sys, context& ctx) {
  return sys.spawn<caf::detached>(journal_writer, &ctx);
}

} // namespace pawl::actors
