#include "actors/open_turn.hpp"

#include "actors/render.hpp"

#include <algorithm>
#include <random>

namespace pawl::actors {

std::uint64_t random_seed() {
  thread_local std::mt19937_64 source{std::random_device{}()};
  return source();
}

refusal taken_id(const std::string& id) {
  return refusal{
    .what = {errc::already_exists, "An instance with this id exists already."},
    .location = location_of(id)};
}

bool consumed(const std::vector<event>& facts) {
  return std::any_of(facts.begin(), facts.end(), [](const event& e) {
    return std::holds_alternative<events::event_consumed>(e);
  });
}

answer answer_of(const open_turn& turn, const std::vector<event>& facts,
                 const machine& flow,
                 const std::optional<storage::quarantine>& set_aside) {
  const auto& s = flow.state();
  const bool under_way = s.status == instance_status::suspending
                         || s.status == instance_status::cancelling
                         || (turn.delivers && !consumed(facts));
  answer a{.status = turn.creates ? 201U
                     : under_way  ? 202U
                                  : 200U,
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
