#pragma once

#include "base/time.hpp"
#include "http/connection.hpp"
#include "http/loop.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

/// The two worlds meet here: the daemon calls back on its own threads, a
/// connection's coroutine waits on its own.
namespace pawl::http {

/// Runs `what` on the thread of `on`: at once if this is it, else soon.
template <class F>
void run_on(loop& on, F what) {
  if (on.context.get_executor().running_in_this_thread())
    what();
  else
    net::post(on.context, std::move(what));
}

/// Where an answer of the daemon arrives, once; a second one is dropped.
template <class T>
struct mailbox {
  std::optional<T> letter;
  timer* sleeper = nullptr; ///< Null when nobody waits any more.

  void put(T value) {
    if (sleeper == nullptr || letter)
      return;
    letter = std::move(value);
    sleeper->cancel();
  }
};

/// Calls `send` with a callback and waits for what it is called with. Returns
/// nothing when `patience` has passed or the connection was cut; the callback
/// may then still come, or never, without harm. On the connection's thread.
template <class T, class Send>
async<std::optional<T>> ask(connection& self, duration patience, Send send) {
  auto box = std::make_shared<mailbox<T>>();
  self.wake.expires_after(patience);
  box->sleeper = &self.wake;
  // However this ends, by answer, deadline or exception, nobody waits then.
  struct closing {
    mailbox<T>& box;
    ~closing() { box.sleeper = nullptr; }
  } const close{*box};
  send([on = self.on, box](T value) {
    run_on(*on, [box, value = std::move(value)]() mutable {
      box->put(std::move(value));
    });
  });
  while (!box->letter && !self.is_cut()) {
    net_error aborted;
    co_await self.wake.async_wait(into(aborted));
    // An aborted wait is a letter, a cut, or another's bell: look again.
    if (!aborted)
      break;
  }
  co_return std::move(box->letter);
}

/// A bell that the daemon rings from any thread and a coroutine hears. Rings
/// that come while one is on its way are one.
struct bell {
  std::atomic<bool> on_its_way = false;
  bool rung = false; ///< On the connection's thread only, like `sleeper`.
  timer* sleeper = nullptr;

  /// A callback that rings `self` on the thread of `on`.
  static std::function<void()> rope(std::shared_ptr<loop> on,
                                    std::shared_ptr<bell> self) {
    return [on = std::move(on), self = std::move(self)] {
      if (self->on_its_way.exchange(true))
        return;
      net::post(on->context, [self] {
        self->on_its_way = false;
        self->rung = true;
        if (self->sleeper != nullptr)
          self->sleeper->cancel();
      });
    };
  }
};

} // namespace pawl::http
