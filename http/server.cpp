#include "http/server.hpp"

#include "base/log.hpp"
#include "http/listener.hpp"
#include "http/session.hpp"
#include "http/tls.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace pawl::http {

namespace {

// How many may be told that there are too many, beyond which we only hang up.
constexpr std::size_t refusals_max = 64;

void tell_end(const std::exception_ptr& failure) {
  if (!failure)
    return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& why) {
    log::error("http.connection_failed", {{"error", why.what()}});
  }
}

} // namespace

struct server::state {
  state(server_options options, actors::gateway daemon, observer watching)
      : shared{std::move(options), std::move(daemon), std::move(watching)} {
    const auto threads_wanted = std::max(1U, shared.options.threads);
    for (unsigned i = 0; i < threads_wanted; ++i)
      loops.push_back(std::make_shared<loop>());
  }

  void serve(listener::client_socket socket, loop& home, const listener& by) {
    const auto home_ptr
      = *std::find_if(loops.begin(), loops.end(),
                      [&](const auto& l) { return l.get() == &home; });
    const auto open = ++shared.connections;
    if (open > shared.options.connections_max + refusals_max) {
      left(); // The socket closes with this scope.
      return;
    }
    count(open);
    const bool welcome = open <= shared.options.connections_max;
    net::co_spawn(home.context.get_executor(),
                  converse(std::move(socket), home_ptr, by.at, welcome),
                  [this](const std::exception_ptr& failure) {
                    tell_end(failure);
                    left();
                  });
  }

  async<void> converse(listener::client_socket socket,
                       std::shared_ptr<loop> home, const listening_place& at,
                       bool welcome) {
    connection client{std::move(home), std::move(socket)};
    if (draining)
      co_return;
    if (const auto with = identity.now(); with && at.tcp) {
      const bool speaks
        = co_await client.secure(with, shared.options.header_deadline);
      if (!speaks)
        co_return;
    }
    if (welcome)
      co_await run_session(shared, client, at);
    else
      co_await refuse_connection(shared, client);
  }

  void count(std::size_t open) {
    if (shared.watching.connections)
      shared.watching.connections(open);
  }

  void left() {
    const std::lock_guard hold{lock};
    const auto open = --shared.connections;
    count(open);
    if (open == 0)
      empty.notify_all();
  }

  // Calls `what` for each connection, on the thread of its loop.
  void for_all(void (connection::*what)()) {
    for (const auto& each : loops)
      net::post(each->context, [each, what] {
        const std::vector<connection*> open{each->open.begin(),
                                            each->open.end()};
        for (auto* client : open)
          if (each->open.contains(client))
            (client->*what)();
      });
  }

  void run() {
    for (const auto& each : loops)
      guards.push_back(net::make_work_guard(each->context));
    for (const auto& each : loops)
      threads.emplace_back([each] { each->context.run(); });
    for (auto& l : listeners)
      net::post(loops.front()->context, [this, &l] {
        l->start(
          [this]() -> loop& { return *loops[next++ % loops.size()]; },
          [this](listener::client_socket socket, loop& home,
                 const listener& by) { serve(std::move(socket), home, by); });
      });
  }

  void stop(duration grace) {
    draining = true;
    net::post(loops.front()->context, [this] {
      for (auto& l : listeners)
        l->close();
    });
    for_all(&connection::drain);
    {
      std::unique_lock hold{lock};
      empty.wait_for(hold, grace, [this] { return shared.connections == 0; });
    }
    for_all(&connection::cut);
    for (auto& guard : guards)
      guard.reset();
    for (auto& thread : threads)
      thread.join();
  }

  result<> load_identity() {
    const auto& o = shared.options;
    if (o.tls_certificate.empty())
      return {};
    auto loaded = load_tls(o.tls_certificate, o.tls_key);
    if (!loaded)
      return loaded.error();
    identity.set(std::move(*loaded));
    return {};
  }

  core shared;
  tls_identity identity;
  std::vector<std::shared_ptr<loop>> loops;
  std::vector<std::unique_ptr<listener>> listeners; ///< On the first loop.
  std::vector<net::executor_work_guard<executor>> guards;
  std::vector<std::thread> threads;
  std::size_t next = 0;
  std::atomic<bool> draining = false;
  std::mutex lock;
  std::condition_variable empty;
};

server::server(std::unique_ptr<state> made) : state_{std::move(made)} {}

result<std::unique_ptr<server>> server::start(server_options options,
                                              actors::gateway daemon,
                                              observer watching) {
  auto made = std::make_unique<state>(std::move(options), std::move(daemon),
                                      std::move(watching));
  if (const auto read = made->load_identity(); !read)
    return read.error();
  for (const auto& place : made->shared.options.listen) {
    auto opened
      = listener::open(*made->loops.front(), place, made->shared.options);
    if (!opened)
      return opened.error();
    made->shared.places.push_back((*opened)->name);
    made->listeners.push_back(std::move(*opened));
  }
  made->run();
  return std::unique_ptr<server>{new server{std::move(made)}};
}

// A server that cannot stop would leave threads behind that use what is gone:
// the process must end then.
// NOLINTNEXTLINE(bugprone-exception-escape)
server::~server() {
  stop(duration{0});
}

void server::stop(duration grace) {
  if (!state_->draining)
    state_->stop(grace);
}

result<> server::reload_tls() {
  return state_->load_identity();
}

const std::vector<std::string>& server::places() const {
  return state_->shared.places;
}

std::uint16_t server::port() const {
  for (const auto& l : state_->listeners)
    if (l->port != 0)
      return l->port;
  return 0;
}

} // namespace pawl::http
