#include "actors/steps/http_call.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

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

http_call request_of(commands::call_http what) {
  http_call call{.method = std::move(what.method),
                 .uri = std::move(what.uri),
                 .headers = std::move(what.headers),
                 .body = std::move(what.body),
                 .redirect = what.redirect};
  call.headers.emplace_back("Idempotency-Key", header_safe(what.effect_key));
  call.headers.emplace_back("Pawl-Attempt", std::to_string(what.attempt));
  return call;
}

/// libcurl sends header lines as they are, so a line break would smuggle in
/// another one.
bool has_line_break(const http_call& call) {
  const auto breaks = [](const std::string& text) {
    return text.find_first_of(std::string_view{"\r\n\0", 3})
           != std::string::npos;
  };
  return std::any_of(
    call.headers.begin(), call.headers.end(),
    [&](const auto& h) { return breaks(h.first) || breaks(h.second); });
}

struct state {
  static inline const char* name = "http_call";

  state() = default;
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() {
    if (running)
      args.ctx->http.cancel(*running);
  }

  void begin(caf::event_based_actor* self) {
    if (!args.gate->try_begin()) {
      report(self, std::nullopt);
      return;
    }
    auto call = request_of(args.what);
    if (has_line_break(call)) {
      http_outcome refused;
      refused.failure = "A header holds a line break.";
      report(self, std::move(refused));
      return;
    }
    running = args.ctx->http.start(
      std::move(call),
      [me = caf::actor_cast<caf::actor>(self)](http_outcome o) {
        caf::anon_send(me, call_ended{std::move(o)});
      });
  }

  void report(caf::event_based_actor* self,
              std::optional<http_outcome> outcome) {
    using call = meters::call;
    args.ctx->measured.http_call(!outcome                   ? call::stopped
                                 : outcome->failure.empty() ? call::answered
                                                            : call::failed);
    self->send(args.owner, effect_ended{args.what.frame, args.what.dispatch,
                                        std::move(outcome)});
    self->quit();
  }

  http_call_args args;
  std::optional<http_client::ticket> running;
  permit leave; ///< Held until the worker is gone.
};

caf::behavior http_call_worker(caf::stateful_actor<state>* self,
                               http_call_args args) {
  self->state.args = std::move(args);
  self->monitor(self->state.args.owner);
  self->set_down_handler(
    [self](caf::down_msg& down) { self->quit(std::move(down.reason)); });
  self->request(self->state.args.ctx->steps.get(), caf::infinite, want_permit{})
    .then(
      [self](permit& p) {
        self->state.leave = std::move(p);
        self->state.begin(self);
      },
      [self](caf::error& why) { self->quit(std::move(why)); });
  return {
    [self](call_ended& e) {
      self->state.running.reset();
      self->state.report(self, std::move(e.outcome));
    },
    [self](give_up_effect) { self->state.report(self, std::nullopt); },
  };
}

} // namespace

caf::actor spawn_http_call(caf::actor_system& sys, http_call_args args) {
  return sys.spawn(http_call_worker, std::move(args));
}

} // namespace pawl::actors
