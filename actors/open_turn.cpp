#include "actors/open_turn.hpp"

#include "actors/render.hpp"
#include "workflow/sensitive.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace pawl::actors {

void open_turn::add(pawl::turn& made) {
  std::ranges::move(made.events, std::back_inserter(events));
  std::ranges::move(made.emitted, std::back_inserter(emitted));
  std::ranges::move(made.left, std::back_inserter(left));
  unfinished = made.unfinished;
}

std::uint64_t random_seed() {
  thread_local std::mt19937_64 source{std::random_device{}()};
  return source();
}

refusal taken_id(const std::string& id) {
  return refusal{
    .what = {errc::already_exists, "An instance with this id exists already."},
    .location = location_of(id)};
}

refusal no_such_instance() {
  return {.what = {errc::not_found, "There is no instance with this id."}};
}

refusal quarantined_one(const storage::quarantine& why) {
  return {.what = {errc::quarantined,
                   "The instance is set aside after repeated crashes: "
                     + why.reason}};
}

bool consumed(const std::vector<event>& facts) {
  return std::any_of(facts.begin(), facts.end(), [](const event& e) {
    return std::holds_alternative<events::event_consumed>(e);
  });
}

namespace {

/// The status of the answer to `turn`.
std::uint32_t status_of(const open_turn& turn, const std::vector<event>& facts,
                        const machine& flow) {
  const auto& s = flow.state();
  // What changes nothing is not under way because of it.
  const bool under_way
    = !facts.empty()
      && (s.status == instance_status::suspending
          || s.status == instance_status::cancelling || s.rollback.has_value());
  const bool is_kept = turn.delivers && !consumed(facts);
  return turn.creates ? 201U : under_way || is_kept ? 202U : 200U;
}

} // namespace

std::optional<storage::audit_entry> take_note(open_turn& turn,
                                              const machine& flow) {
  auto note = std::exchange(turn.note, {});
  if (note)
    note->status = status_of(turn, turn.record.events, flow);
  return note;
}

answer answer_of(const open_turn& turn, const std::vector<event>& facts,
                 const machine& flow,
                 const std::optional<storage::quarantine>& set_aside) {
  const auto& s = flow.state();
  answer a{.status = status_of(turn, facts, flow),
           .body = render_instance(s, flow.flow(), set_aside, turn.known),
           .etag = s.last,
           .finished = ended(s.status)};
  if (a.status != 200)
    a.location = location_of(s.id);
  return a;
}

reply rehearsal_of(const machine& of, const machine_limits& limits,
                   request what, timestamp now,
                   std::optional<sensitive_memory> seen) {
  machine copy{of.shared_flow(), limits};
  if (auto restored = copy.restore(of.snapshot()); !restored)
    return refusal{.what = restored.error()};
  auto made = copy.decide(std::move(what), {.now = now, .seed = 1});
  if (!made)
    return refusal{.what = std::move(made.error().what),
                   .members = std::move(made.error().members)};
  for (const auto& fact : made->events)
    if (seen)
      seen->see(fact, now);
  // What it works with now may be gone from it afterwards, and new be there.
  const auto known = seen ? seen->hider() : redactor_ptr{};
  const masker before{of.state(), of.flow(), known};
  const masker after{copy.state(), copy.flow(), known};
  json::array plan;
  for (const auto& fact : made->events) {
    const auto type = type_of(fact);
    const auto task = task_of(fact);
    json::object one{
      {"type", type},
      {"data", after.fact(type, task, before.fact(type, task, to_json(fact)))}};
    if (!task.empty())
      one["task"] = task;
    plan.push_back(std::move(one));
  }
  auto then = before.instance(after.instance(view(copy.state(), copy.flow())));
  return answer{.body = to_text(json::value(
                  json::object{{"dryRun", true},
                               {"plan", std::move(plan)},
                               {"complete", !made->needs && !made->unfinished},
                               {"instance", std::move(then)}})),
                .etag = of.state().last};
}

storage::kept_answer to_keep(const open_turn& turn, const answer& told,
                             duration kept_for) {
  return {.scope = turn.once->scope,
          .body_digest = turn.once->body_digest,
          .status = told.status,
          .location = told.location,
          .body = turn.once->body_digest.empty() ? std::string{} : told.body,
          .expires = turn.at + kept_for};
}

} // namespace pawl::actors
