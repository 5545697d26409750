#include "actors/steps/mail_client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <curl/curl.h>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>

namespace pawl::actors {

namespace {

struct letter {
  mail_client::ticket id = 0;
  mail_job what;
  mail_client::done then;
  std::atomic<bool> cancelled = false;
};
using letter_ptr = std::shared_ptr<letter>;

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  // Fails only for options that this libcurl was built without.
  static_cast<void>(curl_easy_setopt(easy, option, value));
}

/// One conversation with the server.
class transmission {
public:
  transmission(letter& of, const std::atomic<bool>& stopping)
      : of_{of}, stopping_{stopping}, easy_{curl_easy_init()} {
    set(easy_, CURLOPT_URL, of_.what.url.c_str());
    set(easy_, CURLOPT_ERRORBUFFER, message_.data());
    set(easy_, CURLOPT_NOSIGNAL, 1L);
    set(easy_, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set_envelope();
    set_security();
    set_callbacks();
  }
  ~transmission() {
    curl_slist_free_all(to_);
    curl_easy_cleanup(easy_);
  }
  transmission(const transmission&) = delete;
  transmission& operator=(const transmission&) = delete;

  http_outcome run() {
    const auto how = curl_easy_perform(easy_);
    http_outcome out;
    if (how == CURLE_OK) {
      out.status = 250;
    } else if (!refusal_.empty()) {
      out.status
        = static_cast<std::uint32_t>(std::stoul(refusal_.substr(0, 3)));
      out.body = refusal_;
    } else {
      out.failure
        = "The mail server: "
          + std::string{message_[0] != '\0' ? message_.data()
                                            : curl_easy_strerror(how)};
    }
    return out;
  }

private:
  void set_envelope() {
    from_ = '<' + of_.what.from + '>';
    set(easy_, CURLOPT_MAIL_FROM, from_.c_str());
    for (const auto& one : of_.what.to)
      if (auto* longer = curl_slist_append(to_, ('<' + one + '>').c_str()))
        to_ = longer;
    set(easy_, CURLOPT_MAIL_RCPT, to_);
    set(easy_, CURLOPT_UPLOAD, 1L);
  }

  void set_security() {
    const auto& w = of_.what;
    const bool must = w.require_tls && !is_loopback_server(w.url);
    set(easy_, CURLOPT_USE_SSL,
        static_cast<long>(must ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (!w.ca_file.empty())
      set(easy_, CURLOPT_CAINFO, w.ca_file.c_str());
    if (!w.user.empty()) {
      set(easy_, CURLOPT_USERNAME, w.user.c_str());
      set(easy_, CURLOPT_PASSWORD, w.password.c_str());
    }
    set(easy_, CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(w.connect_timeout.count()));
    set(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(w.timeout.count()));
  }

  void set_callbacks() {
    using transfer = std::size_t (*)(char*, std::size_t, std::size_t, void*);
    set<transfer>(
      easy_, CURLOPT_READFUNCTION,
      [](char* into, std::size_t size, std::size_t count, void* me) {
        return static_cast<transmission*>(me)->give(into, size * count);
      });
    set(easy_, CURLOPT_READDATA, static_cast<void*>(this));
    set<transfer>(
      easy_, CURLOPT_HEADERFUNCTION,
      [](char* line, std::size_t size, std::size_t count, void* me) {
        return static_cast<transmission*>(me)->hear({line, size * count});
      });
    set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
    using progress
      = int (*)(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
    set<progress>(easy_, CURLOPT_XFERINFOFUNCTION,
                  [](void* me, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
                    const auto& self = *static_cast<transmission*>(me);
                    return self.of_.cancelled || self.stopping_ ? 1 : 0;
                  });
    set(easy_, CURLOPT_XFERINFODATA, static_cast<void*>(this));
    set(easy_, CURLOPT_NOPROGRESS, 0L);
  }

  std::size_t give(char* into, std::size_t room) {
    const auto size = std::min(room, of_.what.text.size() - sent_);
    std::copy_n(of_.what.text.data() + sent_, size, into);
    sent_ += size;
    return size;
  }

  std::size_t hear(std::string_view line) {
    constexpr std::size_t bytes_max = 512;
    constexpr std::string_view goodbye = "221";
    const auto size = line.size();
    while (line.ends_with('\n') || line.ends_with('\r'))
      line.remove_suffix(1);
    const bool is_answer
      = line.size() >= 3
        && line.substr(0, 3).find_first_not_of("0123456789") == line.npos;
    if (is_answer && (line[0] == '4' || line[0] == '5'))
      refusal_ = line.substr(0, bytes_max);
    else if (is_answer && !line.starts_with(goodbye))
      refusal_.clear();
    return size;
  }

  letter& of_;
  const std::atomic<bool>& stopping_;
  CURL* easy_;
  curl_slist* to_ = nullptr;
  std::string from_;
  std::size_t sent_ = 0;
  std::string refusal_; ///< What the server has said last, if it was a no.
  std::array<char, CURL_ERROR_SIZE> message_{};
};

} // namespace

struct mail_client::state {
  ~state() {
    {
      const std::lock_guard hold{lock};
      stopping = true;
    }
    come.notify_all();
    for (auto& one : threads)
      one.join();
  }

  void work() {
    std::unique_lock hold{lock};
    for (;;) {
      ++idle;
      come.wait(hold, [this] { return stopping || !queue.empty(); });
      --idle;
      if (stopping)
        return;
      const auto one = queue.front();
      queue.pop_front();
      running.push_back(one);
      hold.unlock();
      auto how = transmission{*one, stopping}.run();
      hold.lock();
      std::erase(running, one);
      if (one->cancelled || stopping)
        continue;
      hold.unlock();
      one->then(std::move(how));
      hold.lock();
    }
  }

  std::mutex lock;
  std::condition_variable come;
  std::deque<letter_ptr> queue;
  std::vector<letter_ptr> running;
  std::vector<std::thread> threads;
  std::size_t idle = 0;
  ticket next = 1;
  std::atomic<bool> stopping = false;
};

mail_client::mail_client() : state_{std::make_unique<state>()} {}

mail_client::~mail_client() = default;

mail_client::ticket mail_client::send(mail_job what, done then) {
  auto one = std::make_shared<letter>();
  one->what = std::move(what);
  one->then = std::move(then);
  auto& s = *state_;
  {
    const std::lock_guard hold{s.lock};
    one->id = s.next++;
    s.queue.push_back(one);
    if (s.idle < s.queue.size() && s.threads.size() < threads_max)
      s.threads.emplace_back([&s] { s.work(); });
  }
  s.come.notify_one();
  return one->id;
}

void mail_client::cancel(ticket which) {
  const std::lock_guard hold{state_->lock};
  std::erase_if(state_->queue,
                [&](const auto& one) { return one->id == which; });
  for (const auto& one : state_->running)
    if (one->id == which)
      one->cancelled = true;
}

bool is_loopback_server(const std::string& url) {
  const auto begin = url.find("://");
  if (begin == url.npos)
    return false;
  const std::string_view rest = std::string_view{url}.substr(begin + 3);
  if (rest.starts_with("[::1]"))
    return true;
  const auto host = rest.substr(0, rest.find_first_of(":/"));
  // Not what only begins so: "127.0.0.1.example.com".
  return host == "localhost"
         || (host.starts_with("127.")
             && host.find_first_not_of("0123456789.") == host.npos);
}

} // namespace pawl::actors
