#include "actors/limits/step_limits.hpp"
#include "actors/steps/step.hpp"

namespace pawl::actors {

namespace {

label_map labels_of(const json::value* given) {
  label_map out;
  if (given == nullptr || !given->is_object())
    return out;
  for (const auto& [name, value] : given->get_object())
    out.emplace(name, value.is_string() ? std::string{value.get_string()}
                                        : to_text(value));
  return out;
}

/// What the worker is told, but for what depends on the lease.
json::object told_of(const step_order& order) {
  const auto& id = order.flow->id;
  const auto& arguments = order.what.arguments->as_object();
  return {{"instance", order.id},
          {"namespace", order.ns},
          {"definition",
           {{"namespace", id.ns}, {"name", id.name}, {"version", id.version}}},
          {"task", order.what.task},
          {"attempt", order.what.attempt},
          {"input", arguments.at("input")},
          {"deadline", order.deadline ? json::value(to_text(*order.deadline))
                                      : json::value{}},
          {"effectKey", order.what.effect_key},
          {"traceparent", order.what.traceparent}};
}

offered_job job_of(const std::shared_ptr<const step_order>& order) {
  const auto& arguments = order->what.arguments->as_object();
  const auto* priority = arguments.if_contains("priority");
  const auto* key = arguments.if_contains("key");
  const auto* lease = arguments.if_contains("lease");
  offered_job job{.id = {order->whose, order->what.frame},
                  .dispatch = order->what.dispatch,
                  .queue = std::string{arguments.at("queue").as_string()},
                  .labels = labels_of(arguments.if_contains("labels")),
                  .since = order->since,
                  .ns = order->ns,
                  .workflow = order->flow->id.name,
                  .version = order->flow->id.version,
                  .instance = order->id,
                  .task = order->what.task,
                  .bytes = to_text(arguments.at("input")).size(),
                  .begins = order->what.begins};
  if (priority != nullptr)
    job.priority = priority->to_number<std::int64_t>();
  if (key != nullptr)
    job.key = key->is_string() ? std::string{key->get_string()} : to_text(*key);
  if (lease != nullptr)
    job.lease = duration{lease->to_number<std::int64_t>()};
  if (auto limit = limit_in(arguments)) {
    job.limit = std::move(limit->name);
    job.limit_key = std::move(limit->key);
  }
  job.describe = [order] { return told_of(*order); };
  return job;
}

/// A job in its queue or with a worker.
class worker_step final : public step {
public:
  worker_step(work_queues& in, step_order order, step_done done) : in_{in} {
    const auto shared = std::make_shared<const step_order>(std::move(order));
    auto job = job_of(shared);
    id_ = job.id;
    job.done = std::move(done);
    ticket_ = in_.offer(std::move(job));
  }
  ~worker_step() override { in_.detach(id_, ticket_); }
  void give_up(giving_up how) override { in_.give_up(id_, ticket_, how); }

private:
  work_queues& in_;
  job_id id_;
  std::uint64_t ticket_ = 0;
};

} // namespace

std::unique_ptr<step> start_worker_step(context& ctx, step_order order,
                                        step_done done) {
  return std::make_unique<worker_step>(ctx.queues, std::move(order),
                                       std::move(done));
}

} // namespace pawl::actors
