#include "base/ids.hpp"
#include "workflow/cloudevent.hpp"
#include "workflow/planner.hpp"

#include <array>

namespace pawl {

namespace {

std::string new_event_id(planner& p) {
  std::array<std::uint8_t, 10> entropy{};
  auto bits = p.random();
  for (std::size_t i = 0; i < entropy.size(); ++i) {
    if (i == 8)
      bits = p.random();
    entropy.at(i) = static_cast<std::uint8_t>(bits);
    bits >>= 8;
  }
  return make_ulid(unix_ms(p.now()), entropy);
}

// What CloudEvents has against `made`, as a sentence; empty if nothing.
std::string faults_of(const json::value& made) {
  std::string out;
  for (const auto& f : check_event(made, ""))
    out += (out.empty() ? "the event is no CloudEvent. " : " ") + f.pointer
           + ": " + f.detail;
  return out;
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::emit& what) {
  auto with = p.values().evaluate(what.with, *e.input, p.seen_from(e));
  (void)p.start(e, false);
  if (!with)
    return p.fail(e, with.error());
  json::object made{{"specversion", "1.0"}};
  if (const auto* members = (*with)->if_object())
    for (const auto& [key, value] : *members)
      made.insert_or_assign(key, value);
  const auto add_missing = [&](std::string_view key, auto&& make) {
    if (!made.contains(key))
      made[key] = make();
  };
  add_missing("id", [&] { return new_event_id(p); });
  add_missing("time", [&] { return to_text(p.now()); });
  add_missing("source", [&] {
    const auto& id = p.of().id;
    return "/" + id.ns + "/" + id.name + "/" + id.version;
  });
  const json::value whole(std::move(made));
  if (auto why = faults_of(whole); !why.empty())
    return p.fail(
      e, raised{std::in_place, make_problem(error_kind::expression,
                                            std::move(why), e.node->pointer)});
  p.emitted = make_datum(without_nulls(whole));
  p.finish(e, p.emitted);
}

} // namespace pawl
