#include "actors/meters.hpp"

#include "base/overload.hpp"

#include <fstream>
#include <map>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace pawl::actors {

namespace {

const prometheus::Histogram::BucketBoundaries seconds_buckets{
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
  0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
const prometheus::Histogram::BucketBoundaries turns_buckets{
  1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

double resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  double total = 0;
  double resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

} // namespace

struct meters::state {
  using labels = std::map<std::string, std::string>;

  prometheus::Counter& counter(const std::string& name, const std::string& help,
                               const labels& with = {}) {
    return prometheus::BuildCounter()
      .Name(name)
      .Help(help)
      .Register(registry)
      .Add(with);
  }
  prometheus::Histogram&
  histogram(const std::string& name, const std::string& help,
            const prometheus::Histogram::BucketBoundaries& buckets) {
    return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Register(registry)
      .Add({}, buckets);
  }
  prometheus::Gauge& gauge(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge()
      .Name(name)
      .Help(help)
      .Register(registry)
      .Add({});
  }
  prometheus::Counter& instances(const std::string& status) {
    return counter("pawl_instances_total", "Instances that became this.",
                   {{"status", status}});
  }
  prometheus::Counter& calls(const std::string& outcome) {
    return counter("pawl_http_calls_total", "HTTP calls of steps.",
                   {{"outcome", outcome}});
  }
  prometheus::Counter& restarts(const std::string& child) {
    return counter("pawl_restarts_total", "Actors started anew.",
                   {{"child", child}});
  }

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  prometheus::Counter& created = instances("created");
  prometheus::Counter& completed = instances("completed");
  prometheus::Counter& faulted = instances("faulted");
  prometheus::Counter& cancelled = instances("cancelled");
  prometheus::Counter& overdue = instances("overdue");
  prometheus::Counter& events
    = counter("pawl_journal_events_total", "Facts that were made durable.");
  prometheus::Counter& bytes
    = counter("pawl_journal_bytes_total", "Bytes of committed rows.");
  prometheus::Histogram& commit_seconds = histogram(
    "pawl_journal_commit_seconds", "How long a commit took.", seconds_buckets);
  prometheus::Histogram& commit_turns = histogram(
    "pawl_journal_commit_turns", "Turns in one commit.", turns_buckets);
  prometheus::Counter& calls_answered = calls("answered");
  prometheus::Counter& calls_failed = calls("failed");
  prometheus::Counter& calls_stopped = calls("stopped");
  prometheus::Counter& instance_restarts = restarts("instance");
  prometheus::Counter& worker_restarts = restarts("worker");
  prometheus::Counter& service_restarts = restarts("service");
  prometheus::Counter& quarantines
    = counter("pawl_quarantines_total", "Instances set aside after crashes.");
  prometheus::Counter& evaluations = counter("pawl_expressions_sandboxed_total",
                                             "Expressions run by helpers.");
  prometheus::Counter& evaluation_failures
    = counter("pawl_expressions_sandboxed_failed_total",
              "Expressions that helpers could not answer.");
  prometheus::Counter& rehydrations
    = counter("pawl_rehydrations_total", "Instances loaded from the store.");
  prometheus::Counter& shed
    = counter("pawl_shed_total", "Requests refused because of overload.");
  prometheus::Histogram& request_seconds = histogram(
    "pawl_http_request_seconds", "How long requests took.", seconds_buckets);
  prometheus::Counter& purges = counter("pawl_purged_instances_total",
                                        "Instances that retention has purged.");
  prometheus::Counter& purged_bytes
    = counter("pawl_purged_bytes_total", "What these took, uncompressed.");
  prometheus::Counter& examined = counter(
    "pawl_retention_examined_total", "Instances that retention has looked at.");
  prometheus::Counter& sweeps = counter("pawl_retention_sweeps_total",
                                        "Times it has looked at all of them.");
  prometheus::Counter& backups_good = counter(
    "pawl_backups_total", "Backups by how they went.", {{"outcome", "taken"}});
  prometheus::Counter& backups_bad = counter(
    "pawl_backups_total", "Backups by how they went.", {{"outcome", "failed"}});
  prometheus::Gauge& backup_at
    = gauge("pawl_backup_last_success_timestamp_seconds",
            "When the last backup of this run was complete; 0: none was.");
  prometheus::Gauge& backup_seconds
    = gauge("pawl_backup_last_seconds", "How long the last backup took.");
  std::vector<prometheus::Counter*> requests = [this] {
    std::vector<prometheus::Counter*> by_class;
    for (const char* name : {"1xx", "2xx", "3xx", "4xx", "5xx"})
      by_class.push_back(&counter("pawl_http_requests_total",
                                  "Requests of clients by status.",
                                  {{"status", name}}));
    return by_class;
  }();
  std::vector<std::pair<prometheus::Gauge*, std::function<double()>>> gauges;
};

meters::meters() : state_{std::make_unique<state>()} {
  gauge("process_resident_memory_bytes", "Memory in use.", resident_bytes);
}

meters::~meters() = default;

void meters::facts(std::span<const event> committed) {
  auto& s = *state_;
  s.events.Increment(static_cast<double>(committed.size()));
  for (const auto& fact : committed)
    std::visit(
      overload{
        [&](const events::instance_created&) { s.created.Increment(); },
        [&](const events::instance_completed&) { s.completed.Increment(); },
        [&](const events::instance_faulted&) { s.faulted.Increment(); },
        [&](const events::instance_cancelled&) { s.cancelled.Increment(); },
        [&](const events::instance_overdue&) { s.overdue.Increment(); },
        [](const auto&) {},
      },
      fact);
}

void meters::commit(std::size_t turns, std::size_t bytes, double seconds) {
  state_->commit_turns.Observe(static_cast<double>(turns));
  state_->commit_seconds.Observe(seconds);
  state_->bytes.Increment(static_cast<double>(bytes));
}

void meters::http_call(call outcome) {
  switch (outcome) {
  case call::answered:
    return state_->calls_answered.Increment();
  case call::failed:
    return state_->calls_failed.Increment();
  case call::stopped:
    return state_->calls_stopped.Increment();
  }
}

void meters::restart(child which) {
  switch (which) {
  case child::instance:
    return state_->instance_restarts.Increment();
  case child::worker:
    return state_->worker_restarts.Increment();
  case child::service:
    return state_->service_restarts.Increment();
  }
}

void meters::quarantined() {
  state_->quarantines.Increment();
}

void meters::expression_sandboxed(bool failed) {
  state_->evaluations.Increment();
  if (failed)
    state_->evaluation_failures.Increment();
}

void meters::rehydrated() {
  state_->rehydrations.Increment();
}

void meters::shed() {
  state_->shed.Increment();
}

void meters::purged(std::uint64_t instances, std::uint64_t bytes) {
  state_->purges.Increment(static_cast<double>(instances));
  state_->purged_bytes.Increment(static_cast<double>(bytes));
}

void meters::swept(std::uint64_t examined, bool complete) {
  state_->examined.Increment(static_cast<double>(examined));
  if (complete)
    state_->sweeps.Increment();
}

void meters::backup(bool good, double seconds) {
  (good ? state_->backups_good : state_->backups_bad).Increment();
  if (good)
    state_->backup_at.SetToCurrentTime();
  state_->backup_seconds.Set(seconds);
}

void meters::http_request(std::uint32_t status, double seconds) {
  const auto at = status / 100;
  if (at >= 1 && at <= state_->requests.size())
    state_->requests[at - 1]->Increment();
  state_->request_seconds.Observe(seconds);
}

void meters::gauge(const std::string& name, const std::string& help,
                   std::function<double()> read) {
  state_->gauges.emplace_back(&state_->gauge(name, help), std::move(read));
}

std::string meters::text() {
  for (auto& [g, read] : state_->gauges)
    g->Set(read());
  return prometheus::TextSerializer{}.Serialize(state_->registry.Collect());
}

} // namespace pawl::actors
