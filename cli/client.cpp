#include "cli/client.hpp"

#include "base/ids.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <thread>

namespace pawl::cli {
namespace {

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct slist_free {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using header_list = std::unique_ptr<curl_slist, slist_free>;

header_list list_of(const request& what, const server_address& server) {
  header_list list;
  auto add = [&](const std::string& line) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  for (const auto& [name, value] : what.headers)
    add(name + ": " + value);
  if (!server.token.empty())
    add("Authorization: Bearer " + server.token);
  add("Expect:"); // No round trip of its own before a large body.
  return list;
}

std::size_t append_body(char* bytes, std::size_t, std::size_t count,
                        void* out) {
  static_cast<std::string*>(out)->append(bytes, count);
  return count;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t count,
                        void* out) {
  auto& headers = *static_cast<std::map<std::string, std::string>*>(out);
  std::string_view line{bytes, count};
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())))
    line.remove_suffix(1);
  auto colon = line.find(':');
  if (colon != line.npos) {
    std::string name{line.substr(0, colon)};
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    auto value = line.substr(colon + 1);
    while (value.starts_with(' '))
      value.remove_prefix(1);
    headers[name] = std::string{value};
  }
  return count;
}

bool is_loopback(std::string_view base) {
  auto host = base.substr(base.find("://") + 3);
  return host.starts_with("127.") || host.starts_with("localhost")
         || host.starts_with("[::1]");
}

/// Sets what every request has in common.
void prepare(CURL* easy, const server_address& server, const request& what,
             const curl_slist* headers, response& into) {
  curl_easy_reset(easy);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_URL, (server.base + what.target).c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "pawl/" PAWL_VERSION);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &into.headers);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  if (!server.ca_file.empty())
    curl_easy_setopt(easy, CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.socket.empty())
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, server.socket.c_str());
  // A proxy for the world must not see what stays on this machine.
  if (is_loopback(server.base))
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  if (what.method == "POST" || what.method == "PUT") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(what.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, what.body.data());
  }
  if (what.method != "POST" && what.method != "GET")
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, what.method.c_str());
}

/// Whether no byte of the request can have reached a daemon.
bool never_connected(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST
         || code == CURLE_COULDNT_RESOLVE_PROXY;
}

duration retry_after(const response& answer) {
  auto found = answer.headers.find("retry-after");
  if (found == answer.headers.end())
    return {};
  // The other form, a date, reads as 0 and so as our own pace.
  return std::chrono::seconds{
    std::clamp(std::strtol(found->second.c_str(), nullptr, 10), 0L, 3600L)};
}

/// Whether the same request may go through later. One that is slowed down for
/// its bad token never does.
bool asks_to_come_again(const response& answer) {
  return answer.status == 503
         || (answer.status == 429
             && answer.body.find("\"too-many-bad-tokens\"")
                  == answer.body.npos);
}

std::string describe(CURLcode code, CURL* easy) {
  long os_error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  if (code == CURLE_COULDNT_CONNECT && os_error == ECONNREFUSED)
    return "connection refused";
  return curl_easy_strerror(code);
}

} // namespace

struct client::attempt {
  CURLcode code = CURLE_OK;
  response answer;
};

client::client(std::vector<server_address> servers, duration timeout)
    : servers_{std::move(servers)}, timeout_{timeout} {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  easy_ = curl_easy_init();
}

client::~client() {
  curl_easy_cleanup(static_cast<CURL*>(easy_));
}

std::unique_ptr<client> client::another(duration timeout) const {
  return std::make_unique<client>(std::vector{servers_[chosen_]}, timeout);
}

std::string client::server_name() const {
  const auto& server = servers_[chosen_];
  return server.socket.empty() ? server.base : "unix:" + server.socket;
}

bool client::next_server() {
  if (reached_ || chosen_ + 1 >= servers_.size())
    return false;
  ++chosen_;
  return true;
}

client::attempt client::try_once(const request& what, duration limit) {
  attempt one;
  auto headers = list_of(what, servers_[chosen_]);
  auto* easy = static_cast<CURL*>(easy_);
  prepare(easy, servers_[chosen_], what, headers.get(), one.answer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &one.answer.body);
  auto whole = std::max<duration>(limit, 1ms) + what.held;
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(whole.count()));
  one.code = curl_easy_perform(easy);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &one.answer.status);
  return one;
}

outcome<response> client::send(request what) {
  if (what.method == "POST")
    what.headers.emplace_back(
      "Idempotency-Key", make_ulid(unix_ms(clock::now()), random_entropy()));
  auto deadline = steady::now() + timeout_;
  for (duration pause = 100ms;; pause = std::min<duration>(pause * 2, 2s)) {
    auto left = std::chrono::duration_cast<duration>(deadline - steady::now());
    auto one = try_once(what, left);
    auto wait = pause;
    if (one.code == CURLE_OK) {
      reached_ = true;
      if (!asks_to_come_again(one.answer))
        return std::move(one.answer);
      wait = std::max(wait, retry_after(one.answer));
      if (steady::now() + wait >= deadline)
        return std::move(one.answer);
    } else if (never_connected(one.code)) {
      if (next_server())
        continue;
      if (!reached_ || steady::now() + wait >= deadline)
        return failure{
          exit_code::unreachable,
          fmt::format("cannot reach pawld at {}: {}", server_name(),
                      describe(one.code, static_cast<CURL*>(easy_)))};
    } else {
      reached_ = true;
      if (one.code == CURLE_OPERATION_TIMEDOUT
          || steady::now() + wait >= deadline)
        return failure{one.code == CURLE_OPERATION_TIMEDOUT
                         ? exit_code::timed_out
                         : exit_code::unreachable,
                       fmt::format("no answer from {}: {}", server_name(),
                                   curl_easy_strerror(one.code))};
    }
    std::this_thread::sleep_for(wait);
  }
}

namespace {

/// The two callbacks of a stream share this.
struct stream_state {
  CURL* easy = nullptr;
  const stream_sink* sink = nullptr;
  bool opened = false;
  stream_end end;

  /// Whether the answer is a stream; says so once.
  bool open() {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200 && !opened) {
      opened = true;
      sink->opened();
    }
    return opened;
  }
};

std::size_t take_stream(char* bytes, std::size_t, std::size_t count,
                        void* out) {
  auto& state = *static_cast<stream_state*>(out);
  if (!state.open()) {
    state.end.refused.body.append(bytes, count);
    return count;
  }
  if (state.sink->data({bytes, count}))
    return count;
  state.end.stopped = true;
  return 0;
}

struct multi_free {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

} // namespace

outcome<stream_end> client::stream(const request& what,
                                   const stream_sink& sink) {
  auto* easy = static_cast<CURL*>(easy_);
  stream_state state{easy, &sink, false, {}};
  auto headers = list_of(what, servers_[chosen_]);
  prepare(easy, servers_[chosen_], what, headers.get(), state.end.refused);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_stream);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &state);
  // A peer that is gone without a word: its heartbeats stay away.
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 60L);
  std::unique_ptr<CURLM, multi_free> multi{curl_multi_init()};
  curl_multi_add_handle(multi.get(), easy);
  std::optional<CURLcode> done;
  for (int running = 1; running > 0 && !state.end.stopped;) {
    curl_multi_perform(multi.get(), &running);
    (void)state.open();
    if (running > 0)
      curl_multi_poll(multi.get(), nullptr, 0, 200, nullptr);
    if (!sink.tick())
      state.end.stopped = true;
  }
  int queued = 0;
  while (const auto* message = curl_multi_info_read(multi.get(), &queued))
    if (message->msg == CURLMSG_DONE)
      done = message->data.result;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &state.end.refused.status);
  curl_multi_remove_handle(multi.get(), easy);
  if (done && never_connected(*done)) {
    if (next_server())
      return stream(what, sink);
    return failure{exit_code::unreachable,
                   fmt::format("cannot reach pawld at {}: {}", server_name(),
                               describe(*done, easy))};
  }
  reached_ = true;
  state.end.connected = state.end.refused.status == 200;
  if (done)
    state.end.reason = *done == CURLE_OK ? "the daemon closed the stream"
                                         : curl_easy_strerror(*done);
  return std::move(state.end);
}

std::string url_encode(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    if (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~')
      out.push_back(static_cast<char>(c));
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

} // namespace pawl::cli
