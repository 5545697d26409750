#include "actors/steps/http_exchange.hpp"

namespace pawl::actors {

namespace {

/// What `output: response` shows of the request.
json::object shown(const json::object& arguments) {
  return {{"method", arguments.at("method")},
          {"uri", arguments.at("uri")},
          {"headers", arguments.at("headers")}};
}

/// What a late value has made of the arguments that cannot be sent; "" if it
/// can be.
std::string fault_in(const json::object& arguments) {
  if (!arguments.at("uri").is_string())
    return "The endpoint is no text.";
  if (!arguments.at("headers").is_object())
    return "The headers are no object.";
  if (!arguments.at("query").is_object())
    return "The query is no object.";
  return {};
}

class http_step final : public step {
public:
  http_step(context& ctx, const step_order& order, step_done done)
      : exchange_{ctx, order, std::move(done)} {
    const auto& arguments = order.what.arguments->as_object();
    if (auto fault = fault_in(arguments); !fault.empty()) {
      exchange_.end_with(step_failed{error_kind::expression, std::move(fault)});
      return;
    }
    auto request = http_request_of(arguments);
    request.redirect
      = std::get<tasks::call_http>(order.what.node->kind).redirect;
    exchange_.send(std::move(request), shown(arguments));
  }

  void give_up(giving_up) override { exchange_.give_up(); }

private:
  http_exchange exchange_;
};

} // namespace

std::unique_ptr<step> start_http_step(context& ctx, const step_order& order,
                                      step_done done) {
  return std::make_unique<http_step>(ctx, order, std::move(done));
}

} // namespace pawl::actors
