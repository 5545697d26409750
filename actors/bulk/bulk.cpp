#include "actors/bulk/bulk.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace pawl::actors {

namespace {

struct action_row {
  bulk_action is;
  std::string_view name;
  std::string_view operation;
  std::vector<instance_status> fits;
};

const std::vector<action_row>& actions() {
  using enum bulk_action;
  using enum instance_status;
  static const std::vector<action_row> all{
    {pause, "pause", "pauseInstance", {pending, running, waiting}},
    {resume, "resume", "resumeInstance", {suspending, suspended}},
    {cancel,
     "cancel",
     "cancelInstance",
     {pending, running, waiting, suspending, suspended, faulted}},
    {retry, "retry", "retryInstance", {faulted}},
    {skip, "skip", "skipTask", {waiting, faulted}},
    {complete, "complete", "completeTask", {waiting}},
    {fail, "fail", "failTask", {waiting}},
    {rollback, "rollback", "rollBackInstance", {running, suspended, faulted}},
    {remove, "delete", "removeInstance", {completed, faulted, cancelled}},
  };
  return all;
}

const action_row& row_of(bulk_action a) {
  return *std::ranges::find(actions(), a, &action_row::is);
}

constexpr std::array<std::pair<bulk_status, std::string_view>, 4> statuses{
  {{bulk_status::running, "running"},
   {bulk_status::paused, "paused"},
   {bulk_status::stopped, "stopped"},
   {bulk_status::completed, "completed"}}};

constexpr std::array<std::pair<bulk_outcome, std::string_view>, 6> outcomes{
  {{bulk_outcome::pending, "pending"},
   {bulk_outcome::done, "done"},
   {bulk_outcome::refused, "refused"},
   {bulk_outcome::failed, "failed"},
   {bulk_outcome::unknown, "unknown"},
   {bulk_outcome::left, "left"}}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value of) {
  for (const auto& [value, name] : table)
    if (value == of)
      return name;
  return {};
}

template <class Value, class Table>
std::optional<Value> value_in(const Table& table, std::string_view text) {
  for (const auto& [value, name] : table)
    if (name == text)
      return value;
  return std::nullopt;
}

json::value time_json(const std::optional<timestamp>& at) {
  return at ? json::value(to_text(*at)) : json::value{};
}

/// Puts `labels` and, of what definitions say it is found by, `index` into
/// `out`.
void add_labels(json::object& out,
                const std::map<std::string, std::string>& all) {
  json::object labels;
  json::object index;
  for (const auto& [key, value] : all)
    if (key.starts_with(storage::attribute_mark))
      index[key.substr(1)] = value;
    else
      labels[key] = value;
  if (!labels.empty())
    out["labels"] = std::move(labels);
  if (!index.empty())
    out["index"] = std::move(index);
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value{} : json::value(text);
}

json::object progress_of(const bulk& b) {
  json::object out;
  for (const auto& [outcome, name] : outcomes)
    if (outcome != bulk_outcome::pending) {
      const auto found = b.counts.find(outcome);
      out[name] = found == b.counts.end() ? 0 : found->second;
    }
  const auto settled = b.settled();
  out["pending"] = b.taken - settled;
  // What came and went since it was counted must not make it more than whole.
  const auto all = std::max(std::min(b.order.matched, b.order.limit), b.taken);
  constexpr std::uint64_t whole = 100;
  if (b.status == bulk_status::completed || all == 0)
    out["percent"] = b.over() ? json::value(whole) : json::value(0);
  else
    out["percent"] = settled * whole / all;
  return out;
}

} // namespace

std::string_view name_of(bulk_action a) {
  return row_of(a).name;
}
std::optional<bulk_action> parse_bulk_action(std::string_view t) {
  const auto found = std::ranges::find(actions(), t, &action_row::name);
  return found == actions().end() ? std::nullopt : std::optional{found->is};
}
std::string_view operation_of(bulk_action a) {
  return row_of(a).operation;
}
bool applies(bulk_action a, instance_status s) {
  const auto& fits = row_of(a).fits;
  return std::ranges::find(fits, s) != fits.end();
}

std::string_view name_of(bulk_status s) {
  return name_in(statuses, s);
}
std::optional<bulk_status> parse_bulk_status(std::string_view t) {
  return value_in<bulk_status>(statuses, t);
}
std::string_view name_of(bulk_outcome o) {
  return name_in(outcomes, o);
}
std::optional<bulk_outcome> parse_bulk_outcome(std::string_view t) {
  return value_in<bulk_outcome>(outcomes, t);
}
std::string_view name_of(bulk_verb v) {
  switch (v) {
  case bulk_verb::pause:
    return "pause";
  case bulk_verb::resume:
    return "resume";
  case bulk_verb::stop:
    break;
  }
  return "stop";
}

bool allows(const bulk& b, bulk_verb v) {
  if (b.over())
    return false;
  return v == bulk_verb::stop
         || (v == bulk_verb::pause) == (b.status == bulk_status::running);
}

std::uint64_t bulk::settled() const {
  return std::accumulate(
    counts.begin(), counts.end(), std::uint64_t{0},
    [](std::uint64_t sum, const auto& one) { return sum + one.second; });
}

json::object filter_json(const bulk_filter& f) {
  json::object out;
  const std::pair<const char*, const std::string*> texts[]
    = {{"namespace", &f.ns},
       {"workflow", &f.workflow},
       {"version", &f.version},
       {"state", &f.state}};
  for (const auto& [name, text] : texts)
    if (!text->empty())
      out[name] = *text;
  if (f.status)
    out["status"] = to_text(*f.status);
  add_labels(out, f.labels);
  if (f.started_after)
    out["startedAfter"] = to_text(*f.started_after);
  if (f.started_before)
    out["startedBefore"] = to_text(*f.started_before);
  if (f.quarantined)
    out["quarantined"] = *f.quarantined;
  return out;
}

storage::list_query query_of(const bulk_filter& f, bulk_action a,
                             timestamp until) {
  const auto wanted = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional{text};
  };
  storage::list_query q{.ns = wanted(f.ns),
                        .workflow = wanted(f.workflow),
                        .version = wanted(f.version),
                        .status = f.status,
                        .state = wanted(f.state),
                        .labels = f.labels,
                        .started_after = f.started_after,
                        .started_before = f.started_before,
                        .quarantined = f.quarantined,
                        .cursor = {}};
  q.shown = [a, until, any = f.status.has_value()](const storage::head& h) {
    return h.created <= until && (any || applies(a, h.status));
  };
  return q;
}

json::array allowed_actions(const bulk& b) {
  json::array out;
  for (const auto verb : {bulk_verb::pause, bulk_verb::resume, bulk_verb::stop})
    if (allows(b, verb)) {
      const std::string name{name_of(verb)};
      out.emplace_back(
        json::object{{"name", name},
                     {"method", "POST"},
                     {"href", "/v1/bulk/" + b.order.id + "/" + name}});
    }
  return out;
}

json::object display(const bulk& b) {
  const auto& o = b.order;
  return {{"id", o.id},
          {"action", name_of(o.action)},
          {"filter", filter_json(o.filter)},
          {"args", o.args},
          {"reason", text_or_null(o.reason)},
          {"by", o.by.who},
          {"ratePerSecond", o.rate},
          {"limit", o.limit},
          {"status", name_of(b.status)},
          {"detail", text_or_null(b.detail)},
          {"count", o.matched},
          {"countComplete", o.matched_all},
          {"progress", progress_of(b)},
          {"complete", b.status == bulk_status::completed && b.walked},
          {"createdAt", to_text(o.created)},
          {"updatedAt", to_text(b.updated)},
          {"endedAt", time_json(b.ended)},
          {"report", "/v1/bulk/" + o.id + "/items"},
          {"allowedActions", allowed_actions(b)}};
}

json::object display(const bulk_item& i) {
  return {{"number", i.number},
          {"namespace", i.ns},
          {"instance", i.id},
          {"outcome", name_of(i.outcome)},
          {"status", i.status == 0 ? json::value{} : json::value(i.status)},
          {"code", text_or_null(i.code)},
          {"detail", text_or_null(i.detail)},
          {"at", to_text(i.at)}};
}

} // namespace pawl::actors
