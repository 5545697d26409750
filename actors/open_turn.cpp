#include "actors/open_turn.hpp"

#include "actors/render.hpp"

#include <algorithm>
#include <utility>

namespace pawl::actors {

bool consumed(const std::vector<event>& facts) {
  return std::any_of(facts.begin(), facts.end(), [](const event& e) {
    return std::holds_alternative<events::event_consumed>(e);
  });
}

namespace {

/// The status of the answer to `turn`.
std::uint32_t status_of(const open_turn& turn, const std::vector<event>& facts,
                        const machine& flow) {
  const auto is = flow.state().status;
  const bool under_way = is == instance_status::suspending
                         || is == instance_status::cancelling
                         || (turn.delivers && !consumed(facts));
  return turn.creates ? 201U : under_way ? 202U : 200U;
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
           .body = render_instance(s, flow.flow(), set_aside),
           .etag = s.last,
           .finished = ended(s.status)};
  if (a.status != 200)
    a.location = location_of(s.id);
  return a;
}

storage::kept_answer to_keep(const open_turn& turn, const answer& told,
                             duration kept_for) {
  return {.scope = turn.once->scope,
          .body_digest = turn.once->body_digest,
          .status = told.status,
          .location = told.location,
          .body = told.body,
          .expires = turn.at + kept_for};
}

} // namespace pawl::actors
