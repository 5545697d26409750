#include "actors/gate.hpp"
#include "actors/stored_machine.hpp"
#include "workflow/past_runs.hpp"
#include "workflow/sensitive.hpp"

namespace pawl::actors {

namespace {

/// How the tasks of `key` ran, as `what` asks; the newest first.
result<json::object> runs_of(gate& at, const instance_key& key,
                             const list_runs& what) {
  run_reader runs{what.task, what.item};
  const auto before
    = [&](const machine& flow, const storage::history_item& of) {
        runs.before(flow.state(), of.fact, of.at);
      };
  const auto after = [&](const machine& flow, const storage::history_item& of) {
    runs.after(flow.state(), of.fact, of.number, of.at);
  };
  const auto flow = replay_from_the_beginning(
    at.ctx(), key, {.before = before, .after = after});
  if (!flow)
    return flow.error();
  const auto hides = at.masker_of(key, *flow);
  json::object body{{"items", json::array{}}, {"nextCursor", nullptr}};
  auto& items = body["items"].get_array();
  const auto& all = runs.all();
  for (auto left = all.size(); left > 0; --left) {
    const auto& run = all[left - 1];
    if ((what.before != 0 && run.begun >= what.before)
        || (what.attempt != 0 && run.attempt != what.attempt))
      continue;
    if (items.size() == what.limit) {
      body["nextCursor"] = std::to_string(
        items.back().at("sequence").to_number<std::uint64_t>());
      break;
    }
    items.push_back(hides.run(to_json(run)));
  }
  return body;
}

} // namespace

void gate::list_runs_of(const list_runs& what, reply_to to) {
  const auto at = resolve(what.which);
  if (!at)
    return to(refusal{.what = at.error()});
  aside([g = shared_from_this(), key = at->key, what, to = std::move(to)] {
    auto body = runs_of(*g, key, what);
    if (!body)
      return to(refusal{.what = body.error()});
    to(answer{.body = to_text(json::value(std::move(*body)))});
  });
}

} // namespace pawl::actors
