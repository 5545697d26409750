#include "actors/gate.hpp"
#include "actors/stored_machine.hpp"
#include "workflow/past_runs.hpp"
#include "workflow/sensitive.hpp"
#include "workflow/sensitive_memory.hpp"

#include <ranges>

namespace pawl::actors {

namespace {

/// How the tasks of `key` ran, as `what` asks; the newest first.
result<json::object> runs_of(context& ctx, const instance_key& key,
                             const list_runs& what) {
  const auto head = ctx.store.read_head(key);
  if (!head)
    return head.error();
  const auto of = ctx.definitions.by_digest(head->digest);
  if (!of)
    return of.error();
  machine flow{*of, ctx.limits()};
  sensitive_memory seen{*of};
  const bool hides_any = sensitive_memory::is_needed(**of);
  run_reader runs{what.task, what.item};
  const auto last = ctx.store.replay(key, 0, [&](storage::history_item&& item) {
    runs.before(flow.state(), item.fact, item.at);
    flow.apply(item.fact, item.at);
    runs.after(flow.state(), item.fact, item.number, item.at);
    if (hides_any)
      seen.see(item.fact, item.at);
    return true;
  });
  if (!last)
    return last.error();
  const masker hides{flow.state(), **of,
                     hides_any ? seen.hider() : redactor_ptr{}};
  json::object body{{"items", json::array{}}, {"nextCursor", nullptr}};
  auto& items = body["items"].get_array();
  const auto& all = runs.all();
  for (const auto& run : std::views::reverse(all)) {
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
    auto body = runs_of(g->ctx_, key, what);
    if (!body)
      return to(refusal{.what = body.error()});
    to(answer{.body = to_text(json::value(std::move(*body)))});
  });
}

} // namespace pawl::actors
