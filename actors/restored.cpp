#include "actors/restored.hpp"

#include "actors/bulk/bulk.hpp"
#include "actors/context.hpp"
#include "actors/stored_machine.hpp"
#include "base/overload.hpp"
#include "storage/bulk.hpp"
#include "workflow/schedule.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

constexpr std::size_t heads_at_once = 256;

bool resumes_by_itself(const instance_state& s) {
  return std::ranges::any_of(s.timers, [](const auto& t) {
    return t.second.purpose == timer_purpose::resume;
  });
}

/// One instance on its way to stand still.
class suspension {
public:
  suspension(stored_machine loaded, const std::string& reason, timestamp now)
      : flow_{std::move(loaded.flow)}, stands_{std::move(loaded.stands)},
        reason_{reason}, now_{now} {}

  /// Fails with what the machine refuses; it may throw what that throws.
  result<> run();
  [[nodiscard]] bool changed() const { return !events_.empty(); }
  [[nodiscard]] storage::turn to_turn(const instance_key& key,
                                      const snapshot_policy& policy);

private:
  result<> decide(input what);
  result<> stop_effects();
  void hold_for_good();

  machine flow_;
  footing stands_;
  const std::string& reason_;
  timestamp now_;
  std::vector<event> events_;
};

result<> suspension::decide(input what) {
  auto made = flow_.decide(std::move(what), {.now = now_, .seed = 0});
  if (!made)
    return made.error().what;
  if (made->needs || made->unfinished)
    return error{errc::internal, "a pause does not stand at once"};
  std::ranges::move(made->events, std::back_inserter(events_));
  return {};
}

/// Nobody is at work on them: the process that was is gone.
result<> suspension::stop_effects() {
  while (flow_.state().status == instance_status::suspending) {
    const auto out = flow_.outstanding();
    if (out.empty())
      return error{errc::internal, "it drains, but nothing is out"};
    auto stopped
      = std::visit(overload{[](const commands::perform&) {
                              return result<reports::effect_stopped>{error{
                                errc::internal, "a pause orders an effect"}};
                            },
                            [](const auto& c) {
                              return result<reports::effect_stopped>{
                                reports::effect_stopped{c.frame, c.dispatch}};
                            }},
                   out.front());
    if (!stopped)
      return stopped.error();
    if (auto done = decide(report{*stopped}); !done)
      return done;
  }
  return {};
}

/// The same pause, but without its end.
void suspension::hold_for_good() {
  const bool freeze = flow_.state().freeze;
  events_.emplace_back(events::instance_resumed{reason_});
  flow_.apply(events_.back(), now_);
  events_.emplace_back(events::instance_suspended{reason_, freeze});
  flow_.apply(events_.back(), now_);
}

result<> suspension::run() {
  if (flow_.state().status == instance_status::suspended) {
    if (resumes_by_itself(flow_.state()))
      hold_for_good();
    return {};
  }
  auto asked = decide(request{requests::pause{pause_mode::interrupt, reason_}});
  if (!asked)
    return asked;
  if (auto stopped = stop_effects(); !stopped)
    return stopped;
  if (resumes_by_itself(flow_.state()))
    hold_for_good(); // It drained for a pause that was to end.
  return {};
}

storage::turn suspension::to_turn(const instance_key& key,
                                  const snapshot_policy& policy) {
  return record_turn(key, stands_, flow_,
                     {.events = std::move(events_),
                      .emitted = {},
                      .at = now_,
                      .busy = !flow_.outstanding().empty() || flow_.has_work(),
                      .answer = {}},
                     policy);
}

/// All instances of a store, some at a time.
class suspender {
public:
  suspender(storage::store& in, const config::options& options,
            const std::string& reason, timestamp now)
      : store_{in}, definitions_{in}, limits_{machine_limits_of(options)},
        policy_{options.storage.snapshot_events,
                options.storage.snapshot_bytes},
        reason_{reason}, now_{now} {}

  result<restored> run();

private:
  result<> suspend(const instance_key& key, const storage::head& of);
  void leave(const storage::head& of, const std::string& why);
  result<> commit();
  result<> pause_schedules();
  result<> pause_bulks();

  storage::store& store_;
  definition_cache definitions_;
  machine_limits limits_;
  snapshot_policy policy_;
  const std::string& reason_;
  timestamp now_;
  std::vector<storage::prepared_turn> turns_;
  restored done_;
};

void suspender::leave(const storage::head& of, const std::string& why) {
  done_.left.push_back(of.ns + '/' + of.id + " ("
                       + std::string{to_text(of.status)} + "): " + why);
}

result<> suspender::suspend(const instance_key& key, const storage::head& of) {
  if (ended(of.status))
    return {};
  if (of.status == instance_status::cancelling) {
    ++done_.cancelling;
    return {};
  }
  const auto set_aside = store_.read_quarantine(key);
  if (!set_aside)
    return set_aside.error();
  if (*set_aside) {
    leave(of, "it is quarantined, and does not move");
    return {};
  }
  try {
    auto loaded = load_machine({store_, definitions_, limits_}, key);
    if (!loaded && loaded.error().code == errc::io)
      return loaded.error();
    if (!loaded) {
      leave(of, loaded.error().detail);
      return {};
    }
    suspension one{std::move(*loaded), reason_, now_};
    if (auto stood = one.run(); !stood) {
      leave(of, stood.error().detail);
      return {};
    }
    if (!one.changed()) {
      ++done_.held;
      return {};
    }
    turns_.push_back(storage::prepare(one.to_turn(key, policy_)));
  } catch (const std::exception& e) {
    leave(of, e.what());
  }
  return {};
}

result<> suspender::commit() {
  std::vector<const storage::prepared_turn*> group;
  for (const auto& t : turns_)
    group.push_back(&t);
  if (group.empty())
    return {};
  auto written = store_.commit(group);
  if (!written)
    return written.error();
  for (const auto& one : *written)
    if (!one)
      return one.error();
  done_.suspended += turns_.size();
  turns_.clear();
  return {};
}

result<> suspender::pause_schedules() {
  std::optional<storage::stored_schedule> after;
  for (;;) {
    const auto page = store_.list_schedules(after, heads_at_once);
    if (!page)
      return page.error();
    if (page->empty())
      return {};
    for (const auto& row : *page) {
      auto state = decode_schedule(row.state);
      if (!state)
        return state.error();
      if (state->paused)
        continue;
      const auto still = paused(std::move(*state), now_, reason_);
      if (auto put
          = store_.put_schedule({row.ns, row.name, encode_schedule(still)});
          !put)
        return put;
      ++done_.schedules;
    }
    after = page->back();
  }
}

result<> suspender::pause_bulks() {
  const auto rows = store_.list_records(storage::record_kind::bulk);
  if (!rows)
    return rows.error();
  for (const auto& row : *rows) {
    auto one = decode_bulk(row.state);
    if (!one)
      return one.error();
    if (one->status != bulk_status::running)
      continue;
    one->status = bulk_status::paused;
    one->detail = reason_;
    one->updated = now_;
    if (auto put = store_.put_bulk({row.id, encode_bulk(*one)}, {}); !put)
      return put;
    ++done_.bulks;
  }
  return {};
}

result<restored> suspender::run() {
  std::optional<instance_key> after;
  do {
    std::vector<std::pair<instance_key, storage::head>> heads;
    auto next = store_.visit_heads(
      after, heads_at_once, [&](const instance_key& key, storage::head&& of) {
        heads.emplace_back(key, std::move(of));
      });
    if (!next)
      return next.error();
    for (const auto& [key, of] : heads)
      if (auto done = suspend(key, of); !done)
        return done.error();
    if (auto done = commit(); !done)
      return done.error();
    after = *next;
  } while (after);
  if (auto done = pause_schedules(); !done)
    return done.error();
  if (auto done = pause_bulks(); !done)
    return done.error();
  return std::move(done_);
}

} // namespace

result<restored> suspend_all(storage::store& in, const config::options& options,
                             const std::string& reason, timestamp now) {
  return suspender{in, options, reason, now}.run();
}

} // namespace pawl::actors
