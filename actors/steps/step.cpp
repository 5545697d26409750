#include "actors/steps/step.hpp"

namespace pawl::actors {

namespace {

/// An effect that cannot even be begun.
class failed_step final : public step {
public:
  failed_step(step_failed why, const step_done& done) { done(std::move(why)); }
  void give_up(giving_up) override {}
};

} // namespace

std::string_view site_of(std::string_view uri) {
  const auto scheme = uri.find("://");
  if (scheme == std::string_view::npos)
    return uri;
  return uri.substr(0, uri.find_first_of("/?#", scheme + 3));
}

resource_call resource_of(std::string uri,
                          const std::optional<authorized>& access) {
  resource_call call{.uri = std::move(uri)};
  if (access) {
    call.headers = access->headers;
    call.digest = access->digest;
  }
  return call;
}

std::unique_ptr<step> start_step(context& ctx, step_order order,
                                 step_done done) {
  if (order.what.arguments->as_object().contains("cache"))
    return start_cached_step(ctx, std::move(order), std::move(done));
  return start_fresh_step(ctx, std::move(order), std::move(done));
}

std::unique_ptr<step> start_fresh_step(context& ctx, step_order order,
                                       step_done done) {
  if (!needs_guard(order.what.arguments->as_object()))
    return start_plain_step(ctx, std::move(order), std::move(done));
  if (std::holds_alternative<tasks::run_workflow>(order.what.node->kind))
    return std::make_unique<failed_step>(
      step_failed{error_kind::configuration,
                  "the input of a child workflow is kept, so it cannot hold "
                  "secrets; the child can name them itself in `use.secrets`"},
      done);
  return start_guarded_step(ctx, std::move(order), std::move(done));
}

std::unique_ptr<step> start_plain_step(context& ctx, step_order order,
                                       step_done done) {
  const auto& kind = order.what.node->kind;
  if (std::holds_alternative<tasks::call_http>(kind))
    return start_http_step(ctx, order, std::move(done));
  if (std::holds_alternative<tasks::call_openapi>(kind))
    return start_openapi_step(ctx, std::move(order), std::move(done));
  if (std::holds_alternative<tasks::run_program>(kind))
    return start_program_step(ctx, std::move(order), std::move(done));
  if (std::holds_alternative<tasks::run_workflow>(kind))
    return start_child_step(ctx, std::move(order), std::move(done));
  if (std::holds_alternative<tasks::notify>(kind))
    return start_notify_step(ctx, order, std::move(done));
  if (std::holds_alternative<tasks::worker_job>(kind))
    return start_worker_step(ctx, std::move(order), std::move(done));
  return std::make_unique<failed_step>(
    step_failed{error_kind::configuration,
                "this daemon cannot carry out the task kind '"
                  + std::string{order.what.node->kind_name} + "'"},
    done);
}

} // namespace pawl::actors
