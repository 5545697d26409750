#include "actors/expression_pool.hpp"

#include "actors/helper_process.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace pawl::actors {

namespace {

std::string default_helper() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto beside = self.parent_path() / "pawl-jq";
  if (!ignored && std::filesystem::exists(beside, ignored))
    return beside.string();
  return "/usr/lib/pawl/pawl-jq";
}

// The frame that docs/format/sandbox.md describes.
std::string encoded(const expression_request& r) {
  std::string out = "{\"program\":" + to_text(json::value(r.program));
  std::string names;
  std::string values;
  for (const auto& [name, value] : r.variables) {
    names += (names.empty() ? "\"" : ",\"") + name + "\"";
    values += (values.empty() ? "" : ",") + value;
  }
  const double now = static_cast<double>(unix_ms(r.now)) / 1000.0;
  out += ",\"names\":[" + names + "],\"values\":[" + values + "],\"data\":"
         + r.data + ",\"now\":" + to_text(json::value(now)) + "}";
  return out;
}

expression_pool::results decoded(const std::string& answer) {
  constexpr std::size_t depth_max = 260; // libjq prints 256.
  auto parsed = parse_json(answer, depth_max);
  if (!parsed || !parsed->is_object())
    return error{errc::too_large,
                 "The expression gives a value that nests too deeply."};
  auto& fields = parsed->get_object();
  if (const auto* const failed = fields.if_contains("error"))
    return error{errc::invalid_input, failed->is_string()
                                        ? std::string{failed->get_string()}
                                        : "The expression failed."};
  auto& all = fields["results"].get_array();
  return std::vector<json::value>(std::make_move_iterator(all.begin()),
                                  std::make_move_iterator(all.end()));
}

} // namespace

class expression_pool::state {
public:
  explicit state(expression_pool_options options)
      : options_{std::move(options)} {
    if (options_.helper_path.empty())
      options_.helper_path = default_helper();
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
    helper_process helper{options_.helper_path, options_.memory_max};
    std::unique_lock lock{mutex_};
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !turns_.empty(); });
      if (stopping_)
        return;
      const auto key = turns_.front();
      turns_.pop_front();
      auto& mine = lanes_[key];
      mine.busy = true;
      const job next = std::move(mine.jobs.front());
      mine.jobs.pop_front();
      --waiting_;
      lock.unlock();
      auto got = serve(helper, next.what, slot);
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

  results serve(helper_process& helper, const expression_request& what,
                std::size_t slot) {
    const auto answered
      = helper.ask(encoded(what), options_.deadline, [&](pid_t pid) {
          const std::scoped_lock lock{mutex_};
          pids_[slot] = pid;
          if (stopping_ && pid > 0)
            ::kill(pid, SIGKILL);
        });
    if (!answered)
      return answered.error();
    return decoded(*answered);
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
