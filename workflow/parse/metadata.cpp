#include "workflow/parse/context.hpp"
#include "workflow/retention.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

/// What belongs to the other of the two. Other keys are free.
constexpr std::array<std::string_view, 3> document_refused{"cache", "limit",
                                                           "usage"};
constexpr std::array<std::string_view, 5> task_refused{
  "budget", "redact", "sla", "outcome", "index"};

template <std::size_t N>
void refuse_all(context& c, const cursor& where,
                const std::array<std::string_view, N>& names) {
  for (const auto name : names)
    if (const auto found = where.member(name); found.value != nullptr)
      c.faults.unsupported(found, "'metadata." + std::string{name} + "'");
}

bool is_attribute_name(std::string_view name) {
  constexpr std::size_t length_max = 63;
  return !name.empty() && name.size() <= length_max
         && std::ranges::all_of(name, [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '.' || c == '_'
                     || c == '-';
            });
}

} // namespace

void read_span(context& c, const cursor& where, duration& out) {
  const auto length = read_duration(c, where, site::task_body);
  if (!length)
    return;
  const auto* fixed = std::get_if<calendar_duration>(&*length);
  if (fixed == nullptr || fixed->months != 0)
    c.faults.invalid(where, "a duration without months, years or expressions "
                            "is needed");
  else
    out = fixed->rest;
}

namespace {

supervision read_supervision(context& c, const cursor& where, supervision out) {
  // In the order of the enumerations.
  constexpr std::array<std::string_view, 3> strategies{"oneForOne", "oneForAll",
                                                       "restForOne"};
  constexpr std::array<std::string_view, 3> restarts{"permanent", "transient",
                                                     "temporary"};
  object_reader fields{c.faults, where, "'metadata.supervision'"};
  if (const auto i = read_choice(c, fields.take("strategy"), strategies))
    out.strategy = static_cast<supervision::strategy_kind>(*i);
  if (const auto i = read_choice(c, fields.take("restart"), restarts))
    out.restart = static_cast<supervision::restart_kind>(*i);
  const auto max = fields.take("maxRestarts");
  if (const auto n = read_integer(c, max, 0)) {
    constexpr std::int64_t restarts_max = 1'000'000;
    if (*n > restarts_max)
      c.faults.invalid(max, "it must be at most 1,000,000");
    else
      out.max_restarts = static_cast<std::uint32_t>(*n);
  }
  read_span(c, fields.take("within"), out.within);
  object_reader backoff{c.faults, fields.take("backoff"),
                        "'supervision.backoff'"};
  const auto limit = backoff.take("max");
  read_span(c, backoff.take("initial"), out.backoff_initial);
  read_span(c, limit, out.backoff_max);
  backoff.close();
  fields.close();
  if (out.backoff_max < out.backoff_initial) {
    if (limit.value != nullptr)
      c.faults.invalid(limit, "'backoff.max' must not be shorter than "
                              "'backoff.initial'");
    out.backoff_max = out.backoff_initial;
  }
  return out;
}

/// Whether `metadata.commit` is there and asks for a commit per task.
std::optional<bool> read_commit(context& c, const cursor& where) {
  const auto found = where.member("commit");
  constexpr std::array<std::string_view, 1> values{"each"};
  if (read_choice(c, found, values))
    return true;
  return std::nullopt;
}

std::optional<exhausted_kind> read_exhausted(context& c, const cursor& where) {
  // In the order of the enumeration.
  constexpr std::array<std::string_view, 2> kinds{"fault", "suspend"};
  if (const auto i = read_choice(c, where.member("onExhausted"), kinds))
    return static_cast<exhausted_kind>(*i);
  return std::nullopt;
}

/// What undoes the task. It runs when nothing of what was around the task is
/// there any more, so it sees no names of loops.
task_list read_compensation(context& c, const cursor& where, task_index self) {
  const auto at = where.member("compensate");
  if (at.value == nullptr)
    return {};
  if (c.out.tasks[self].pointer.find("/metadata/compensate/")
      != std::string::npos) {
    c.faults.invalid(at, "a compensation is not undone itself");
    return {};
  }
  auto locals = std::exchange(c.locals, {});
  auto made = read_tasks(c, at, "'compensate'");
  c.locals = std::move(locals);
  return made;
}

/// What runs before the task is tried again, as its compensation does: without
/// the names of loops.
task_list read_cleanup(context& c, const cursor& where, task_index self) {
  const auto at = where.member("onRetry");
  if (at.value == nullptr)
    return {};
  if (c.out.tasks[self].pointer.find("/metadata/") != std::string::npos) {
    c.faults.invalid(at, "'onRetry' and 'compensate' belong to tasks of the "
                         "flow, not to those of one another");
    return {};
  }
  auto locals = std::exchange(c.locals, {});
  auto made = read_tasks(c, at, "'onRetry'");
  c.locals = std::move(locals);
  return made;
}

/// `document.metadata.index`
void read_index(context& c, const cursor& where) {
  constexpr std::size_t names_max = 16;
  if (where.value == nullptr)
    return;
  if (const auto* members = where.value->if_object();
      members != nullptr && members->size() > names_max)
    c.faults.invalid(where, "an instance can be listed by at most 16 values");
  for_members(c, where, "'metadata.index'",
              [&](const std::string& name, const cursor& at) {
                if (!is_attribute_name(name))
                  c.faults.invalid(at, "its name must be 1 to 63 letters, "
                                       "digits, '.', '_' or '-'");
                else if (auto program = read_program(c, at, site::index))
                  c.out.index.emplace(name, dynamic_value{std::move(program)});
              });
}

void check_retention(context& c, const cursor& metadata) {
  const auto said = read_retention(c.out.metadata);
  if (said)
    return;
  constexpr std::string_view front = "/retention/";
  const auto at = metadata.member("retention");
  for (const auto& f : said.error().faults) {
    const bool whole = !f.pointer.starts_with(front);
    c.faults.invalid(whole ? at : at.member(f.pointer.substr(front.size())),
                     f.detail);
  }
}

} // namespace

void read_document_metadata(context& c, const cursor& where) {
  const object_reader fields{c.faults, where, "'document.metadata'"};
  if (!fields.is_object())
    return;
  c.out.metadata = where.value->get_object();
  refuse_all(c, where, document_refused);
  if (const auto at = where.member("supervision"); at.value != nullptr)
    c.out.supervised = read_supervision(c, at, {});
  c.out.commit_each = read_commit(c, where).value_or(false);
  c.out.on_exhausted = read_exhausted(c, where).value_or(exhausted_kind::fault);
  c.out.saga = read_bool(c, where.member("saga"), false);
  read_states(c, where.member("states"));
  read_user_events(c, where.member("events"));
  check_retention(c, where);
  if (auto program
      = read_program(c, where.member("outcome"), site::workflow_output))
    c.out.outcome = dynamic_value{std::move(program)};
  read_index(c, where.member("index"));
  read_budget(c, where.member("budget"));
  read_redaction(c, where.member("redact"));
  if (const auto at = where.member("sla"); at.value != nullptr) {
    duration length{};
    read_span(c, at, length);
    c.out.sla = length;
    if (length <= duration{})
      c.faults.invalid(at, "it must be a length of time");
  }
}

void read_task_metadata(context& c, const cursor& where, task_index self) {
  const object_reader fields{c.faults, where, "'metadata'"};
  if (!fields.is_object())
    return;
  refuse_all(c, where, task_refused);
  std::optional<supervision> supervised;
  if (const auto at = where.member("supervision"); at.value != nullptr)
    supervised = read_supervision(c, at, c.out.supervised);
  const auto commit = read_commit(c, where);
  const auto exhausted = read_exhausted(c, where);
  auto moves = read_moves(c, where.member("state"));
  auto compensation = read_compensation(c, where, self);
  auto cleanup = read_cleanup(c, where, self);
  auto limited = read_limit(c, where.member("limit"));
  auto cached = read_cache(c, where.member("cache"));
  auto usage = read_usage(c, where.member("usage"));
  auto& task = c.out.tasks[self];
  if (const auto at = where.member("concurrency");
      at.value != nullptr && task.kind_name != "for")
    c.faults.invalid(at, "'metadata.concurrency' belongs to 'for'");
  task.metadata = where.value->get_object();
  task.supervised = supervised;
  task.commit_each = commit;
  task.on_exhausted = exhausted;
  task.moves = std::move(moves);
  task.compensation = std::move(compensation);
  task.cleanup = std::move(cleanup);
  task.limited = std::move(limited);
  task.cached = std::move(cached);
  task.usage = std::move(usage);
}

std::uint32_t read_concurrency(context& c, const cursor& metadata) {
  constexpr std::int64_t side_by_side_max = 1000;
  const auto at = metadata.member("concurrency");
  const auto n = read_integer(c, at, 1);
  if (n && *n > side_by_side_max)
    c.faults.invalid(at, "it must be at most 1,000");
  return static_cast<std::uint32_t>(std::min(n.value_or(0), side_by_side_max));
}

} // namespace pawl::parsing
