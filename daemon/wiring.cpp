#include "daemon/wiring.hpp"

#include "actors/chaos.hpp"
#include "actors/context.hpp"
#include "actors/kept/kept_book.hpp"
#include "actors/runtime.hpp"
#include "base/log.hpp"
#include "daemon/places.hpp"
#include "http/server.hpp"
#include "secrets/keyring.hpp"
#include "storage/store.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace pawl::daemon {

namespace {

/// The store's part of memory_max; the rest is for instances and buffers.
constexpr std::uint64_t store_share = 4;

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), HOST_NAME_MAX) == 0 ? name.data()
                                                        : "localhost";
}

http::server_options edge_of(const config::options& o) {
  http::server_options e;
  e.listen = o.listen;
  e.hosts = o.http.hosts;
  e.unix_mode
    = static_cast<std::uint32_t>(std::stoul(o.http.unix_mode, nullptr, 8));
  e.threads = o.http.threads;
  e.connections_max = o.http.connections_max;
  e.streams_max = o.http.streams_max;
  e.header_bytes_max = o.http.header_max;
  e.body_bytes_max = o.http.body_max;
  e.body_bytes_per_second_min = o.http.body_rate_min;
  e.idle_timeout = o.http.idle_timeout;
  e.header_deadline = o.http.header_timeout;
  e.body_deadline = o.http.body_timeout;
  e.body_grace = o.http.body_grace;
  e.write_deadline = o.http.write_timeout;
  e.answer_deadline = o.http.request_timeout;
  e.wait_max = o.http.wait_max;
  e.stream_keepalive = o.http.stream_keepalive;
  e.page_max = o.http.page_max;
  e.metrics_open = o.access.metrics_open;
  e.tls_certificate = o.tls.certificate;
  e.tls_key = o.tls.key;
  const auto credential = o.secrets.credentials + "/pawl-tls-certificate";
  if (e.tls_certificate.empty() && !o.secrets.credentials.empty()
      && std::filesystem::exists(credential)) {
    e.tls_certificate = credential;
    e.tls_key = o.secrets.credentials + "/pawl-tls-key";
  }
  e.lease_max = o.queues.lease_max;
  e.checkpoint_bytes_max = o.queues.checkpoint_max;
  e.version = PAWL_VERSION;
  e.node = host_name();
  e.since = clock::now();
  return e;
}

result<std::unique_ptr<storage::store>> open_store(const config::options& o) {
  storage::recovery_report found;
  auto opened = storage::store::open(
    {.directory = o.data_dir,
     .torn_tail_cut = o.storage.torn_tail == config::torn_tail::cut,
     .accept_loss = o.storage.accept_loss,
     .memory_max = o.memory_max / store_share},
    found);
  if (!opened)
    return opened.error();
  for (const auto& note : found.notes)
    log::warn("storage.recovered", {{"note", note}});
  log::info("storage.opened", {{"directory", o.data_dir},
                               {"clean", found.clean},
                               {"tail_bytes_cut", found.tail_bytes_cut}});
  return opened;
}

/// The keys of stored secrets: the file that is configured, else systemd's
/// credential; then the former ones.
result<secrets::keyring> load_keys(const config::options& o) {
  std::vector<std::string> files;
  const auto credential = o.secrets.credentials + "/pawl-secret-key";
  if (!o.secrets.key_file.empty())
    files.push_back(o.secrets.key_file);
  else if (!o.secrets.credentials.empty()
           && std::filesystem::exists(credential))
    files.push_back(credential);
  else if (!o.secrets.old_key_files.empty())
    return error{errc::malformed,
                 "secrets.old_key_files: there is no newer key; set "
                 "secrets.key_file"};
  files.insert(files.end(), o.secrets.old_key_files.begin(),
               o.secrets.old_key_files.end());
  return secrets::keyring::load(files);
}

/// A backup within what it is a backup of would go with it.
result<> check_backups(const config::options& o) {
  if (o.backup.directory.empty())
    return {};
  std::error_code failed;
  const auto data = std::filesystem::weakly_canonical(o.data_dir, failed);
  const auto there
    = std::filesystem::weakly_canonical(o.backup.directory, failed);
  const auto [end, rest]
    = std::mismatch(data.begin(), data.end(), there.begin(), there.end());
  if (end != data.end())
    return {};
  return error{errc::malformed,
               "backup.directory: " + there.string() + " lies within data_dir"};
}

/// What the store knows of tokens.
struct known_tokens {
  std::vector<access::token> all;
  bool made = false; ///< Whether there ever was one.
};

/// Reads them. A listener that others reach needs one.
result<known_tokens> tokens_in(const storage::store& from,
                               const config::options& o) {
  const auto rows = from.list_records(storage::record_kind::token);
  if (!rows)
    return rows.error();
  const auto made = from.tokens_made();
  if (!made)
    return made.error();
  known_tokens out{.all = {}, .made = *made};
  for (const auto& row : *rows) {
    auto one = access::decode_token(row.state);
    if (!one)
      return one.error();
    out.all.push_back(std::move(*one));
  }
  for (const auto& place : o.listen)
    if (out.all.empty() && !is_local(place))
      return error{errc::malformed,
                   "listen: " + place
                     + " is reached from other machines, and there is no token "
                       "that would guard it. Make one first: pawld token "
                       "create --data-dir "
                     + o.data_dir + " --name admin --role admin"};
  return out;
}

/// Reads the holds. Without them nothing must start: it might do what somebody
/// has stopped.
result<std::vector<actors::placed_hold>> holds_in(const storage::store& from) {
  const auto rows = from.list_records(storage::record_kind::hold);
  if (!rows)
    return rows.error();
  std::vector<actors::placed_hold> out;
  for (const auto& row : *rows) {
    auto one = actors::decode_hold(row.state);
    if (!one)
      return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

/// Reads what is kept by name.
result<> read_kept(const storage::store& from, actors::kept_book& into) {
  for (std::size_t i = 0; i < actors::kept_kind_count; ++i) {
    const auto kind = static_cast<actors::kept_kind>(i);
    const auto rows = from.list_records(actors::stored_kind(kind));
    if (!rows)
      return rows.error();
    if (auto done = into.load(kind, *rows); !done)
      return done;
  }
  return {};
}

} // namespace

struct wiring::state {
  std::unique_ptr<storage::store> store;
  std::unique_ptr<actors::runtime> inside;
  std::unique_ptr<http::server> edge;
};

wiring::wiring(std::unique_ptr<state> made) : state_{std::move(made)} {}

wiring::~wiring() {
  static_cast<void>(stop(duration{0}));
}

result<std::unique_ptr<wiring>> wiring::start(const config::options& chosen,
                                              duration kill_every) {
  auto made = std::make_unique<state>();
  if (auto good = check_backups(chosen); !good)
    return good.error();
  auto keys = load_keys(chosen);
  if (!keys)
    return keys.error();
  auto store = open_store(chosen);
  if (!store)
    return store.error();
  made->store = std::move(*store);
  auto tokens = tokens_in(*made->store, chosen);
  if (!tokens)
    return tokens.error();
  const auto kept = std::make_shared<actors::kept_book>();
  if (auto read = read_kept(*made->store, *kept); !read)
    return read.error();
  auto holds = holds_in(*made->store);
  if (!holds)
    return holds.error();
  made->inside = std::make_unique<actors::runtime>(
    *made->store, chosen, [&](actors::context& inside) {
      inside.vault.use_keys(std::move(*keys));
      inside.guard.load(std::move(tokens->all), tokens->made);
      inside.holds.load(std::move(*holds));
      inside.kept = kept;
    });
  auto& ctx = made->inside->ctx();
  http::observer watching;
  watching.answered = [&ctx](const http::exchange& e) {
    ctx.measured.http_request(e.status,
                              std::chrono::duration<double>(e.took).count());
  };
  auto streams = std::make_shared<std::atomic<std::size_t>>(0);
  watching.streams = [streams](std::size_t open) { *streams = open; };
  ctx.measured.gauge(
    "pawl_http_streams",
    "Streams that are open, of server-sent events and WebSockets.",
    [streams] { return static_cast<double>(*streams); });
  auto shape = edge_of(chosen);
  shape.hot_instances = [&ctx] { return ctx.hot.load(); };
  auto edge = http::server::start(std::move(shape), made->inside->door(),
                                  std::move(watching));
  if (!edge)
    return edge.error();
  made->edge = std::move(*edge);
  if (kill_every.count() > 0)
    actors::spawn_chaos(ctx.system, ctx, kill_every);
  return std::unique_ptr<wiring>{new wiring{std::move(made)}};
}

const std::vector<std::string>& wiring::places() const {
  return state_->edge->places();
}

void wiring::reload(const config::options& chosen) {
  state_->inside->ctx().reload(chosen);
  if (const auto read = state_->edge->reload_tls(); !read)
    log::error("daemon.tls_not_reloaded", {{"detail", read.error().detail}});
}

bool wiring::healthy(duration patience) const {
  auto& ctx = state_->inside->ctx();
  if (state_->store->failed())
    return false;
  bool answered = false;
  caf::scoped_actor self{ctx.system};
  self->request(ctx.supervisor.get(), patience, actors::want_writer{})
    .receive([&](actors::writer_lives) { answered = true; },
             [](const caf::error&) {});
  return answered;
}

result<bool> wiring::stop(duration patience) {
  auto& s = *state_;
  if (!s.store)
    return true;
  const auto end = std::chrono::steady_clock::now() + patience;
  bool drained = true;
  if (s.inside) {
    s.inside->begin_drain();
    if (s.edge)
      s.edge->stop(std::min(patience, duration{1000}));
    const auto left = std::chrono::duration_cast<duration>(
      end - std::chrono::steady_clock::now());
    drained = s.inside->drain(std::max(left, duration{0}));
    s.inside->stop();
  }
  s.edge.reset();
  s.inside.reset();
  auto closed = s.store->close();
  s.store.reset();
  if (!closed)
    return closed.error();
  return drained;
}

} // namespace pawl::daemon
