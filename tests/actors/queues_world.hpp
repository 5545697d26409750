#pragma once

#include "actors/queues/work_queues.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>

namespace pawl::test {

using namespace pawl::actors;
using namespace std::chrono_literals;

/// Queues in a world whose clocks move and whose disk writes when told.
struct queues_world {
  using steady = queue_world::steady;
  struct wake {
    steady::time_point at;
    std::function<void()> then;
  };
  struct letter {
    std::size_t rows;
    std::function<void(bool)> then;
  };

  timestamp now = from_unix_ms(1'750'000'000'000);
  steady::time_point clock{};
  std::deque<wake> wakes;
  std::deque<letter> letters;
  std::vector<instance_key> hurried;
  std::vector<std::string> noted;
  bool disk_waits = false;
  int tokens = 0;
  work_queues queues{{
    .now = [this] { return now; },
    .monotonic = [this] { return clock; },
    .wake =
      [this](duration after, std::function<void()> then) {
        wakes.push_back({clock + after, std::move(then)});
      },
    .write =
      [this](const storage::prepared_turn& what,
             std::function<void(bool)> then) {
        if (what.note)
          noted.push_back(what.note->ns + ": " + what.note->target);
        letters.push_back({what.rows.count(), std::move(then)});
        if (!disk_waits)
          write();
      },
    .hurry = [this](const instance_key& key) { hurried.push_back(key); },
    .token = [this] { return "t" + std::to_string(++tokens); },
    .closing = [] { return false; },
    .lease = 10s,
  }};

  void write(bool well = true) {
    const auto one = std::move(letters.front());
    letters.pop_front();
    one.then(well);
  }

  void pass(duration length) {
    now += length;
    clock += length;
    for (bool more = true; more;) {
      more = false;
      for (auto at = wakes.begin(); at != wakes.end(); ++at)
        if (at->at <= clock) {
          const auto then = std::move(at->then);
          wakes.erase(at);
          then();
          more = true;
          break;
        }
    }
  }

  /// A step's job, and how it ended: "", "told 5", "stopped".
  struct step {
    job_id id;
    std::uint64_t ticket = 0;
    std::string end;
    std::shared_ptr<worker_told> told;
  };
  std::deque<step> steps;

  step& offer(frame_id frame, std::uint32_t dispatch = 1, bool begins = true) {
    auto& s = steps.emplace_back();
    s.id = {{}, frame};
    s.ticket = queues.offer({.id = s.id,
                             .dispatch = dispatch,
                             .queue = "q",
                             .since = now,
                             .ns = "n",
                             .workflow = "f",
                             .instance = "i",
                             .task = "/do/0/w",
                             .begins = begins,
                             .describe = [] { return json::object{}; },
                             .done =
                               [&s](step_result how) {
                                 if (auto* t = std::get_if<worker_told>(&how)) {
                                   s.told = std::make_shared<worker_told>(*t);
                                   s.end = "told " + to_text(t->what.output);
                                 } else {
                                   s.end = "stopped";
                                 }
                               }});
    return s;
  }

  struct said {
    std::uint32_t status = 0; ///< 0: nothing yet.
    json::value body;
  };
  std::deque<said> answers;

  reply_to into(said& s) {
    return [&s](const reply& r) {
      const auto* a = std::get_if<answer>(&r);
      s.status = a == nullptr ? 504 : a->status;
      if (a != nullptr)
        if (auto body = parse_json(a->body))
          s.body = *body;
    };
  }
  said& ask(duration wait = {}, std::uint32_t max = 1) {
    auto& s = answers.emplace_back();
    queues.lease({.queue = "q", .worker = "w", .max = max, .wait = wait},
                 into(s));
    return s;
  }
  std::string token_of(const said& s) {
    BOOST_REQUIRE(s.status == 200U);
    return std::string{s.body.at("leases").at(0).at("token").as_string()};
  }
  json::value task_of(const said& s) {
    BOOST_REQUIRE(s.status == 200U);
    return s.body.at("leases").at(0).at("task");
  }
  std::string lease() { return token_of(ask()); }
  said& beat(const std::string& token, std::optional<json::value> mark = {}) {
    auto& s = answers.emplace_back();
    queues.heartbeat({.from = {token}, .checkpoint = std::move(mark)}, into(s));
    return s;
  }
  std::string directive(const std::string& token) {
    const auto& s = beat(token);
    return s.status == 200 ? std::string{s.body.at("directive").as_string()}
                           : std::to_string(s.status);
  }
  said& complete(const std::string& token, json::value output) {
    auto& s = answers.emplace_back();
    queues.report({token}, {.output = std::move(output)}, {}, into(s));
    return s;
  }
  std::uint32_t release(const std::string& token) {
    auto& s = answers.emplace_back();
    queues.release({token}, {}, into(s));
    return s.status;
  }
};

} // namespace pawl::test
