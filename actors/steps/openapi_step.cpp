#include "actors/steps/http_exchange.hpp"
#include "workflow/openapi/openapi.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

namespace pawl::actors {

namespace {

/// Fetches the document, makes the request of it, and sends that. Outlives its
/// step while the document is on its way.
class openapi_run : public std::enable_shared_from_this<openapi_run> {
public:
  openapi_run(context& ctx, step_order order, step_done done)
      : ctx_{ctx}, order_{std::move(order)}, exchange_{ctx, order_,
                                                       std::move(done)} {}

  void begin() {
    ctx_.resources.load(
      resource_of(uri(), order_.source_access),
      [me = shared_from_this()](const resource_loader::outcome& got) {
        me->take(got);
      });
  }
  void give_up() { exchange_.give_up(); }
  /// Nobody cares any more.
  void abandon() { exchange_.abandon(); }

private:
  [[nodiscard]] const json::object& arguments() const {
    return order_.what.arguments->as_object();
  }
  [[nodiscard]] std::string uri() const {
    return std::string{
      arguments().at("document").at("uri").as_string().subview()};
  }

  void take(const resource_loader::outcome& got) {
    if (exchange_.over())
      return;
    if (const auto* why = std::get_if<no_resource>(&got))
      return lose(*why);
    // Documents may be large, and the thread of the HTTP client is one for all.
    ctx_.system.spawn(
      [me = shared_from_this(), document = std::get<resource_ptr>(got)] {
        if (!me->exchange_.over())
          me->call(document->text);
      });
  }

  /// An answer that is none keeps its status, as if the call itself had got it.
  void lose(const no_resource& why) {
    if (why.status == 0)
      return exchange_.end_with(step_failed{why.kind, why.detail});
    http_outcome answer;
    answer.status = why.status;
    answer.body = why.detail;
    exchange_.end_with(effect_outcome{std::move(answer)});
  }

  void call(const std::string& text) {
    const auto& what = std::get<tasks::call_openapi>(order_.what.node->kind);
    const auto document = read_openapi(text);
    if (!document)
      return refuse(document.error());
    const auto* given = arguments().if_contains("parameters");
    auto request = openapi_request(
      *document, {.operation_id = what.operation_id,
                  .parameters = given != nullptr && given->is_object()
                                  ? given->get_object()
                                  : json::object{},
                  .document_uri = uri()});
    if (!request)
      return refuse(request.error());
    request->redirect = what.redirect;
    json::object headers;
    for (const auto& [name, value] : request->headers)
      headers[name] = value;
    json::object shown{{"method", request->method},
                       {"uri", request->uri},
                       {"headers", std::move(headers)}};
    exchange_.send(std::move(*request), std::move(shown));
  }

  void refuse(const error& why) {
    exchange_.end_with(step_failed{openapi_error_kind(why.code), why.detail});
  }

  context& ctx_;
  step_order order_;
  http_exchange exchange_;
};

class openapi_step final : public step {
public:
  explicit openapi_step(std::shared_ptr<openapi_run> run)
      : run_{std::move(run)} {
    run_->begin();
  }
  ~openapi_step() override { run_->abandon(); }
  void give_up(giving_up) override { run_->give_up(); }

private:
  std::shared_ptr<openapi_run> run_;
};

} // namespace

std::unique_ptr<step> start_openapi_step(context& ctx, step_order order,
                                         step_done done) {
  return std::make_unique<openapi_step>(
    std::make_shared<openapi_run>(ctx, std::move(order), std::move(done)));
}

} // namespace pawl::actors
