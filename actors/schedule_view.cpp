#include "actors/schedule_view.hpp"

#include "actors/limits/limit_keeper.hpp"

namespace pawl::actors {

namespace {

std::string_view kind_of(const schedule& s) {
  if (s.on)
    return "on";
  if (!s.cron.empty())
    return "cron";
  return s.every ? "every" : "after";
}

std::string_view status_of(const loaded_schedule& what) {
  if (!what.fault.empty())
    return "faulted";
  if (!what.by)
    return "dormant";
  return what.kept.paused ? "paused" : "active";
}

json::value time_or_null(const std::optional<timestamp>& t) {
  return t ? json::value(to_text(*t)) : json::value(nullptr);
}

/// Why its next run waits.
json::object held_by(const context& ctx, const schedule_state& kept) {
  json::object out{{"kind", "limit"}, {"since", to_text(*kept.held)}};
  json::array moves;
  if (const auto no = ctx.limiting->obstacle_to_start(kept.ns)) {
    for (const auto& [name, value] : members_of(*no))
      out[name == "limit" ? "name" : name] = value;
    out["detail"] = "the limit '" + no->of.name
                    + "' of the namespace leaves no room for another instance: "
                    + sentence_of(*no);
    moves.emplace_back(json::object{{"name", "raise"},
                                    {"method", "PUT"},
                                    {"href", "/v1/limits/" + no->of.name}});
  } else {
    out["detail"] = "it waits for its turn";
  }
  out["movedBy"] = std::move(moves);
  return out;
}

} // namespace

result<loaded_schedule> load_schedule(context& ctx, schedule_state kept) {
  loaded_schedule out{
    .kept = std::move(kept), .flow = {}, .by = {}, .fault = {}};
  auto flow = ctx.definitions.find({.ns = out.kept.ns, .name = out.kept.name});
  if (!flow && flow.error().code == errc::not_found)
    return out;
  if (!flow)
    return flow.error();
  out.flow = std::move(*flow);
  if (!out.flow->scheduled)
    return out;
  auto by = make_timetable(*out.flow->scheduled);
  if (by)
    out.by = std::move(*by);
  else
    out.fault = by.error().detail;
  return out;
}

last_run last_run_of(const context& ctx, const schedule_state& kept) {
  if (kept.instance.empty())
    return {.ended = true, .at = kept.last};
  const auto head = ctx.store.read_head(key_of(kept.ns, kept.instance));
  if (!head)
    return {.ended = true, .at = kept.last}; // It has been purged.
  return {.ended = ended(head->status),
          .at = head->ended.value_or(head->updated)};
}

std::string schedule_id(const schedule_state& kept) {
  return kept.ns + '.' + kept.name;
}

std::map<std::string, std::string> schedule_labels(const schedule_state& kept) {
  return {{"schedule", schedule_id(kept)}};
}

json::object render_schedule(const loaded_schedule& what, const last_run& last,
                             timestamp now, std::size_t runs) {
  const auto& s = what.kept;
  json::object out{{"id", schedule_id(s)},
                   {"workflow",
                    {{"namespace", s.ns},
                     {"name", s.name},
                     {"version", what.flow ? json::value(what.flow->id.version)
                                           : json::value(nullptr)}}},
                   {"status", status_of(what)}};
  if (what.flow && what.flow->scheduled) {
    const auto& rule = *what.flow->scheduled;
    out["kind"] = kind_of(rule);
    out["schedule"] = what.flow->document.at("schedule");
    out["overlap"] = rule.may_overlap ? "allow" : "skip";
  }
  if (!what.fault.empty())
    out["fault"] = what.fault;
  out["createdAt"] = to_text(s.created);
  out["pausedAt"] = time_or_null(s.paused);
  if (!s.reason.empty())
    out["reason"] = s.reason;
  out["runs"] = s.runs;
  out["skipped"] = s.skipped;
  out["lastAt"]
    = s.runs + s.skipped > 0 ? json::value(to_text(s.last)) : json::value();
  out["lastInstance"]
    = s.instance.empty() ? json::value() : json::value(s.instance);
  json::array next;
  if (what.by)
    for (const auto at : upcoming(*what.by, s, last, now, runs))
      next.emplace_back(to_text(at));
  out["next"] = std::move(next);
  if (what.by && what.by->what.on)
    out["gathering"] = s.gatherings.size();
  return out;
}

json::object shown_schedule(const context& ctx, const loaded_schedule& what,
                            timestamp now, std::size_t runs) {
  auto out = render_schedule(what, last_run_of(ctx, what.kept), now, runs);
  auto& blocked = out["blockedBy"].emplace_array();
  if (what.kept.held)
    blocked.emplace_back(held_by(ctx, what.kept));
  return out;
}

std::optional<schedule_key> schedule_named(const std::string& id) {
  const auto stop = id.find('.'); // Neither part has one.
  if (stop == std::string::npos || stop == 0 || stop + 1 == id.size()
      || id.find('\0') != std::string::npos)
    return std::nullopt;
  return schedule_key{id.substr(0, stop), id.substr(stop + 1)};
}

refusal no_schedule() {
  return {.what = {errc::not_found, "There is no schedule with this id."}};
}

result<loaded_schedule> open_schedule(context& ctx,
                                      const storage::stored_schedule& row) {
  auto kept = decode_schedule(row.state);
  if (!kept)
    return kept.error();
  return load_schedule(ctx, std::move(*kept));
}

result<loaded_schedule> find_schedule(context& ctx, const std::string& id) {
  const auto key = schedule_named(id);
  if (!key)
    return no_schedule().what;
  const auto row = ctx.store.read_schedule(key->first, key->second);
  if (!row)
    return row.error().code == errc::not_found ? no_schedule().what
                                               : row.error();
  return open_schedule(ctx, *row);
}

} // namespace pawl::actors
