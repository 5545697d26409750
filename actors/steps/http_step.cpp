#include "actors/steps/step.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

/// Header values hold visible ASCII only; all else is percent-encoded, so that
/// different keys stay different.
std::string header_safe(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '"' && c != '%') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

/// libcurl sends header lines as they are, so a line break would smuggle in
/// another one.
bool has_line_break(const http_request& request) {
  const auto breaks = [](const std::string& text) {
    return text.find_first_of(std::string_view{"\r\n\0", 3})
           != std::string::npos;
  };
  return std::any_of(
    request.headers.begin(), request.headers.end(),
    [&](const auto& h) { return breaks(h.first) || breaks(h.second); });
}

/// What `output: response` shows of the request.
json::object shown(const json::object& arguments) {
  return {{"method", arguments.at("method")},
          {"uri", arguments.at("uri")},
          {"headers", arguments.at("headers")}};
}

class http_step final : public step {
public:
  http_step(context& ctx, step_order order, step_done done)
      : ctx_{ctx}, order_{std::move(order)}, done_{std::move(done)} {}
  ~http_step() override {
    if (running_)
      ctx_.http.cancel(*running_);
  }

  void begin() {
    const auto& what = order_.what;
    const auto& arguments = what.arguments->as_object();
    auto request = http_request_of(arguments);
    request.redirect = std::get<tasks::call_http>(what.node->kind).redirect;
    if (has_line_break(request)) {
      http_outcome refused;
      refused.failure = "A header holds a line break.";
      return done_(effect_outcome{std::move(refused)});
    }
    request.headers.emplace_back("Idempotency-Key",
                                 header_safe(what.effect_key));
    request.headers.emplace_back("Pawl-Attempt", std::to_string(what.attempt));
    running_ = ctx_.http.start(
      {.method = std::move(request.method),
       .uri = std::move(request.uri),
       .headers = std::move(request.headers),
       .body = std::move(request.body),
       .redirect = request.redirect},
      [done = done_, sent = shown(arguments), &ctx = ctx_](http_outcome o) {
        ctx.measured.http_call(o.failure.empty() ? meters::call::answered
                                                 : meters::call::failed);
        o.request = sent;
        done(effect_outcome{std::move(o)});
      });
  }

  void give_up(bool) override {
    if (running_)
      ctx_.http.cancel(*running_);
    running_.reset();
    ctx_.measured.http_call(meters::call::stopped);
    done_(step_stopped{});
  }

private:
  context& ctx_;
  step_order order_;
  step_done done_;
  std::optional<http_client::ticket> running_;
};

} // namespace

std::unique_ptr<step> start_http_step(context& ctx, step_order order,
                                      step_done done) {
  auto made
    = std::make_unique<http_step>(ctx, std::move(order), std::move(done));
  made->begin();
  return made;
}

} // namespace pawl::actors
