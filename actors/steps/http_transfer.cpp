#include "actors/steps/http_transfer.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace pawl::actors {

namespace {

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  // Fails only for options that this libcurl was built without.
  static_cast<void>(curl_easy_setopt(easy, option, value));
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x))
           == std::tolower(static_cast<unsigned char>(y));
  });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

} // namespace

http_transfer::http_transfer(CURL* easy, http_client::ticket id, http_call what,
                             http_client::done then, const http_limits& limits)
    : easy_{easy}, id_{id}, what_{std::move(what)}, then_{std::move(then)},
      room_{limits.response_max} {
  set(easy_, CURLOPT_URL, what_.uri.c_str());
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_ERRORBUFFER, message_.data());
  set_method();
  set_headers();
  set_digest();
  set_bounds(limits);
}

http_transfer::~http_transfer() {
  curl_slist_free_all(headers_);
  if (easy_ != nullptr)
    curl_easy_cleanup(easy_);
}

CURL* http_transfer::release() {
  return std::exchange(easy_, nullptr);
}

void http_transfer::set_method() {
  const bool with_body = !what_.body.empty();
  if (with_body || what_.method == "POST") {
    set(easy_, CURLOPT_POST, 1L);
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(what_.body.size()));
    set(easy_, CURLOPT_POSTFIELDS, what_.body.c_str());
  }
  if (what_.method == "HEAD")
    set(easy_, CURLOPT_NOBODY, 1L);
  // A custom method also overrides what a redirect would turn it into, so GET
  // and POST are left to libcurl.
  else if (what_.method != "POST" && (what_.method != "GET" || with_body))
    set(easy_, CURLOPT_CUSTOMREQUEST, what_.method.c_str());
}

void http_transfer::set_headers() {
  bool has_type = false;
  bool has_agent = false;
  const auto add = [this](const std::string& line) {
    if (auto* longer = curl_slist_append(headers_, line.c_str()))
      headers_ = longer;
  };
  for (const auto& [name, value] : what_.headers) {
    has_type = has_type || same_name(name, "content-type");
    has_agent = has_agent || same_name(name, "user-agent");
    // An empty value is written with ';', or libcurl would drop the header.
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!has_type)
    add("Content-Type:"); // Else libcurl claims a form.
  add("Expect:"); // A second round trip for large bodies helps nobody here.
  if (!has_agent)
    set(easy_, CURLOPT_USERAGENT, "pawl");
  set(easy_, CURLOPT_HTTPHEADER, headers_);
}

void http_transfer::set_digest() {
  if (!what_.digest)
    return;
  set(easy_, CURLOPT_HTTPAUTH, CURLAUTH_DIGEST);
  // libcurl 7.88 marks a connection on which it waits for a challenge, and the
  // next request there, whosever it is, goes without its body.
  set(easy_, CURLOPT_FORBID_REUSE, 1L);
  set(easy_, CURLOPT_USERNAME, what_.digest->username.c_str());
  set(easy_, CURLOPT_PASSWORD, what_.digest->password.c_str());
}

void http_transfer::set_bounds(const http_limits& limits) {
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_FOLLOWLOCATION, what_.redirect ? 1L : 0L);
  set(easy_, CURLOPT_MAXREDIRS, static_cast<long>(limits.redirects_max));
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(limits.connect_timeout.count()));
  const auto patience = std::min(what_.timeout.value_or(limits.call_timeout),
                                 limits.call_timeout);
  set(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(patience.count()));
  if (!limits.ca_file.empty())
    set(easy_, CURLOPT_CAINFO, limits.ca_file.c_str());
  set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  using callback = std::size_t (*)(char*, std::size_t, std::size_t, void*);
  set<callback>(
    easy_, CURLOPT_HEADERFUNCTION,
    [](char* data, std::size_t size, std::size_t count, void* me) {
      return static_cast<http_transfer*>(me)->take_header({data, size * count});
    });
  set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set<callback>(
    easy_, CURLOPT_WRITEFUNCTION,
    [](char* data, std::size_t size, std::size_t count, void* me) {
      return static_cast<http_transfer*>(me)->take_body({data, size * count});
    });
  set(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
}

bool http_transfer::fits(std::size_t more) {
  if (more > room_) {
    too_large_ = true;
    return false;
  }
  room_ -= more;
  return true;
}

std::size_t http_transfer::take_header(std::string_view line) {
  if (!fits(line.size()))
    return 0;
  if (line.starts_with("HTTP/")) { // A next answer: redirected, or after 1xx.
    outcome_.headers.clear();
    return line.size();
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos)
    outcome_.headers.emplace_back(line.substr(0, colon),
                                  trimmed(line.substr(colon + 1)));
  return line.size();
}

std::size_t http_transfer::take_body(std::string_view piece) {
  if (!fits(piece.size()))
    return 0;
  outcome_.body.append(piece);
  return piece.size();
}

void http_transfer::finish(CURLcode how) {
  if (how == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    outcome_.status = static_cast<std::uint32_t>(status);
  } else {
    outcome_ = {};
    outcome_.failure = too_large_ ? "The answer is larger than the limit."
                       : message_[0] != '\0'
                         ? std::string{message_.data()}
                         : std::string{curl_easy_strerror(how)};
  }
  then_(std::move(outcome_));
}

} // namespace pawl::actors
