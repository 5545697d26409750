#include "actors/steps/resource_loader.hpp"

#include "workflow/http_header.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <mutex>

namespace pawl::actors {

namespace {

constexpr std::size_t entries_max = 4096;

/// How long the server lets its answer be used; `most` if it does not say.
duration fresh_for(const http_outcome& of, duration most) {
  const auto said = header_of(of, "cache-control");
  if (said.find("no-store") != said.npos || said.find("no-cache") != said.npos)
    return {};
  constexpr std::string_view word = "max-age=";
  const auto at = said.find(word);
  if (at == said.npos)
    return most;
  std::int64_t seconds = 0;
  const auto rest = said.substr(at + word.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), seconds);
  constexpr std::int64_t day = 86'400;
  return std::min<duration>(
    most, std::chrono::seconds{std::clamp<std::int64_t>(seconds, 0, day)});
}

std::string media_type_of(const http_outcome& of) {
  const auto said = header_of(of, "content-type");
  std::string out{said.substr(0, said.find(';'))};
  std::erase(out, ' ');
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return out;
}

no_resource failed(const std::string& uri, std::uint32_t status,
                   const std::string& why) {
  return {.kind = error_kind::communication,
          .status = status,
          .detail = uri + " cannot be fetched: " + why};
}

} // namespace

/// The cache and who waits, under one mutex that is never held while another's
/// code runs.
class resource_loader::state
    : public std::enable_shared_from_this<resource_loader::state> {
public:
  state(http_client& http, resource_limits limits,
        std::function<timestamp()> now)
      : http_{http}, limits_{std::move(limits)}, now_{std::move(now)} {}

  void load(resource_call what, done then);
  [[nodiscard]] std::uint64_t kept() const {
    const std::lock_guard hold{lock_};
    return kept_;
  }

private:
  struct entry {
    resource_ptr what;
    std::string etag, modified;
    timestamp fresh_until;
    std::uint64_t used = 0; ///< When, in uses of the cache.
  };
  /// Who waits for a request, and what it asks about: an entry may be forgotten
  /// before the answer that it is still good.
  struct queue {
    resource_ptr old;
    std::vector<done> line;
  };

  void load_shared(const std::string& uri, done then);
  /// What is kept and fresh, else null.
  [[nodiscard]] resource_ptr fresh(const std::string& uri);
  /// Lets `then` wait; the request, if nobody has made it yet.
  [[nodiscard]] std::optional<resource_call> line_up(const std::string& uri,
                                                     done then);
  void ended(const std::string& uri, const http_outcome& how);
  [[nodiscard]] outcome read(const std::string& uri, const http_outcome& how);
  void keep(const std::string& uri, const resource_ptr& what,
            const http_outcome& how);
  void forget(std::map<std::string, entry>::iterator which);
  [[nodiscard]] http_call request_for(resource_call what) const;

  http_client& http_;
  const resource_limits limits_;
  const std::function<timestamp()> now_;
  mutable std::mutex lock_;
  std::map<std::string, entry> entries_;
  std::map<std::string, queue> waiting_;
  std::uint64_t kept_ = 0;
  std::uint64_t uses_ = 0;
};

http_call resource_loader::state::request_for(resource_call what) const {
  return {.method = "GET",
          .uri = std::move(what.uri),
          .headers = std::move(what.headers),
          .body = {},
          .redirect = true,
          .digest = std::move(what.digest),
          .timeout = limits_.timeout};
}

void resource_loader::state::load(resource_call what, done then) {
  if (what.uri.starts_with("file://"))
    return then(
      read_file_resource(what.uri, limits_.file_roots, limits_.size_max));
  if (!what.uri.starts_with("https://") && !what.uri.starts_with("http://"))
    return then(no_resource{.kind = error_kind::configuration,
                            .status = 0,
                            .detail = what.uri
                                      + " cannot be fetched: a resource is "
                                        "found by http, https or file"});
  if (what.headers.empty() && !what.digest)
    return load_shared(what.uri, std::move(then));
  const auto uri = what.uri;
  http_.start(request_for(std::move(what)),
              [me = shared_from_this(), uri, then = std::move(then)](
                const http_outcome& how) { then(me->read(uri, how)); });
}

resource_ptr resource_loader::state::fresh(const std::string& uri) {
  const std::lock_guard hold{lock_};
  const auto found = entries_.find(uri);
  if (found == entries_.end() || now_() >= found->second.fresh_until)
    return nullptr;
  found->second.used = ++uses_;
  return found->second.what;
}

std::optional<resource_call>
resource_loader::state::line_up(const std::string& uri, done then) {
  const std::lock_guard hold{lock_};
  auto& waiting = waiting_[uri];
  waiting.line.push_back(std::move(then));
  if (waiting.line.size() > 1)
    return std::nullopt;
  resource_call call{.uri = uri};
  if (const auto found = entries_.find(uri); found != entries_.end()) {
    const auto& e = found->second;
    waiting.old = e.what;
    if (!e.etag.empty())
      call.headers.emplace_back("If-None-Match", e.etag);
    else if (!e.modified.empty())
      call.headers.emplace_back("If-Modified-Since", e.modified);
  }
  return call;
}

void resource_loader::state::load_shared(const std::string& uri, done then) {
  if (auto at_hand = fresh(uri))
    return then(std::move(at_hand));
  auto call = line_up(uri, std::move(then));
  if (call)
    http_.start(request_for(std::move(*call)),
                [me = shared_from_this(), uri](const http_outcome& how) {
                  me->ended(uri, how);
                });
}

void resource_loader::state::ended(const std::string& uri,
                                   const http_outcome& how) {
  auto what = read(uri, how);
  queue waiting;
  {
    const std::lock_guard hold{lock_};
    waiting = std::move(waiting_.extract(uri).mapped());
    constexpr std::uint32_t not_modified = 304;
    const auto found = entries_.find(uri);
    if (how.status == not_modified && waiting.old) {
      what = waiting.old;
      if (found != entries_.end())
        found->second.fresh_until = now_() + fresh_for(how, limits_.fresh_for);
    } else if (const auto* got = std::get_if<resource_ptr>(&what)) {
      keep(uri, *got, how);
    } else if (found != entries_.end()) {
      forget(found);
    }
  }
  for (const auto& then : waiting.line)
    then(what);
}

resource_loader::outcome resource_loader::state::read(const std::string& uri,
                                                      const http_outcome& how) {
  if (!how.failure.empty())
    return failed(uri, 0, how.failure);
  if (how.status < 200 || how.status > 299)
    return failed(uri, how.status,
                  "it was answered with status " + std::to_string(how.status));
  if (how.body.size() > limits_.size_max)
    return failed(uri, 0, "it is larger than the option resources.size_max");
  return std::make_shared<const resource>(
    resource{.text = how.body, .media_type = media_type_of(how)});
}

void resource_loader::state::keep(const std::string& uri,
                                  const resource_ptr& what,
                                  const http_outcome& how) {
  if (const auto old = entries_.find(uri); old != entries_.end())
    forget(old);
  const auto size = what->text.size() + uri.size();
  const auto fresh = fresh_for(how, limits_.fresh_for);
  entry e{.what = what,
          .etag = std::string{header_of(how, "etag")},
          .modified = std::string{header_of(how, "last-modified")},
          .fresh_until = now_() + fresh,
          .used = ++uses_};
  const bool useful
    = fresh > duration{} || !e.etag.empty() || !e.modified.empty();
  const bool forbidden
    = header_of(how, "cache-control").find("no-store") != std::string::npos;
  if (!useful || forbidden || size > limits_.cache_bytes_max)
    return;
  while (kept_ + size > limits_.cache_bytes_max
         || entries_.size() >= entries_max)
    forget(std::min_element(entries_.begin(), entries_.end(),
                            [](const auto& a, const auto& b) {
                              return a.second.used < b.second.used;
                            }));
  kept_ += size;
  entries_.emplace(uri, std::move(e));
}

void resource_loader::state::forget(
  std::map<std::string, entry>::iterator which) {
  kept_ -= which->second.what->text.size() + which->first.size();
  entries_.erase(which);
}

resource_loader::resource_loader(http_client& http, resource_limits limits,
                                 std::function<timestamp()> now)
    : state_{std::make_shared<state>(http, std::move(limits), std::move(now))} {
}

resource_loader::~resource_loader() = default;

void resource_loader::load(resource_call what, done then) {
  state_->load(std::move(what), std::move(then));
}

std::uint64_t resource_loader::kept() const {
  return state_->kept();
}

} // namespace pawl::actors
