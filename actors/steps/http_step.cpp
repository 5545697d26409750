#include "actors/steps/http_exchange.hpp"

namespace pawl::actors {

namespace {

/// What `output: response` shows of the request.
json::object shown(const json::object& arguments) {
  return {{"method", arguments.at("method")},
          {"uri", arguments.at("uri")},
          {"headers", arguments.at("headers")}};
}

class http_step final : public step {
public:
  http_step(context& ctx, const step_order& order, step_done done)
      : exchange_{ctx, order.what, std::move(done)} {
    const auto& arguments = order.what.arguments->as_object();
    auto request = http_request_of(arguments);
    request.redirect
      = std::get<tasks::call_http>(order.what.node->kind).redirect;
    exchange_.send(std::move(request), shown(arguments));
  }

  void give_up(bool) override { exchange_.give_up(); }

private:
  http_exchange exchange_;
};

} // namespace

std::unique_ptr<step> start_http_step(context& ctx, const step_order& order,
                                      step_done done) {
  return std::make_unique<http_step>(ctx, order, std::move(done));
}

} // namespace pawl::actors
