#include "actors/steps/http_client.hpp"

#include "actors/steps/http_transfer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <variant>

namespace pawl::actors {

namespace {

struct started {
  http_client::ticket id;
  http_call what;
  http_client::done then;
};
struct cancelled {
  http_client::ticket id;
};
using steady = std::chrono::steady_clock;
using wish_of_caller = std::variant<started, cancelled>;

constexpr std::size_t idle_handles_max = 256;

void global_init() {
  static const bool once = [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      throw std::runtime_error{"libcurl does not start"};
    return true;
  }();
  static_cast<void>(once);
}

int checked(int descriptor, const char* what) {
  if (descriptor < 0)
    throw std::system_error{errno, std::generic_category(), what};
  return descriptor;
}

} // namespace

/// The thread and what it alone touches, but for `inbox`, under its mutex.
/// libcurl says which sockets it waits for, epoll does the waiting: the cost of
/// a call does not grow with the number of calls outstanding.
struct http_client::state {
  explicit state(http_limits l) : limits{std::move(l)} {
    global_init();
    multi = curl_multi_init();
    poller = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    waker = checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    epoll_event on{.events = EPOLLIN, .data = {.fd = waker}};
    epoll_ctl(poller, EPOLL_CTL_ADD, waker, &on);
    set_up_multi();
    thread = std::thread{[this] { run(); }};
  }

  ~state() {
    stopping = true;
    wake();
    thread.join();
    for (auto& [id, transfer] : transfers)
      curl_multi_remove_handle(multi, transfer->easy());
    transfers.clear();
    for (auto* easy : idle)
      curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    close(waker);
    close(poller);
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  void set_up_multi() {
    using socket_callback = int (*)(CURL*, curl_socket_t, int, void*, void*);
    const socket_callback on_socket
      = [](CURL*, curl_socket_t s, int what, void* me, void* known) {
          static_cast<state*>(me)->watch(s, what, known != nullptr);
          return 0;
        };
    using timer_callback = int (*)(CURLM*, long, void*);
    const timer_callback on_timer = [](CURLM*, long ms, void* me) {
      static_cast<state*>(me)->set_timer(ms);
      return 0;
    };
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      static_cast<long>(limits.connections_max));
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(limits.per_host_max));
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                      static_cast<long>(limits.connections_max));
  }

  void watch(curl_socket_t socket, int what, bool known) {
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(poller, EPOLL_CTL_DEL, socket, nullptr);
      return;
    }
    epoll_event on{.events = 0, .data = {.fd = socket}};
    if ((what & CURL_POLL_IN) != 0)
      on.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0)
      on.events |= EPOLLOUT;
    if (epoll_ctl(poller, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &on)
        != 0)
      // A descriptor closed behind our back leaves the set by itself, and one
      // that is used again is in it already.
      epoll_ctl(poller, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &on);
    curl_multi_assign(multi, socket, this);
  }

  void wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(!write(waker, &one, sizeof one));
  }

  void post(wish_of_caller what) {
    bool first = false;
    {
      const std::lock_guard hold{lock};
      first = inbox.empty();
      inbox.push_back(std::move(what));
    }
    if (first)
      wake();
  }

  void set_timer(long ms) {
    if (ms < 0)
      timer.reset();
    else
      timer = steady::now() + std::chrono::milliseconds{ms};
  }

  /// What epoll may sleep, rounded up so that it does not spin near the end.
  [[nodiscard]] int sleep_ms() const {
    if (!timer)
      return -1;
    const auto left
      = std::chrono::ceil<std::chrono::milliseconds>(*timer - steady::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
  }

  void run() {
    std::array<epoll_event, 128> ready{};
    int running = 0;
    while (!stopping) {
      const int count
        = epoll_wait(poller, ready.data(), ready.size(), sleep_ms());
      for (int i = 0; i < count; ++i)
        serve(ready[static_cast<std::size_t>(i)], running);
      if (timer && steady::now() >= *timer) {
        timer.reset(); // Set anew by the timer callback.
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
      }
      reap();
    }
  }

  void serve(const epoll_event& on, int& running) {
    if (on.data.fd == waker) {
      std::uint64_t many = 0;
      static_cast<void>(!read(waker, &many, sizeof many));
      take_wishes();
      return;
    }
    int flags = 0;
    if ((on.events & (EPOLLIN | EPOLLHUP)) != 0)
      flags |= CURL_CSELECT_IN;
    if ((on.events & EPOLLOUT) != 0)
      flags |= CURL_CSELECT_OUT;
    if ((on.events & EPOLLERR) != 0)
      flags |= CURL_CSELECT_ERR;
    curl_multi_socket_action(multi, on.data.fd, flags, &running);
  }

  void take_wishes() {
    std::vector<wish_of_caller> taken;
    {
      const std::lock_guard hold{lock};
      taken.swap(inbox);
    }
    for (auto& w : taken) {
      if (auto* s = std::get_if<started>(&w))
        begin(std::move(*s));
      else
        give_up(std::get<cancelled>(w).id);
    }
  }

  void begin(started s) {
    CURL* easy = nullptr;
    if (idle.empty()) {
      easy = curl_easy_init();
    } else {
      easy = idle.back();
      idle.pop_back();
      curl_easy_reset(easy);
    }
    auto transfer = std::make_unique<http_transfer>(
      easy, s.id, std::move(s.what), std::move(s.then), limits);
    curl_multi_add_handle(multi, easy);
    transfers.emplace(s.id, std::move(transfer));
  }

  void give_up(ticket id) {
    const auto found = transfers.find(id);
    if (found == transfers.end())
      return;
    curl_multi_remove_handle(multi, found->second->easy());
    transfers.erase(found);
    --active;
  }

  /// Ends the calls that libcurl has finished.
  void reap() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE)
        continue;
      auto* easy = message->easy_handle;
      const auto how = message->data.result;
      http_transfer* transfer = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
      curl_multi_remove_handle(multi, easy);
      auto ended = std::move(transfers.extract(transfer->id()).mapped());
      --active;
      ended->finish(how);
      if (idle.size() < idle_handles_max)
        idle.push_back(ended->release());
    }
  }

  const http_limits limits;
  CURLM* multi = nullptr;
  int poller = -1;
  int waker = -1;
  std::optional<steady::time_point> timer; ///< When libcurl wants to be called.
  std::unordered_map<ticket, std::unique_ptr<http_transfer>> transfers;
  std::vector<CURL*> idle;
  std::atomic<std::size_t> active = 0;
  std::atomic<ticket> next = 1;
  std::atomic<bool> stopping = false;
  std::mutex lock;
  std::vector<wish_of_caller> inbox;
  std::thread thread;
};

http_client::http_client(const http_limits& limits)
    : state_{std::make_unique<state>(limits)} {}

http_client::~http_client() = default;

http_client::ticket http_client::start(http_call what, done then) {
  const ticket id = state_->next++;
  ++state_->active;
  state_->post(started{id, std::move(what), std::move(then)});
  return id;
}

void http_client::cancel(ticket which) {
  state_->post(cancelled{which});
}

std::size_t http_client::active() const {
  return state_->active;
}

} // namespace pawl::actors
