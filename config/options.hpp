#pragma once

#include "base/log.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pawl::config {

/// What to do about a torn last group of the journal, which was never
/// acknowledged: cut it and go on, or refuse to start so that a person looks.
enum class torn_tail : std::uint8_t { cut, ask };

/// What the operator chose. One member an option, grouped as the file is; the
/// catalogue in options.cpp gives each its bounds and its help, and
/// config/pawl.yaml shows every default. Sizes are bytes.
///
/// Immutable after loading: parts of the daemon get a copy or a reference to
/// what lives as long as they do.
struct options {
  /// Where the data lives. "" stands for $STATE_DIRECTORY, else
  /// ~/.local/share/pawl; load() fills it in.
  std::string data_dir;
  std::vector<std::string> listen = {"127.0.0.1:7295"}; ///< addr:port, unix:/p
  log::level log_level = log::level::info;
  std::uint64_t memory_max = 1ULL << 30;
  duration drain_timeout{10'000};

  struct http_options {
    std::vector<std::string> hosts;
    std::string unix_mode = "0600";
    std::uint32_t threads = 1;
    std::uint32_t connections_max = 1024;
    std::uint32_t streams_max = 512; ///< Of the connections: SSE.
    std::uint64_t header_max = 16ULL << 10;
    std::uint64_t body_max = 1ULL << 20;
    std::uint64_t body_rate_min = 1024; ///< A second.
    duration body_grace{5'000};
    duration header_timeout{5'000};
    duration body_timeout{30'000};
    duration write_timeout{30'000};
    duration idle_timeout{60'000};
    duration request_timeout{30'000}; ///< Beyond what Prefer: wait asks for.
    duration wait_max{60'000};        ///< Of Prefer: wait.
    duration stream_keepalive{15'000};
    std::uint32_t page_max = 1000; ///< Items of a list.
    bool operator==(const http_options&) const = default;
  } http;

  struct journal_options {
    std::uint64_t queue_bytes_max = 64ULL << 20;
    duration shed_after{100};
    std::uint32_t batch_max = 1024; ///< Turns in one commit.
    std::uint64_t batch_bytes_max = 4ULL << 20;
    bool operator==(const journal_options&) const = default;
  } journal;

  struct storage_options {
    config::torn_tail torn_tail = config::torn_tail::cut;
    bool accept_loss = false;
    std::uint64_t disk_low = 2ULL << 30;        ///< Free: no new starts below.
    std::uint64_t disk_critical = 512ULL << 20; ///< Free: no new effects below.
    std::uint32_t snapshot_events = 64;
    std::uint64_t snapshot_bytes = 64ULL << 10;
    bool operator==(const storage_options&) const = default;
  } storage;

  struct instances_options {
    std::uint32_t hot_max = 50'000;  ///< Actors in memory.
    std::uint32_t events_max = 1024; ///< Kept until one listens.
    std::uint64_t payload_max = 1ULL << 20;
    std::uint32_t turn_steps_max = 1000;
    std::uint32_t rehydrations_max = 64; ///< At once.
    std::uint32_t quarantine_after = 3;  ///< Crashes.
    bool operator==(const instances_options&) const = default;
  } instances;

  struct expression_options {
    std::uint32_t helpers = 2;
    duration deadline{1'000};
    std::uint64_t memory_max = 256ULL << 20; ///< Of one helper.
    std::uint32_t queue_max = 1024;
    std::uint64_t steps_max = 1'000'000;   ///< Of one native evaluation.
    std::uint64_t bytes_max = 64ULL << 20; ///< Built by one.
    bool operator==(const expression_options&) const = default;
  } expression;

  struct steps_options {
    std::uint32_t concurrency_max = 1024; ///< Calls outstanding.
    std::uint32_t per_host_max = 256;     ///< Connections.
    duration connect_timeout{10'000};
    duration call_timeout{300'000};
    std::uint64_t response_max = 8ULL << 20;
    std::uint32_t redirects_max = 10;
    std::string ca_file; ///< "": the system's certificates.
    bool operator==(const steps_options&) const = default;
  } steps;

  struct resources_options {
    std::vector<std::string> file_roots;   ///< Directories; none: no file.
    std::uint64_t size_max = 8ULL << 20;   ///< Of one.
    duration timeout{30'000};              ///< Of one request.
    duration fresh_for{60'000};            ///< Without asking again.
    std::uint64_t cache_max = 64ULL << 20; ///< Bytes of all.
    bool operator==(const resources_options&) const = default;
  } resources;

  struct programs_options {
    bool enabled = true;
    std::string socket; ///< Of pawl-runner; "": pawld starts one itself.
    std::string user = "nobody";    ///< What programs run as if pawld is root.
    std::string isolation = "user"; ///< The least: namespaces, user or none.
    std::string path = "/usr/local/bin:/usr/bin:/bin";
    std::vector<std::string> environment;  ///< NAME=value.
    std::uint32_t concurrency_max = 16;    ///< Of those that are awaited.
    std::uint32_t detached_max = 4;        ///< Of those that are not.
    std::uint32_t detached_queue_max = 64; ///< And that wait for a slot.
    duration timeout_max{3'600'000};
    duration grace{2'000};                   ///< From SIGTERM to SIGKILL.
    std::uint64_t memory_max = 512ULL << 20; ///< Of one program.
    std::uint64_t output_max = 1ULL << 20;   ///< Of stdout, and of stderr.
    std::uint32_t processes_max = 64;        ///< Of one program.
    bool network = true;
    bool operator==(const programs_options&) const = default;
  } programs;

  struct retry_options {
    duration delay_max{3'600'000};
    bool operator==(const retry_options&) const = default;
  } retry;

  struct secrets_options {
    /// One file a secret; "" for none. Systemd's credentials are secrets too.
    std::string directory;
    /// "" stands for $CREDENTIALS_DIRECTORY; load() fills it in.
    std::string credentials;
    std::string key_file; ///< "": the credential pawl-secret-key, if any.
    std::vector<std::string> old_key_files;
    bool operator==(const secrets_options&) const = default;
  } secrets;

  struct access_options {
    bool metrics_open = false;          ///< Without a token.
    std::uint32_t bad_tokens_max = 10;  ///< A minute, from one address.
    std::uint32_t addresses_max = 1024; ///< That are remembered for it.
    bool operator==(const access_options&) const = default;
  } access;

  struct tls_options {
    std::string certificate; ///< PEM, with what leads to the root; "": none.
    std::string key;
    bool operator==(const tls_options&) const = default;
  } tls;

  struct queues_options {
    duration lease{30'000};          ///< Where nobody says anything else.
    duration lease_max{86'400'000};  ///< That a worker may ask for.
    duration unserved_after{60'000}; ///< Without any worker asking.
    std::uint64_t checkpoint_max = 256ULL << 10;
    bool operator==(const queues_options&) const = default;
  } queues;

  struct events_options {
    duration buffer_for{3'600'000};
    duration dedup_for{86'400'000};
    std::string lifecycle = "none"; ///< Published: none, workflows or tasks.
    bool operator==(const events_options&) const = default;
  } events;

  struct retention_options {
    duration idempotency_for{86'400'000};
    duration sweep_every{10'000};
    std::uint32_t sweep_max = 10'000; ///< Rows a sweep removes.
    duration completed{};             ///< Of instances; 0: for ever.
    duration faulted{};
    duration cancelled{};
    std::vector<std::string> namespaces; ///< config/retention.hpp.
    duration purge_every{600'000};       ///< All instances are looked at.
    duration tombstones{30LL * 86'400'000};
    duration audit{}; ///< Of records of the audit log; 0: for ever.
    bool operator==(const retention_options&) const = default;
  } retention;

  struct backup_options {
    std::string directory;  ///< "": no backups are taken.
    duration every{};       ///< 0: by hand only.
    std::uint32_t keep = 7; ///< Backups.
    bool operator==(const backup_options&) const = default;
  } backup;

  struct bulk_options {
    std::uint32_t active_max = 8;   ///< Operations that have not ended.
    std::uint32_t concurrency = 16; ///< Instances of one at a time.
    std::uint32_t rate = 50;        ///< Instances a second, if none is asked.
    std::uint32_t items_max = 100'000; ///< Instances of one.
    std::uint32_t kept_max = 100;      ///< Operations that have ended.
    bool operator==(const bulk_options&) const = default;
  } bulk;

  struct metrics_options {
    duration census_every{15'000};
    std::uint32_t workflows_max = 100; ///< That have series of their own.
    std::uint32_t hosts_max = 64;      ///< That have series of their own.
    duration window{86'400'000};       ///< Of /v1/stats.
    bool operator==(const metrics_options&) const = default;
  } metrics;

  struct notify_options {
    duration timeout{10'000};         ///< Of one delivery.
    duration retry_for{86'400'000};   ///< Then it is dead.
    duration retry_max{300'000};      ///< The longest wait between two tries.
    std::uint32_t queue_max = 10'000; ///< Messages of one subscription.
    std::uint32_t concurrency = 8;    ///< Deliveries at a time.
    bool operator==(const notify_options&) const = default;
  } notify;

  struct smtp_options {
    std::string url;         ///< "smtp://host:587"; "": no mail is sent.
    std::string from;        ///< The sender's address.
    std::string user;        ///< "": without a login.
    std::string password;    ///< The name of a secret; "" for none.
    bool require_tls = true; ///< Beyond loopback.
    bool operator==(const smtp_options&) const = default;
  } smtp;

  struct tracing_options {
    std::string endpoint;  ///< OTLP over HTTP: "http://host:4318/v1/traces".
    std::string headers;   ///< The name of a secret: an object of texts.
    duration every{1'000}; ///< A batch leaves.
    std::uint32_t queue_max = 8'192; ///< Spans that wait; more are dropped.
    bool operator==(const tracing_options&) const = default;
  } tracing;

  bool operator==(const options&) const = default;
};

/// How an option is written.
enum class unit : std::uint8_t {
  count,   ///< 1024
  bytes,   ///< 64MiB, 1GiB, 4096
  time,    ///< 100ms, 5s, 10min, 1h, 30d or ISO 8601: PT1H
  flag,    ///< true, false
  word,    ///< One of option::words.
  text,    ///< Anything.
  list,    ///< A list of texts.
  listener ///< A list of listeners.
};

/// Where the value of an option lies.
using slot
  = std::variant<std::uint32_t*, std::uint64_t*, duration*, bool*, std::string*,
                 std::vector<std::string>*, log::level*, torn_tail*>;

/// One option: all that is known of it but its value.
struct option {
  std::string_view key = {}; ///< "http.body_max"
  unit is = unit::text;
  std::uint64_t min = 0; ///< Bounds of a count, of bytes or of milliseconds.
  std::uint64_t max = 0;
  std::string_view words = {}; ///< Of unit::word: "cut, ask".
  bool reloadable = false;     ///< SIGHUP brings it in, others need a restart.
  std::string_view help = {};  ///< A sentence or two.
  slot (*at)(options&) = nullptr;
};

/// Every option, in the order of the file.
[[nodiscard]] std::span<const option> catalogue();

/// The option with this key, or nullptr. Dashes count as underscores.
[[nodiscard]] const option* find_option(std::string_view key);

/// The environment variable of an option: "PAWL_HTTP_BODY_MAX".
[[nodiscard]] std::string environment_name(const option& which);

/// Reads a time as unit::time is written; nothing if it is none.
[[nodiscard]] std::optional<duration> parse_time(std::string_view text);

/// A number as it is written in that unit: "64MiB", "5s", "1024".
[[nodiscard]] std::string number_text(unit is, std::uint64_t n);

/// The value as set_value reads it; a list is joined by ", " if that will do.
[[nodiscard]] std::string value_text(const option& which, const options& in);

/// Reads `text` into the option. Fails with errc::malformed; the detail is the
/// sentence for the user. A list is texts with commas between, or a JSON array.
[[nodiscard]] result<> set_value(const option& which, options& in,
                                 std::string_view text);

} // namespace pawl::config
