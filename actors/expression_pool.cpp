#include "actors/expression_pool.hpp"

#include "base/program_beside.hpp"
#include "sandbox/helper_process.hpp"
#include "sandbox/question.hpp"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace pawl::actors {

class expression_pool::state {
public:
  explicit state(expression_pool_options options)
      : options_{std::move(options)} {
    if (options_.helper_path.empty())
      options_.helper_path = program_beside(sandbox::helper_name);
    options_.helpers = std::clamp<std::size_t>(options_.helpers, 1, 64);
    pids_.resize(options_.helpers, -1);
    for (std::size_t i = 0; i < options_.helpers; ++i)
      threads_.emplace_back([this, i] { work(i); });
  }

  ~state() {
    std::vector<job> left;
    {
      const std::scoped_lock lock{mutex_};
      stopping_ = true;
      for (auto& [key, other] : lanes_)
        std::ranges::move(other.jobs, std::back_inserter(left));
      lanes_.clear();
      turns_.clear();
      waiting_ = 0;
      for (const auto pid : pids_)
        if (pid > 0)
          ::kill(pid, SIGKILL);
    }
    wake_.notify_all();
    for (auto& t : threads_)
      t.join();
    for (auto& j : left)
      j.done(error{errc::shutting_down, "The daemon shuts down."});
  }

  void add(expression_request what, answer done) {
    {
      const std::scoped_lock lock{mutex_};
      if (waiting_ < options_.queue_max && !stopping_) {
        auto& mine = lanes_[what.instance];
        if (mine.jobs.empty() && !mine.busy)
          turns_.push_back(what.instance);
        mine.jobs.push_back({std::move(what), std::move(done)});
        ++waiting_;
        wake_.notify_one();
        return;
      }
    }
    done(error{errc::overloaded,
               "Too many expressions wait for a helper; try again later."});
  }

  std::size_t waiting() const {
    const std::scoped_lock lock{mutex_};
    return waiting_;
  }

private:
  struct job {
    expression_request what;
    answer done;
  };
  struct lane {
    std::deque<job> jobs;
    bool busy = false; // A helper serves this instance now.
  };

  // The thread of helper `slot`.
  void work(std::size_t slot) {
    sandbox::helper_process helper{options_.helper_path, options_.memory_max};
    std::unique_lock lock{mutex_};
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !turns_.empty(); });
      if (stopping_)
        return;
      const auto key = turns_.front();
      turns_.pop_front();
      auto& mine = lanes_[key];
      mine.busy = true;
      job next = std::move(mine.jobs.front());
      mine.jobs.pop_front();
      --waiting_;
      lock.unlock();
      auto got = serve(helper, std::move(next.what), slot);
      lock.lock();
      const bool stopped = stopping_;
      // Free before the answer, which may bring the next request.
      if (const auto at = lanes_.find(key); at != lanes_.end()) {
        at->second.busy = false;
        if (at->second.jobs.empty())
          lanes_.erase(at);
        else
          turns_.push_back(key);
      }
      if (!turns_.empty())
        wake_.notify_one();
      lock.unlock();
      if (stopped && !got)
        got = error{errc::shutting_down, "The daemon shuts down."};
      next.done(std::move(got));
      lock.lock();
    }
  }

  results serve(sandbox::helper_process& helper, expression_request what,
                std::size_t slot) {
    const sandbox::question asked{.program = std::move(what.program),
                                  .variables = std::move(what.variables),
                                  .data = std::move(what.data),
                                  .now = what.now};
    // The helper keeps it for as long as its process runs.
    const auto answered = helper.ask(sandbox::encode(asked), options_.deadline,
                                     [this, slot](pid_t pid) {
                                       const std::scoped_lock lock{mutex_};
                                       pids_[slot] = pid;
                                       if (stopping_ && pid > 0)
                                         ::kill(pid, SIGKILL);
                                     });
    if (!answered)
      return answered.error();
    return sandbox::decode(*answered);
  }

  expression_pool_options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<instance_key, lane> lanes_;
  std::deque<instance_key> turns_; // Instances that wait and are not busy.
  std::size_t waiting_ = 0;
  bool stopping_ = false;
  std::vector<pid_t> pids_; // Of each helper; -1 while none runs.
  std::vector<std::thread> threads_;
};

expression_pool::expression_pool(expression_pool_options options)
    : state_{std::make_unique<state>(std::move(options))} {}

expression_pool::~expression_pool() = default;

void expression_pool::evaluate(expression_request what, answer done) {
  state_->add(std::move(what), std::move(done));
}

std::size_t expression_pool::waiting() const {
  return state_->waiting();
}

} // namespace pawl::actors
