#include "actors/retention.hpp"

#include "config/retention.hpp"
#include "workflow/duration.hpp"

#include <array>

namespace pawl::actors {

namespace {

constexpr std::array statuses{instance_status::completed,
                              instance_status::faulted,
                              instance_status::cancelled};

std::optional<duration>& place_in(retention_rule& rule,
                                  instance_status status) {
  if (status == instance_status::completed)
    return rule.completed;
  return status == instance_status::faulted ? rule.faulted : rule.cancelled;
}

duration or_for_ever(duration configured) {
  return configured == duration{} ? retention_rule::for_ever : configured;
}

std::string keep_text(duration keep) {
  return keep == retention_rule::for_ever
           ? std::string{"forever"}
           : to_text(calendar_duration{.months = 0, .rest = keep});
}

/// What instances of one policy take that would go.
struct toll {
  std::uint64_t instances = 0;
  std::uint64_t bytes = 0;
};

/// Names a policy: who said it, whose it is, the status, the time.
struct policy {
  kept_by said = kept_by::all;
  std::string whose;
  instance_status status = instance_status::completed;
  duration keep{};
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads <=>.
  auto operator<=>(const policy&) const = default;
};

json::object render(const policy& p, const toll& t) {
  const char* source = p.said == kept_by::definition   ? "definition"
                       : p.said == kept_by::name_space ? "namespace"
                                                       : "default";
  return {
    {"source", source},
    {"name", p.whose.empty() ? json::value(nullptr) : json::value(p.whose)},
    {"status", to_text(p.status)},
    {"keep", keep_text(p.keep)},
    {"instances", t.instances},
    {"bytes", t.bytes}};
}

std::string whose_policy(const storage::head& of, kept_by said) {
  if (said == kept_by::all)
    return {};
  if (said == kept_by::name_space)
    return of.ns;
  return of.ns + '/' + of.workflow.name + '@' + of.workflow.version;
}

} // namespace

retention_rules::retention_rules(const config::options::retention_options& from)
    : all_{or_for_ever(from.completed), or_for_ever(from.faulted),
           or_for_ever(from.cancelled)} {
  for (const auto& text : from.namespaces) {
    const auto one = config::parse_namespace_retention(text);
    if (!one)
      continue; // config::load() has refused it.
    auto& rule = by_namespace_[one->ns];
    for (const auto status : statuses)
      if (one->status.empty() || one->status == to_text(status))
        place_in(rule, status) = one->keep.value_or(retention_rule::for_ever);
  }
}

void retention_rules::suppose(const preview_retention& what) {
  if (what.completed)
    all_.completed = or_for_ever(*what.completed);
  if (what.faulted)
    all_.faulted = or_for_ever(*what.faulted);
  if (what.cancelled)
    all_.cancelled = or_for_ever(*what.cancelled);
}

keeping retention_rules::of(const std::string& ns, instance_status status,
                            const retention_rule& of_definition) const {
  if (const auto said = of_definition.of(status))
    return {*said, kept_by::definition};
  if (const auto found = by_namespace_.find(ns); found != by_namespace_.end())
    if (const auto said = found->second.of(status))
      return {*said, kept_by::name_space};
  return {all_.of(status).value_or(retention_rule::for_ever), kept_by::all};
}

const retention_rule& definition_rules::of(const std::string& digest) {
  const auto known = known_.find(digest);
  if (known != known_.end())
    return known->second;
  const auto parsed = from_.by_digest(digest);
  const auto said = parsed ? read_retention((*parsed)->metadata)
                           : result<retention_rule>{parsed.error()};
  constexpr auto ever = retention_rule::for_ever;
  return known_.emplace(digest, said ? *said : retention_rule{ever, ever, ever})
    .first->second;
}

bool is_over(const storage::head& of, const keeping& by, timestamp now) {
  return ended(of.status) && of.ended && by.keep != retention_rule::for_ever
         && now - *of.ended >= by.keep;
}

result<json::object> preview_of(const storage::store& in,
                                definition_cache& definitions,
                                const retention_rules& rules, timestamp now,
                                const preview_bounds& bounds) {
  std::map<policy, toll> found;
  for (const auto status : statuses) {
    found[{kept_by::all, {}, status, *rules.for_all().of(status)}];
    for (const auto& [ns, rule] : rules.by_namespace())
      if (const auto keep = rule.of(status))
        found[{kept_by::name_space, ns, status, *keep}];
  }
  definition_rules said{definitions};
  std::vector<std::pair<instance_key, policy>> over;
  std::size_t examined = 0;
  auto next = in.visit_heads(
    std::nullopt, bounds.heads,
    [&](const instance_key& key, const storage::head& of) {
      ++examined;
      if (!ended(of.status))
        return;
      const auto by = rules.of(of.ns, of.status, said.of(of.digest));
      policy p{by.said, whose_policy(of, by.said), of.status, by.keep};
      if (is_over(of, by, now))
        over.emplace_back(key, std::move(p));
      else if (by.said == kept_by::definition)
        found[std::move(p)];
    });
  if (!next)
    return next.error();
  bool complete = !next->has_value();
  toll sum;
  std::size_t rows_left = bounds.rows;
  for (auto& [key, p] : over) {
    auto& t = found[std::move(p)];
    const auto size = in.measure(key, rows_left);
    if (!size)
      return size.error();
    rows_left -= std::min<std::size_t>(rows_left, size->rows);
    complete = complete && size->complete;
    ++t.instances;
    ++sum.instances;
    t.bytes += size->bytes;
    sum.bytes += size->bytes;
  }
  json::array policies;
  for (const auto& [p, t] : found)
    policies.push_back(render(p, t));
  return json::object{
    {"at", to_text(now)},   {"examined", examined},
    {"complete", complete}, {"instances", sum.instances},
    {"bytes", sum.bytes},   {"policies", std::move(policies)}};
}

} // namespace pawl::actors
