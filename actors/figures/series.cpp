#include "actors/figures/series.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace pawl::actors {

namespace {

using labels = std::map<std::string, std::string>;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

/// From an effect at once to a person's week; half an hour is a common promise.
const Histogram::BucketBoundaries span_buckets{
  0.005, 0.025, 0.1,  0.5,  1,     5,     15,    60,
  300,   900,   1800, 3600, 14400, 43200, 86400, 604800};
constexpr std::string_view error_words[]
  = {"configuration",  "validation",    "expression",
     "authentication", "authorization", "timeout",
     "communication",  "runtime",       "custom"};
constexpr std::string_view wait_words[]
  = {"timer", "event", "approval", "worker", "child", "retry", "hold"};
constexpr std::size_t host_size_max = 253 + 6;

double in_seconds(duration span) {
  return std::max(0.0, static_cast<double>(span.count()) / 1000);
}

std::string_view outcome_of(std::uint32_t status) {
  if (status == 0)
    return "failed";
  if (status >= 500)
    return "5xx";
  return status >= 400 ? "4xx" : "ok";
}

} // namespace

std::string host_of(std::string_view uri) {
  const auto scheme = uri.find("://");
  if (scheme == std::string_view::npos)
    return {};
  uri.remove_prefix(scheme + 3);
  uri = uri.substr(0, uri.find_first_of("/?#\\"));
  if (const auto user = uri.rfind('@'); user != std::string_view::npos)
    uri.remove_prefix(user + 1);
  if (uri.size() > host_size_max)
    return {};
  std::string host{uri};
  std::ranges::transform(host, host.begin(),
                         [](unsigned char c) { return std::tolower(c); });
  return host;
}

struct series::state {
  explicit state(const config::options::metrics_options& how)
      : workflows_max{how.workflows_max}, hosts_max{how.hosts_max} {
    for (const auto word : error_words)
      faults.Add({{"type", std::string{word}}});
    for (const auto word : wait_words) {
      waiting.Add({{"kind", std::string{word}}});
      waiting_oldest.Add({{"kind", std::string{word}}});
    }
  }

  prometheus::Family<Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<Histogram>& histograms(const char* name,
                                            const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(
      registry);
  }

  // --- Of a kind of tasks, of a workflow, of a host --------------------------

  struct of_kind {
    std::array<Counter*, 5> ends{};
    Histogram* seconds = nullptr;
  };
  of_kind& kind(std::string_view word) {
    const auto [place, fresh] = kinds.try_emplace(word);
    auto& one = place->second;
    if (!fresh)
      return one;
    const std::string name{word};
    for (std::size_t i = 0; i < one.ends.size(); ++i)
      one.ends.at(i) = &tasks.Add(
        {{"kind", name}, {"status", std::string{task_end_names[i]}}});
    one.seconds = &task_seconds.Add({{"kind", name}}, span_buckets);
    return one;
  }

  struct of_workflow {
    std::map<instance_status, Counter*> ends;
    Histogram* seconds = nullptr;
  };
  of_workflow& workflow(const definition_id& id) {
    workflow_name name{id.ns, id.name};
    if (!workflows.contains(name) && workflows.size() >= workflows_max)
      name = {"", "other"};
    const auto [place, fresh] = workflows.try_emplace(name);
    auto& one = place->second;
    if (!fresh)
      return one;
    const labels which{{"namespace", name.first}, {"workflow", name.second}};
    for (const auto how : {instance_status::completed, instance_status::faulted,
                           instance_status::cancelled}) {
      auto with = which;
      with["status"] = std::string{to_text(how)};
      one.ends[how] = &workflow_ends.Add(with);
    }
    one.seconds = &workflow_seconds.Add(which, span_buckets);
    return one;
  }

  void gather(const census& now_is, std::size_t hot, timestamp now);

  const std::size_t workflows_max;
  const std::size_t hosts_max;
  prometheus::Registry registry;
  std::map<std::string_view, of_kind> kinds;
  std::map<workflow_name, of_workflow> workflows;
  std::map<std::pair<std::string, std::string_view>, Counter*> hosts;
  std::map<std::string, bool> known_hosts;

  prometheus::Family<Counter>& tasks
    = counters("pawl_tasks_total", "What has become of tasks.");
  prometheus::Family<Histogram>& task_seconds = histograms(
    "pawl_task_seconds", "How long tasks took that were completed.");
  prometheus::Family<Counter>& faults
    = counters("pawl_task_faults_total", "Errors of tasks by their type.");
  prometheus::Family<Counter>& workflow_ends
    = counters("pawl_workflow_ended_total", "Instances that ended.");
  prometheus::Family<Histogram>& workflow_seconds = histograms(
    "pawl_workflow_seconds", "How long instances took that were completed.");
  prometheus::Family<Counter>& calls = counters(
    "pawl_external_calls_total", "HTTP calls of steps by host and outcome.");
  Counter& events_published
    = counters("pawl_events_published_total",
               "CloudEvents accepted by POST /v1/events.")
        .Add({});
  Counter& approvals_escalated
    = counters("pawl_approvals_escalated_total",
               "Approvals that others were asked for, too.")
        .Add({});
  Counter& events_received = counters("pawl_events_received_total",
                                      "Events that instances were given.")
                               .Add({});
  Counter& events_consumed
    = counters("pawl_events_consumed_total", "Events that a listen has taken.")
        .Add({});

  prometheus::Family<Gauge>& instances
    = gauges("pawl_instances", "Stored instances by status.");
  prometheus::Family<Gauge>& waiting
    = gauges("pawl_waiting", "What instances wait for.");
  prometheus::Family<Gauge>& waiting_oldest
    = gauges("pawl_waiting_oldest_seconds", "How long the oldest has waited.");
  prometheus::Family<Gauge>& schedules
    = gauges("pawl_schedules", "Schedules by status.");
  Gauge& parked
    = gauges("pawl_parked_instances", "Live instances that are on disk only.")
        .Add({});
  Gauge& quarantined
    = gauges("pawl_quarantined_instances", "Instances that are set aside.")
        .Add({});
  Gauge& approvals_open
    = gauges("pawl_approvals_open", "Approvals that wait for people.").Add({});
  Gauge& approvals_overdue
    = gauges("pawl_approvals_overdue", "Those of them whose time is up.")
        .Add({});
  Gauge& census_at = gauges("pawl_census_timestamp_seconds",
                            "When instances were counted last.")
                       .Add({});
  Gauge& census_seconds
    = gauges("pawl_census_seconds", "How long that took.").Add({});
};

series::series(const config::options::metrics_options& how)
    : state_{std::make_unique<state>(how)} {}

series::~series() = default;

void series::saw(const turn_figures& turn) {
  auto& s = *state_;
  for (const auto& one : turn.tasks) {
    if (!one.end || one.kind.empty())
      continue;
    auto& of = s.kind(one.kind);
    of.ends.at(static_cast<std::size_t>(*one.end))->Increment();
    if (*one.end == task_end::completed && one.dwell)
      of.seconds->Observe(in_seconds(*one.dwell));
    if (!one.error.empty())
      s.faults.Add({{"type", std::string{one.error}}}).Increment();
  }
  s.approvals_escalated.Increment(turn.escalated);
  s.events_received.Increment(turn.received);
  s.events_consumed.Increment(turn.consumed);
  if (!turn.ended)
    return;
  auto& of = s.workflow(turn.workflow);
  of.ends.at(*turn.ended)->Increment();
  if (turn.ran)
    of.seconds->Observe(in_seconds(*turn.ran));
}

void series::published(std::size_t events) {
  state_->events_published.Increment(static_cast<double>(events));
}

void series::called(std::string_view uri, std::uint32_t status) {
  auto& s = *state_;
  auto host = host_of(uri);
  if (host.empty()
      || (!s.known_hosts.contains(host) && s.known_hosts.size() >= s.hosts_max))
    host = "other";
  else
    s.known_hosts[host] = true;
  const auto outcome = outcome_of(status);
  auto& counter = s.hosts[{host, outcome}];
  if (counter == nullptr)
    counter = &s.calls.Add({{"host", host}, {"outcome", std::string{outcome}}});
  counter->Increment();
}

void series::state::gather(const census& now_is, std::size_t hot,
                           timestamp now) {
  for (std::size_t i = 1; i < now_is.by_status.size(); ++i)
    instances
      .Add({{"status", std::string{to_text(static_cast<instance_status>(i))}}})
      .Set(static_cast<double>(now_is.by_status.at(i)));
  for (const auto word : wait_words) {
    const labels kind{{"kind", std::string{word}}};
    const auto found = now_is.waits.find(word);
    const bool any = found != now_is.waits.end();
    waiting.Add(kind).Set(any ? static_cast<double>(found->second.count) : 0);
    waiting_oldest.Add(kind).Set(any ? in_seconds(now - *found->second.oldest)
                                     : 0);
  }
  schedules.Add({{"status", "active"}})
    .Set(static_cast<double>(now_is.schedules_active));
  schedules.Add({{"status", "paused"}})
    .Set(static_cast<double>(now_is.schedules_paused));
  const auto live = now_is.live();
  parked.Set(live > hot ? static_cast<double>(live - hot) : 0);
  quarantined.Set(static_cast<double>(now_is.quarantined));
  approvals_open.Set(static_cast<double>(now_is.approvals_open));
  approvals_overdue.Set(static_cast<double>(now_is.approvals_overdue));
  census_at.Set(in_seconds(duration{unix_ms(now_is.at)}));
  census_seconds.Set(in_seconds(now_is.took));
}

std::string series::text(const census* counted, std::size_t hot,
                         timestamp now) {
  if (counted != nullptr)
    state_->gather(*counted, hot, now);
  return prometheus::TextSerializer{}.Serialize(state_->registry.Collect());
}

} // namespace pawl::actors
