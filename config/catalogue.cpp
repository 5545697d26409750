#include "config/options.hpp"

namespace pawl::config {

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::uint64_t second = 1000;
constexpr std::uint64_t minute = 60 * second;
constexpr std::uint64_t hour = 60 * minute;
constexpr std::uint64_t day = 24 * hour;

/// The place of a member, whatever its type.
template <auto Group, auto Member>
slot at(options& in) {
  return &((in.*Group).*Member);
}
template <auto Member>
slot top(options& in) {
  return &(in.*Member);
}

using o = options;

constexpr option top_level[] = {
  {.key = "data_dir",
   .is = unit::text,
   .help = "Where the data lives. Empty: $STATE_DIRECTORY, else "
           "~/.local/share/pawl.",
   .at = top<&o::data_dir>},
  {.key = "listen",
   .is = unit::listener,
   .help = "Addresses to serve: ADDR:PORT, [ADDR6]:PORT or unix:PATH. Beyond "
           "loopback only with a token.",
   .at = top<&o::listen>},
  {.key = "log_level",
   .is = unit::word,
   .words = "debug, info, warn, error",
   .reloadable = true,
   .help = "The least severe lines that are written.",
   .at = top<&o::log_level>},
  {.key = "memory_max",
   .is = unit::bytes,
   .min = 64 * mib,
   .max = 1024 * gib,
   .help = "What the daemon may hold in memory; caches are sized by it.",
   .at = top<&o::memory_max>},
  {.key = "drain_timeout",
   .is = unit::time,
   .max = 25 * second,
   .help = "How long running calls may finish after SIGTERM. The bound keeps "
           "the stop within systemd's TimeoutStopSec=30.",
   .at = top<&o::drain_timeout>},
};

using h = options::http_options;
constexpr option http[] = {
  {.key = "http.hosts",
   .is = unit::list,
   .help = "Host names that clients may use beside the address they reach; "
           "\"*\" for all. Others are refused, against rebinding of names.",
   .at = at<&o::http, &h::hosts>},
  {.key = "http.unix_mode",
   .is = unit::word,
   .words = "0600, 0660, 0666",
   .help = "Permissions of a unix socket.",
   .at = at<&o::http, &h::unix_mode>},
  {.key = "http.threads",
   .is = unit::count,
   .min = 1,
   .max = 64,
   .help = "Threads that serve connections.",
   .at = at<&o::http, &h::threads>},
  {.key = "http.connections_max",
   .is = unit::count,
   .min = 1,
   .max = 65'536,
   .help = "Open connections; one more is closed at once.",
   .at = at<&o::http, &h::connections_max>},
  {.key = "http.streams_max",
   .is = unit::count,
   .max = 65'536,
   .help = "How many of the connections may be event streams (SSE).",
   .at = at<&o::http, &h::streams_max>},
  {.key = "http.header_max",
   .is = unit::bytes,
   .min = 1 * kib,
   .max = 1 * mib,
   .help = "Size of a request's line and headers.",
   .at = at<&o::http, &h::header_max>},
  {.key = "http.body_max",
   .is = unit::bytes,
   .min = 1 * kib,
   .max = 256 * mib,
   .help = "Size of a request body; a larger one is answered with 413.",
   .at = at<&o::http, &h::body_max>},
  {.key = "http.body_rate_min",
   .is = unit::bytes,
   .max = 1 * gib,
   .help = "Bytes a second that a body must arrive at.",
   .at = at<&o::http, &h::body_rate_min>},
  {.key = "http.body_grace",
   .is = unit::time,
   .max = 1 * hour,
   .help = "How long a body may be slower than that.",
   .at = at<&o::http, &h::body_grace>},
  {.key = "http.header_timeout",
   .is = unit::time,
   .min = 100,
   .max = 10 * minute,
   .help = "From the first byte of a request to the end of its headers.",
   .at = at<&o::http, &h::header_timeout>},
  {.key = "http.body_timeout",
   .is = unit::time,
   .min = 100,
   .max = 1 * hour,
   .help = "From the end of the headers to the end of the body.",
   .at = at<&o::http, &h::body_timeout>},
  {.key = "http.write_timeout",
   .is = unit::time,
   .min = 100,
   .max = 1 * hour,
   .help = "For a client to take the answer, or one event of a stream.",
   .at = at<&o::http, &h::write_timeout>},
  {.key = "http.idle_timeout",
   .is = unit::time,
   .min = 100,
   .max = 1 * hour,
   .help = "Between two requests of one connection.",
   .at = at<&o::http, &h::idle_timeout>},
  {.key = "http.request_timeout",
   .is = unit::time,
   .min = 1 * second,
   .max = 1 * hour,
   .help = "For the daemon to answer, beyond what Prefer: wait asks for.",
   .at = at<&o::http, &h::request_timeout>},
  {.key = "http.wait_max",
   .is = unit::time,
   .max = 1 * hour,
   .help = "The longest that Prefer: wait is honoured.",
   .at = at<&o::http, &h::wait_max>},
  {.key = "http.stream_keepalive",
   .is = unit::time,
   .min = 100,
   .max = 1 * hour,
   .help = "How often a silent event stream sends a comment.",
   .at = at<&o::http, &h::stream_keepalive>},
  {.key = "http.page_max",
   .is = unit::count,
   .min = 1,
   .max = 1000,
   .help = "Items in one page of a list.",
   .at = at<&o::http, &h::page_max>},
};

using j = options::journal_options;
constexpr option journal[] = {
  {.key = "journal.queue_bytes_max",
   .is = unit::bytes,
   .min = 1 * mib,
   .max = 16 * gib,
   .help = "What may wait to be written; beyond it requests get 503.",
   .at = at<&o::journal, &j::queue_bytes_max>},
  {.key = "journal.shed_after",
   .is = unit::time,
   .min = 1,
   .max = 1 * minute,
   .help = "When writes wait this long for this long, new starts get 429.",
   .at = at<&o::journal, &j::shed_after>},
  {.key = "journal.batch_max",
   .is = unit::count,
   .min = 1,
   .max = 65'536,
   .help = "Turns of instances that one fsync may carry.",
   .at = at<&o::journal, &j::batch_max>},
  {.key = "journal.batch_bytes_max",
   .is = unit::bytes,
   .min = 64 * kib,
   .max = 256 * mib,
   .help = "Bytes that one fsync may carry.",
   .at = at<&o::journal, &j::batch_bytes_max>},
};

using s = options::storage_options;
constexpr option storage[] = {
  {.key = "storage.torn_tail",
   .is = unit::word,
   .words = "cut, ask",
   .help = "After a power loss the last write, never acknowledged, may be "
           "torn: cut it, or ask by refusing to start (exit 78).",
   .at = at<&o::storage, &s::torn_tail>},
  {.key = "storage.accept_loss",
   .is = unit::flag,
   .help = "Open damaged data and log what is lost. Only after a backup could "
           "not help; take it out again afterwards.",
   .at = at<&o::storage, &s::accept_loss>},
  {.key = "storage.disk_low",
   .is = unit::bytes,
   .max = 1024 * gib,
   .reloadable = true,
   .help = "With less free space no instance is started (507 disk-low).",
   .at = at<&o::storage, &s::disk_low>},
  {.key = "storage.disk_critical",
   .is = unit::bytes,
   .max = 1024 * gib,
   .reloadable = true,
   .help = "With less free space no new call is made either.",
   .at = at<&o::storage, &s::disk_critical>},
  {.key = "storage.snapshot_events",
   .is = unit::count,
   .min = 1,
   .max = 1'000'000,
   .help = "Events of an instance between two snapshots.",
   .at = at<&o::storage, &s::snapshot_events>},
  {.key = "storage.snapshot_bytes",
   .is = unit::bytes,
   .min = 1 * kib,
   .max = 1 * gib,
   .help = "Bytes of events of an instance between two snapshots.",
   .at = at<&o::storage, &s::snapshot_bytes>},
};

using i = options::instances_options;
constexpr option instances[] = {
  {.key = "instances.hot_max",
   .is = unit::count,
   .min = 16,
   .max = 10'000'000,
   .help = "Instances in memory; one that only waits is not.",
   .at = at<&o::instances, &i::hot_max>},
  {.key = "instances.events_max",
   .is = unit::count,
   .min = 1,
   .max = 1'000'000,
   .help = "Events that one instance keeps until it listens for them.",
   .at = at<&o::instances, &i::events_max>},
  {.key = "instances.payload_max",
   .is = unit::bytes,
   .min = 1 * kib,
   .max = 256 * mib,
   .help = "One input, output or event.",
   .at = at<&o::instances, &i::payload_max>},
  {.key = "instances.turn_steps_max",
   .is = unit::count,
   .min = 1,
   .max = 1'000'000,
   .help = "Tasks that one instance runs before others get their turn.",
   .at = at<&o::instances, &i::turn_steps_max>},
  {.key = "instances.rehydrations_max",
   .is = unit::count,
   .min = 1,
   .max = 65'536,
   .help = "Instances read back into memory at the same time.",
   .at = at<&o::instances, &i::rehydrations_max>},
  {.key = "instances.quarantine_after",
   .is = unit::count,
   .min = 1,
   .max = 100,
   .help = "Crashes after which an instance is set aside.",
   .at = at<&o::instances, &i::quarantine_after>},
};

using x = options::expression_options;
constexpr option expression[] = {
  {.key = "expression.helpers",
   .is = unit::count,
   .min = 1,
   .max = 64,
   .help = "Helper processes for expressions that may loop.",
   .at = at<&o::expression, &x::helpers>},
  {.key = "expression.deadline",
   .is = unit::time,
   .min = 10,
   .max = 5 * minute,
   .help = "For one expression in a helper; then the helper is killed.",
   .at = at<&o::expression, &x::deadline>},
  {.key = "expression.memory_max",
   .is = unit::bytes,
   .min = 32 * mib,
   .max = 16 * gib,
   .help = "Memory of one helper.",
   .at = at<&o::expression, &x::memory_max>},
  {.key = "expression.queue_max",
   .is = unit::count,
   .min = 1,
   .max = 1'000'000,
   .help = "Expressions that wait for a helper.",
   .at = at<&o::expression, &x::queue_max>},
  {.key = "expression.steps_max",
   .is = unit::count,
   .min = 1000,
   .max = 10'000'000'000,
   .help = "Steps of one expression that runs inside the daemon.",
   .at = at<&o::expression, &x::steps_max>},
  {.key = "expression.bytes_max",
   .is = unit::bytes,
   .min = 64 * kib,
   .max = 4 * gib,
   .help = "Memory that one such expression may build.",
   .at = at<&o::expression, &x::bytes_max>},
};

using w = options::steps_options;
constexpr option steps[] = {
  {.key = "steps.concurrency_max",
   .is = unit::count,
   .min = 1,
   .max = 65'536,
   .help = "Calls that are outstanding; further ones wait their turn.",
   .at = at<&o::steps, &w::concurrency_max>},
  {.key = "steps.per_host_max",
   .is = unit::count,
   .min = 1,
   .max = 65'536,
   .help = "Connections to one host.",
   .at = at<&o::steps, &w::per_host_max>},
  {.key = "steps.connect_timeout",
   .is = unit::time,
   .min = 100,
   .max = 10 * minute,
   .help = "For a connection to stand.",
   .at = at<&o::steps, &w::connect_timeout>},
  {.key = "steps.call_timeout",
   .is = unit::time,
   .min = 100,
   .max = 7 * day,
   .help = "For a call whose task has no timeout of its own.",
   .at = at<&o::steps, &w::call_timeout>},
  {.key = "steps.response_max",
   .is = unit::bytes,
   .min = 1 * kib,
   .max = 1 * gib,
   .help = "Size of an answer; a larger one is an error of the task.",
   .at = at<&o::steps, &w::response_max>},
  {.key = "steps.redirects_max",
   .is = unit::count,
   .max = 50,
   .help = "Redirects that one call follows.",
   .at = at<&o::steps, &w::redirects_max>},
};

using r = options::retry_options;
constexpr option failures[] = {
  {.key = "retry.delay_max",
   .is = unit::time,
   .min = 1 * second,
   .max = 30 * day,
   .help = "The longest delay that a backoff grows to, before jitter.",
   .at = at<&o::retry, &r::delay_max>},
};

using e = options::events_options;
using t = options::retention_options;
constexpr option keeping[] = {
  {.key = "events.buffer_for",
   .is = unit::time,
   .max = 30 * day,
   .help = "How long an event waits for a listener that has not come yet.",
   .at = at<&o::events, &e::buffer_for>},
  {.key = "events.dedup_for",
   .is = unit::time,
   .max = 365 * day,
   .help = "How long a (source, id) is remembered, to take an event once.",
   .at = at<&o::events, &e::dedup_for>},
  {.key = "retention.idempotency_for",
   .is = unit::time,
   .min = 1 * minute,
   .max = 365 * day,
   .help = "How long the answer to an Idempotency-Key is kept.",
   .at = at<&o::retention, &t::idempotency_for>},
  {.key = "retention.sweep_every",
   .is = unit::time,
   .min = 100,
   .max = 1 * day,
   .help = "How often what has expired is removed.",
   .at = at<&o::retention, &t::sweep_every>},
  {.key = "retention.sweep_max",
   .is = unit::count,
   .min = 1,
   .max = 10'000'000,
   .help = "Rows that one sweep removes, so that it stays short.",
   .at = at<&o::retention, &t::sweep_max>},
};

std::vector<option> join() {
  std::vector<option> all;
  for (const std::span<const option> part :
       {std::span<const option>{top_level}, std::span<const option>{http},
        std::span<const option>{journal}, std::span<const option>{storage},
        std::span<const option>{instances}, std::span<const option>{expression},
        std::span<const option>{steps}, std::span<const option>{failures},
        std::span<const option>{keeping}})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

} // namespace

std::span<const option> catalogue() {
  static const std::vector<option> all = join();
  return all;
}

} // namespace pawl::config
