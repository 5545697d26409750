#include "actors/gate.hpp"
#include "actors/holds/hold_view.hpp"
#include "actors/limits/limit_view.hpp"
#include "actors/stored_machine.hpp"
#include "workflow/progress.hpp"

namespace pawl::actors {

/// Somebody who waits for a change: woken by the feed or by the alarm,
/// whichever comes first.
struct gate::waiting {
  std::atomic<bool> over = false;
  std::function<bool(sequence, instance_status)> enough;
  std::function<void(bool)> then;
  std::mutex lock; ///< For both below: the change may come while they are set.
  std::unique_ptr<watch> watching;
  std::optional<alarms::key> alarm;

  /// True for the first caller.
  bool end() { return !over.exchange(true); }
};

void gate::wait(const instance_key& key, duration patience,
                std::function<bool(sequence, instance_status)> enough,
                std::function<void(bool)> then) {
  auto w = std::make_shared<waiting>();
  w->enough = std::move(enough);
  w->then = std::move(then);
  const auto finish = [g = shared_from_this(), w](bool in_time) {
    if (!w->end())
      return;
    // Off this thread, which is a committer's or the alarms': the answer reads.
    g->aside([g, w, in_time] {
      std::unique_ptr<watch> watching;
      {
        const std::lock_guard hold{w->lock};
        watching = std::move(w->watching);
        if (w->alarm)
          g->ctx_.deadlines.cancel(*w->alarm);
      }
      w->then(in_time);
    });
  };
  const std::lock_guard hold{w->lock};
  w->watching = ctx_.changes.observe(
    key, [w, finish](sequence last, instance_status status) {
      if (w->enough(last, status))
        finish(true);
    });
  w->alarm = ctx_.deadlines.set(patience, [finish] { finish(false); });
  // What happened before the watch began is not told.
  const auto head = ctx_.store.read_head(key);
  if (!head || w->enough(head->last, head->status))
    finish(true);
  else if (ctx_.draining)
    finish(false); // Nobody rings the alarms a second time.
}

namespace {

/// How far the instance is, by what tasks of its workflow usually take.
void show_progress(const figure_book& figures, const machine& flow,
                   json::object& body) {
  const auto& s = flow.state();
  std::vector<std::string> wanted;
  for (const auto one : flow.flow().body)
    wanted.push_back(flow.flow().tasks[one].pointer);
  const auto known = figures.usual({s.workflow.ns, s.workflow.name}, wanted);
  const auto told = progress_of(
    s, flow.flow(), clock::now(),
    [&](const std::string& task) -> std::optional<duration> {
      const auto found = known.find(task);
      return found == known.end() ? std::nullopt : std::optional{found->second};
    });
  auto& shown = body["progress"].as_object();
  shown["percent"] = told.percent;
  shown["estimatedEnd"]
    = told.ends ? json::value(to_text(*told.ends)) : json::value{};
}

} // namespace

reply gate::snapshot_of(const instance_key& key) {
  const auto set_aside = ctx_.store.read_quarantine(key);
  if (!set_aside)
    return refusal{.what = set_aside.error()};
  try {
    const auto loaded = load_machine(ctx_, key);
    if (!loaded && *set_aside && loaded.error().code == errc::corrupt)
      throw std::runtime_error{loaded.error().detail};
    if (!loaded)
      return refusal{.what = loaded.error()};
    const auto& state = loaded->flow.state();
    auto body = shown_instance(state, loaded->flow.flow(), *set_aside,
                               hidden_.known(ctx_.store, key, loaded->flow));
    body["sizeBytes"] = loaded->stands.head.sizes->all();
    show_holds(ctx_.holds.book(), key, loaded->flow, body);
    show_progress(ctx_.figures, loaded->flow, body);
    show_limits(ctx_, key, loaded->flow, body);
    return answer{.body = to_text(json::value(std::move(body))),
                  .etag = state.last};
  } catch (const std::exception& e) {
    // A history that does not fold can still be told by its head.
    const auto head = ctx_.store.read_head(key);
    if (!head)
      return refusal{.what = {errc::internal, e.what()}};
    return answer{.body = to_text(json::value(render_head(*head, *set_aside))),
                  .etag = head->last};
  }
}

void gate::see_to_the_end(const instance_key& key, duration patience,
                          answer first, reply_to to) {
  if (first.finished) { // One turn was all that it took.
    first.status = 200;
    return to(std::move(first));
  }
  const auto patient = std::min(patience, ctx_.options.http.wait_max);
  wait(
    key, patient,
    [](sequence, instance_status status) { return ended(status); },
    [g = shared_from_this(), key, first = std::move(first),
     to = std::move(to)](bool in_time) {
      auto now = g->snapshot_of(key);
      auto* a = std::get_if<answer>(&now);
      if (a == nullptr) // Purged since: what was said first still holds.
        return to(first);
      a->status = in_time ? 200 : 202;
      a->location = first.location;
      a->replayed = first.replayed;
      to(std::move(now));
    });
}

void gate::explain(const instance_ref& which, const reply_to& to) {
  const auto at = resolve(which);
  if (!at)
    return to(refusal{.what = at.error()});
  aside([g = shared_from_this(), k = at->key, to] {
    const auto loaded = load_machine(g->ctx_, k);
    if (!loaded)
      return to(refusal{.what = loaded.error()});
    const auto& state = loaded->flow.state();
    auto why = pawl::explain(state, loaded->flow.flow());
    if (const auto hides = g->masker_of(k, loaded->flow); !hides.idle())
      why = hides.anything(json::value(std::move(why))).as_object();
    for (auto& entry : why["blockedBy"].as_array())
      if (entry.at("kind") == "worker")
        g->ctx_.queues.explain(k, entry.as_object());
    explain_holds(g->ctx_.holds.book(), k, loaded->flow, why);
    explain_limits(g->ctx_, k, loaded->flow, why);
    const auto set_aside = g->ctx_.store.read_quarantine(k);
    if (set_aside && *set_aside) {
      why["canProceed"] = false;
      why["blockedBy"].as_array().emplace_back(
        json::object{{"kind", "quarantine"},
                     {"since", to_text((*set_aside)->since)},
                     {"detail", (*set_aside)->reason}});
    }
    to(
      answer{.body = to_text(json::value(std::move(why))), .etag = state.last});
  });
}

void gate::read(const read_instance& what, reply_to to) {
  const auto at = resolve(what.which);
  if (!at)
    return to(refusal{.what = at.error()});
  const auto answer_with
    = [g = shared_from_this(), k = at->key, which = what.which,
       unless = what.unless, to = std::move(to)] {
        auto now = g->snapshot_of(k);
        if (const auto* no = std::get_if<refusal>(&now);
            no != nullptr && no->what.code == errc::not_found)
          if (const auto gone = g->resolve(which); !gone) // Purged meanwhile.
            now = refusal{.what = gone.error()};
        if (const auto* a = std::get_if<answer>(&now);
            a != nullptr && unless && a->etag && unless->has(*a->etag))
          now = answer{.status = 304, .etag = a->etag};
        to(std::move(now));
      };
  if (!what.wait)
    return aside(answer_with);
  wait(
    at->key, std::min(*what.wait, ctx_.options.http.wait_max),
    [unless = what.unless](sequence last, instance_status) {
      return !unless || !unless->has(last);
    },
    [answer_with](bool) { answer_with(); });
}

void gate::list(list_instances what, const reply_to& to) {
  aside([g = shared_from_this(), what = std::move(what), to] {
    storage::list_query query{
      .ns = what.ns,
      .workflow = what.workflow,
      .version = what.version,
      .status = what.status,
      .state = what.state,
      .labels = what.labels,
      .started_after = what.started_after,
      .started_before = what.started_before,
      .quarantined = what.quarantined,
      .limit = what.limit,
      .cursor = what.cursor,
      .order = what.order,
    };
    for (const auto& [name, value] : what.index)
      query.labels.emplace(storage::attribute_mark + name, value);
    if (!access::sees_all(what.by)) {
      query.namespaces = what.by->sees.namespaces();
      query.shown = [by = what.by](const storage::head& h) {
        return access::sees(by, h.ns, h.workflow.name);
      };
    }
    const auto page = g->ctx_.store.list(query);
    if (!page)
      return to(refusal{.what = page.error()});
    json::array items;
    for (const auto& head : page->items) {
      const auto set_aside
        = g->ctx_.store.read_quarantine(key_of(head.ns, head.id));
      items.push_back(render_head(head, set_aside ? *set_aside : std::nullopt));
    }
    json::object body{{"items", std::move(items)}, {"nextCursor", nullptr}};
    if (!page->next_cursor.empty())
      body["nextCursor"] = page->next_cursor;
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

// Most definitions have nothing to hide, so the state need not be read.
std::optional<masker> gate::masker_of(const instance_key& key,
                                      const std::string& digest) {
  const auto of = ctx_.definitions.by_digest(digest);
  if (!of || (*of)->sensitive.empty())
    return std::nullopt;
  const auto loaded = load_machine(ctx_, key);
  if (!loaded)
    return std::nullopt;
  return masker_of(key, loaded->flow);
}

masker gate::masker_of(const instance_key& key, const machine& flow) {
  return {flow.state(), flow.flow(), hidden_.known(ctx_.store, key, flow)};
}

void gate::history(const instance_ref& which, sequence after,
                   std::uint32_t limit, const history_reply& to) {
  const auto at = resolve(which);
  if (!at)
    return to(refusal{.what = at.error()});
  aside([g = shared_from_this(), k = at->key, after, limit, to] {
    const auto head = g->ctx_.store.read_head(k);
    if (!head)
      return to(refusal{.what = head.error()});
    std::vector<storage::history_item> facts;
    const auto read
      = g->ctx_.store.replay(k, after, [&](storage::history_item&& item) {
          if (facts.size() >= limit)
            return false;
          facts.push_back(std::move(item));
          return true;
        });
    if (!read)
      return to(refusal{.what = read.error()});
    // Behind them, so that it knows all that they tell.
    const auto hides = g->masker_of(k, head->digest);
    history_page page;
    for (const auto& fact : facts)
      page.items.push_back(render_fact(fact, hides ? &*hides : nullptr));
    const auto last = facts.empty() ? after : facts.back().number;
    page.ended = ended(head->status) && last >= head->last;
    to(std::move(page));
  });
}

std::unique_ptr<watch> gate::observe(const instance_ref& which,
                                     std::function<void()> changed) {
  const auto at = resolve(which);
  if (!at)
    return std::make_unique<watch>();
  return ctx_.changes.observe(
    at->key,
    [tell = std::move(changed)](sequence, instance_status) { tell(); });
}

sequence gate::lifecycle_position(const mandate_ptr& by) const {
  const auto last = ctx_.lifecycle.position();
  return access::sees_all(by) ? last : veil_.cover(last);
}

void gate::lifecycle(const lifecycle_filter& want, sequence after,
                     std::uint32_t limit, const history_reply& to) const {
  if (access::sees_all(want.by))
    return to(ctx_.lifecycle.read(want, after, limit));
  // What is none of ours, such as a number of before the last start, uncovers
  // as one that is none of ours either, but for one in a million million.
  auto page = ctx_.lifecycle.read(want, veil_.uncover(after), limit);
  for (auto& item : page.items)
    item.number = veil_.cover(item.number);
  if (page.missed)
    page.missed = {.from = after, .to = veil_.cover(page.missed->to)};
  if (page.looked_to)
    page.looked_to = veil_.cover(*page.looked_to);
  to(std::move(page));
}

std::string gate::unready() {
  if (ctx_.draining)
    return "draining";
  if (!ctx_.registry.open())
    return "starting";
  if (ctx_.store.free_bytes() < ctx_.disk_low)
    return "disk-low";
  return "";
}

} // namespace pawl::actors
