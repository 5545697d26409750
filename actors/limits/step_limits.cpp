#include "actors/limits/step_limits.hpp"

#include "actors/faults/fault_injector.hpp"
#include "base/json_member.hpp"
#include "workflow/problem.hpp"
#include "workflow/retry.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

bool child_exists(const context& ctx, const json::object& arguments) {
  return ctx.store
    .read_head(
      key_of(text_in(arguments, "namespace"), text_in(arguments, "id")))
    .has_value();
}

} // namespace

std::optional<named_limit> limit_in(const json::object& arguments) {
  const auto* limit = arguments.if_contains("limit");
  if (limit == nullptr || !limit->is_object())
    return std::nullopt;
  const auto& o = limit->get_object();
  const auto* faults = o.if_contains("faults");
  return named_limit{.name = text_in(o, "name"),
                     .key = text_in(o, "key"),
                     .faults = faults != nullptr && faults->is_bool()
                               && faults->get_bool()};
}

bool guards_hosts(const context& ctx) {
  return ctx.limiting->guards_hosts() || ctx.faults->guards_hosts();
}

std::string known_uri(const step_order& order) {
  const auto& arguments = order.what.arguments->as_object();
  if (!std::holds_alternative<tasks::call_http>(order.what.node->kind)
      || arguments.contains("late"))
    return {};
  return text_in(arguments, "uri");
}

token_wish named_tokens(const context& ctx, const step_order& order) {
  token_wish out{.whose = order.whose, .frame = order.what.frame};
  const auto& kind = order.what.node->kind;
  const auto& arguments = order.what.arguments->as_object();
  const auto limit = limit_in(arguments);
  if (!limit || !order.what.begins
      || std::holds_alternative<tasks::worker_job>(kind)
      || (std::holds_alternative<tasks::run_workflow>(kind)
          && child_exists(ctx, arguments)))
    return out;
  out.of = ctx.limiting->named(order.ns, limit->name);
  out.key = limit->key;
  return out;
}

token_wish host_tokens(const context& ctx, const step_order& order,
                       std::string_view uri) {
  return {.of = ctx.limiting->on_host(order.ns, uri),
          .whose = order.whose,
          .frame = order.what.frame};
}

offered_job limited_job(const job_id& id, const std::string& ns,
                        const json::object& arguments) {
  offered_job out;
  out.id = id;
  out.queue = text_in(arguments, "queue");
  out.ns = ns;
  if (auto limit = limit_in(arguments)) {
    out.limit = std::move(limit->name);
    out.limit_key = std::move(limit->key);
  }
  return out;
}

token_wish job_tokens(limit_keeper& in, const offered_job& job) {
  token_wish out{
    .key = job.limit_key, .whose = job.id.key, .frame = job.id.frame};
  if (!job.limit.empty())
    out.of = in.named(job.ns, job.limit);
  for (auto& one : in.on_queue(job.ns, job.queue))
    out.of.push_back(std::move(one));
  return out;
}

void heed_host(limit_keeper& in, const std::string& ns, const std::string& uri,
               const http_outcome& said) {
  if (!in.guards_hosts())
    return;
  if (const auto wait = retry_after_of(said))
    in.close_host(ns, uri, *wait);
}

effect_outcome refused_by_limit(const limit_lines::waiting_step& missing,
                                timestamp now) {
  constexpr std::int64_t too_many = 429;
  auto detail = "the limit '" + missing.of.name + "' has no token";
  if (!missing.key.empty())
    detail += " for '" + missing.key + "'";
  json::object error{{"type", error_type(error_kind::communication)},
                     {"title", "Limit reached"},
                     {"status", too_many}};
  if (missing.next) {
    detail += "; the next comes at " + to_text(*missing.next);
    const auto wait
      = std::chrono::ceil<std::chrono::seconds>(*missing.next - now);
    error["retryAfter"] = std::max<std::int64_t>(1, wait.count());
  }
  error["detail"] = detail;
  return worker_outcome{.output = nullptr, .error = std::move(error)};
}

} // namespace pawl::actors
