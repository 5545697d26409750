#include "actors/figures/figure_view.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <set>
#include <tuple>

namespace pawl::actors {

namespace {

constexpr std::size_t bottlenecks_max = 10;

double in_seconds(duration span) {
  return static_cast<double>(span.count()) / 1000;
}

json::value ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0)
    return nullptr;
  return static_cast<double>(part) / static_cast<double>(whole);
}

/// Seconds; null of nothing.
json::value show(const spread& of) {
  if (of.count() == 0)
    return nullptr;
  const auto at = [&](double share) {
    return in_seconds(of.quantile(share).value_or(duration{}));
  };
  return {{"count", of.count()},
          {"mean", in_seconds(of.total()) / static_cast<double>(of.count())},
          {"p50", at(0.5)},
          {"p90", at(0.9)},
          {"p95", at(0.95)},
          {"p99", at(0.99)},
          {"max", in_seconds(of.longest())}};
}

json::object show_wait(std::string_view kind, const census::waiting& w,
                       timestamp now) {
  return {
    {"kind", kind},
    {"count", w.count},
    {"oldest", to_text(w.oldest.value_or(now))},
    {"oldestSeconds", std::max(0.0, in_seconds(now - w.oldest.value_or(now)))}};
}

json::array waits_at(const census::workflow* counted, const std::string& task,
                     timestamp now) {
  json::array out;
  if (counted == nullptr)
    return out;
  for (const auto& [place, w] : counted->waits)
    if (place.first == task)
      out.emplace_back(show_wait(place.second, w, now));
  return out;
}

json::array show_tasks(const figure_span::workflow& of,
                       const census::workflow* counted, timestamp now) {
  std::set<std::string> pointers;
  for (const auto& [pointer, seen] : of.tasks)
    pointers.insert(pointer);
  if (counted != nullptr)
    for (const auto& [place, w] : counted->waits)
      if (!place.first.empty())
        pointers.insert(place.first);
  static const figure_span::task nothing;
  json::array out;
  for (const auto& pointer : pointers) {
    const auto found = of.tasks.find(pointer);
    const auto& t = found == of.tasks.end() ? nothing : found->second;
    json::object one{
      {"task", pointer},
      {"kind", t.kind.empty() ? json::value{} : json::value(t.kind)},
      {"entered", t.entered}};
    for (std::size_t i = 0; i < t.ends.size(); ++i)
      one[task_end_names[i]] = t.ends.at(i);
    json::object errors;
    for (const auto& [word, count] : t.errors)
      errors[word] = count;
    one["errors"] = std::move(errors);
    one["duration"] = show(t.duration);
    one["dwell"] = show(t.dwell);
    one["waiting"] = waits_at(counted, pointer, now);
    out.emplace_back(std::move(one));
  }
  return out;
}

json::array show_states(const figure_span::workflow& of) {
  json::array out;
  for (const auto& [name, s] : of.states)
    out.emplace_back(json::object{
      {"state", name}, {"entered", s.entered}, {"dwell", show(s.dwell)}});
  return out;
}

json::object show_events(std::uint64_t received, std::uint64_t consumed) {
  return {{"received", received},
          {"consumed", consumed},
          {"deliveryRate", ratio(consumed, received)}};
}

json::object show_workflow(const workflow_name& name,
                           const figure_span::workflow& of,
                           const census::workflow* counted, timestamp now) {
  json::value instances;
  if (counted != nullptr) {
    auto& by_status = instances.emplace_object();
    for (std::size_t i = 1; i < counted->by_status.size(); ++i)
      by_status[to_text(static_cast<instance_status>(i))]
        = counted->by_status.at(i);
  }
  return {{"namespace", name.first},
          {"workflow", name.second},
          {"started", of.started},
          {"completed", of.completed},
          {"faulted", of.faulted},
          {"cancelled", of.cancelled},
          {"completionRate",
           ratio(of.completed, of.completed + of.faulted + of.cancelled)},
          {"duration", show(of.duration)},
          {"dwell", show(of.dwell)},
          {"instances", std::move(instances)},
          {"sizeBytes",
           counted == nullptr ? json::value{} : json::value(counted->bytes)},
          {"waiting",
           counted == nullptr ? json::array{} : waits_at(counted, "", now)},
          {"events", show_events(of.received, of.consumed)},
          {"tasks", show_tasks(of, counted, now)},
          {"states", show_states(of)}};
}

/// Where time goes: tasks that contain no others, by the time that instances
/// have spent in them and by that for which some are in them now.
json::array bottlenecks_of(const figure_span& span, const census* counted,
                           const figure_book::filter& of, timestamp now) {
  struct place {
    duration spent{}, waits{};
    duration p95{};
    std::uint64_t count = 0;
    census::waiting now_there;
    std::string_view kind;
  };
  std::map<std::pair<workflow_name, std::string>, place> all;
  std::map<workflow_name, duration> whole;
  for (const auto& [name, w] : span.workflows)
    for (const auto& [pointer, t] : w.tasks) {
      if (is_container(t.kind) || t.dwell.count() == 0)
        continue;
      auto& one = all[{name, pointer}];
      one.spent = t.dwell.total();
      one.p95 = t.dwell.quantile(0.95).value_or(duration{});
      one.count = t.dwell.count();
      one.kind = t.kind;
    }
  if (counted != nullptr)
    for (const auto& [name, w] : counted->workflows)
      for (const auto& [where, waiting] : w.waits) {
        if (where.first.empty() || where.second == "retry"
            || (of.shows && !of.shows(name)))
          continue; // A backoff is that of a container.
        auto& one = all[{name, where.first}];
        one.now_there.add(waiting.count, waiting.oldest.value_or(now));
        one.waits = std::max(duration{}, now - *one.now_there.oldest);
      }
  for (const auto& [where, one] : all)
    whole[where.first] += one.spent + one.waits;
  std::vector<std::pair<duration, const decltype(all)::value_type*>> ranked;
  ranked.reserve(all.size());
  for (const auto& one : all)
    ranked.emplace_back(one.second.spent + one.second.waits, &one);
  std::ranges::sort(ranked, [](const auto& a, const auto& b) {
    return std::tie(b.first, a.second->first)
           < std::tie(a.first, b.second->first);
  });
  json::array out;
  for (const auto& [time, entry] : ranked) {
    if (out.size() == bottlenecks_max || time <= duration{})
      break;
    const auto& [where, one] = *entry;
    out.emplace_back(json::object{
      {"namespace", where.first.first},
      {"workflow", where.first.second},
      {"task", where.second},
      {"kind", one.kind.empty() ? json::value{} : json::value(one.kind)},
      {"seconds", in_seconds(time)},
      {"share", in_seconds(time) / in_seconds(whole.at(where.first))},
      {"ended", one.count},
      {"p95",
       one.count == 0 ? json::value{} : json::value(in_seconds(one.p95))},
      {"waitingNow", one.now_there.count},
      {"oldestSeconds", in_seconds(one.waits)}});
  }
  return out;
}

} // namespace

json::object stats_of(const figure_span& span, const census* counted,
                      const figure_book::filter& of, timestamp now) {
  std::set<workflow_name> names;
  std::uint64_t received = 0;
  std::uint64_t consumed = 0;
  for (const auto& [name, w] : span.workflows) {
    names.insert(name);
    received += w.received;
    consumed += w.consumed;
  }
  if (counted != nullptr)
    for (const auto& [name, w] : counted->workflows)
      if (!of.shows || of.shows(name))
        names.insert(name);
  static const figure_span::workflow nothing;
  json::array workflows;
  for (const auto& name : names) {
    const auto seen = span.workflows.find(name);
    const census::workflow* here = nullptr;
    if (counted != nullptr)
      if (const auto at = counted->workflows.find(name);
          at != counted->workflows.end())
        here = &at->second;
    workflows.emplace_back(show_workflow(
      name, seen == span.workflows.end() ? nothing : seen->second, here, now));
  }
  auto events = show_events(received, consumed);
  json::object out{{"since", to_text(span.begun)},
                   {"until", to_text(now)},
                   {"countedAt", counted == nullptr
                                   ? json::value{}
                                   : json::value(to_text(counted->at))},
                   {"events", std::move(events)},
                   {"workflows", std::move(workflows)},
                   {"bottlenecks", bottlenecks_of(span, counted, of, now)}};
  // These tell of everybody.
  if (of.shows_all) {
    out["events"].as_object()["published"] = span.published;
    out["complete"] = span.left_out == 0;
  }
  return out;
}

} // namespace pawl::actors
