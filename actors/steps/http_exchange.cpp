#include "actors/steps/http_exchange.hpp"

#include "actors/limits/step_limits.hpp"
#include "actors/steps/header_text.hpp"
#include "workflow/http_header.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

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

/// Adds what makes the request authenticated, in place of what stands there.
void add_access(http_request& request, const authorized& access) {
  for (const auto& own : access.headers) {
    std::erase_if(request.headers,
                  [&](const auto& h) { return same_name(h.first, own.first); });
    request.headers.push_back(own);
  }
}

} // namespace

http_exchange::http_exchange(context& ctx, const step_order& order,
                             step_done done)
    : ctx_{ctx}, key_{header_text(order.what.effect_key)}, flow_{order.flow},
      task_{order.what.task}, attempt_{order.what.attempt},
      traceparent_{order.what.traceparent}, access_{order.access},
      ns_{order.ns}, leave_{order.leave}, done_{std::move(done)} {}

http_exchange::~http_exchange() {
  abandon();
}

bool http_exchange::end() {
  const std::lock_guard hold{lock_};
  if (running_)
    ctx_.http.cancel(*running_);
  running_.reset();
  return !std::exchange(over_, true);
}

void http_exchange::send(http_request request, json::object shown) {
  if (access_)
    add_access(request, *access_);
  if (auto by = held_by(request.uri); !by.empty())
    return end_with(step_held{std::move(by)});
  if (needs_leave(request.uri))
    return end_with(step_held{});
  if (has_line_break(request)) {
    http_outcome refused;
    refused.failure = "A header holds a line break.";
    return end_with(effect_outcome{std::move(refused)});
  }
  request.headers.emplace_back("Idempotency-Key", key_);
  request.headers.emplace_back("Pawl-Attempt", std::to_string(attempt_));
  if (!traceparent_.empty()
      && std::ranges::none_of(request.headers, [](const auto& h) {
           return same_name(h.first, "traceparent");
         }))
    request.headers.emplace_back("traceparent", traceparent_);
  const std::lock_guard hold{lock_};
  if (over_)
    return;
  const auto uri = request.uri;
  running_ = ctx_.http.start(
    {.method = std::move(request.method),
     .uri = std::move(request.uri),
     .headers = std::move(request.headers),
     .body = std::move(request.body),
     .redirect = request.redirect,
     .digest = access_ ? access_->digest : std::nullopt},
    [done = done_, sent = std::move(shown), uri, ns = ns_,
     &ctx = ctx_](http_outcome o) {
      ctx.measured.http_call(o.failure.empty() ? meters::call::answered
                                               : meters::call::failed);
      ctx.figures.called(uri, o.failure.empty() ? o.status : 0);
      heed_host(*ctx.limiting, ns, uri, o);
      o.request = sent;
      done(effect_outcome{std::move(o)});
    });
}

std::vector<std::string> http_exchange::held_by(const std::string& uri) const {
  const auto& book = ctx_.holds.book();
  if (book.empty())
    return {};
  const auto& id = flow_->id;
  return book.on_call({id.ns, id.name, id.version}, task_, uri);
}

bool http_exchange::needs_leave(const std::string& uri) {
  if (!leave_ || leave_->cleared == site_of(uri) || !guards_hosts(ctx_))
    return false;
  leave_->asked = uri;
  return true;
}

void http_exchange::end_with(step_result how) {
  if (end())
    done_(std::move(how));
}

void http_exchange::give_up() {
  if (!end())
    return;
  ctx_.measured.http_call(meters::call::stopped);
  done_(step_stopped{});
}

void http_exchange::abandon() {
  (void)end();
}

bool http_exchange::over() {
  const std::lock_guard hold{lock_};
  return over_;
}

} // namespace pawl::actors
