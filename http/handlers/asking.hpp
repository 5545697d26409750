#pragma once

#include "http/handler.hpp"

#include <utility>

/// How a handler hands what it has read to the daemon.
namespace pawl::http::handlers {

/// An order that asks the gateway's function `what` for `wish`.
template <class Function, class Wish>
[[nodiscard]] order ask(const call& from, Function actors::gateway::*what,
                        Wish wish) {
  return {.send = [&daemon = from.daemon, what,
                   wish = std::move(wish)](actors::reply_to done) mutable {
    (daemon.*what)(std::move(wish), std::move(done));
  }};
}

} // namespace pawl::http::handlers
