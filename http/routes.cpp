#include "http/routes.hpp"

#include "http/handlers/handlers.hpp"

namespace pawl::http {

namespace {

using namespace handlers;
using enum body_kind;

constexpr route table[] = {
  {"POST", "/v1/definitions", "define", define, definition, "dryRun"},
  {"GET", "/v1/definitions", "listDefinitions", list_definitions, none,
   "namespace name limit cursor"},
  {"GET", "/v1/definitions/{namespace}/{name}", "readNewestDefinition",
   read_definition},
  {"GET", "/v1/definitions/{namespace}/{name}/{version}", "readDefinition",
   read_definition},
  {"DELETE", "/v1/definitions/{namespace}/{name}/{version}", "removeDefinition",
   remove_definition},

  {"POST", "/v1/instances", "startInstance", start_instance, json},
  {"GET", "/v1/instances", "listInstances", list_instances, none,
   "namespace workflow version status state label.* startedAfter "
   "startedBefore quarantined limit cursor"},
  {"GET", "/v1/instances/{id}", "readInstance", read_instance, none,
   "namespace"},
  {"DELETE", "/v1/instances/{id}", "removeInstance", remove_instance, none,
   "namespace"},
  {"POST", "/v1/instances/{id}/pause", "pauseInstance", pause, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/resume", "resumeInstance", resume, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/cancel", "cancelInstance", cancel, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/retry", "retryInstance", retry, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/skip", "skipTask", skip, json, "namespace"},
  {"POST", "/v1/instances/{id}/complete", "completeTask", complete, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/fail", "failTask", fail, json, "namespace"},
  {"GET", "/v1/instances/{id}/explain", "explainInstance", explain, none,
   "namespace"},
  {"GET", "/v1/instances/{id}/history", "readHistory", history, none,
   "namespace after limit cursor"},
  {"GET", "/v1/instances/{id}/events", "followInstance", follow, none,
   "namespace after"},
  {"POST", "/v1/instances/{id}/events", "deliverEvent", deliver_event, event,
   "namespace buffer"},

  {"POST", "/v1/events", "publishEvents", publish_events, event, "namespace"},
  {"GET", "/v1/events", "followLifecycle", follow_lifecycle, none,
   "namespace workflow version type"},

  {"GET", "/v1/schedules", "listSchedules", list_schedules, none,
   "namespace limit cursor"},
  {"GET", "/v1/schedules/{id}", "readSchedule", read_schedule},
  {"POST", "/v1/schedules/{id}/pause", "pauseSchedule", pause_schedule, json},
  {"POST", "/v1/schedules/{id}/resume", "resumeSchedule", resume_schedule,
   json},
  {"POST", "/v1/schedules/{id}/trigger", "triggerSchedule", trigger_schedule,
   json},

  {"GET", "/v1/queues", "listQueues", list_queues},
  {"GET", "/v1/queues/{queue}", "readQueue", read_queue},
  {"POST", "/v1/queues/{queue}/leases", "leaseJobs", lease_jobs, json},
  {"POST", "/v1/leases/{token}/heartbeat", "heartbeatLease", heartbeat, json},
  {"POST", "/v1/leases/{token}/complete", "completeLease", complete_job, json},
  {"POST", "/v1/leases/{token}/fail", "failLease", fail_job, json},
  {"POST", "/v1/leases/{token}/release", "releaseLease", release_job, json},

  {"PUT", "/v1/secrets/{name}", "putSecret", put_secret, json},
  {"GET", "/v1/secrets", "listSecrets", list_secrets, none, "limit cursor"},
  {"DELETE", "/v1/secrets/{name}", "removeSecret", remove_secret},

  {"GET", "/livez", "livez", livez},
  {"GET", "/readyz", "readyz", readyz},
  {"GET", "/metrics", "metrics", metrics},
  {"GET", "/version", "version", version},
  {"GET", "/openapi.json", "openapi", openapi},
  {"GET", "/v1/openapi.json", "openapiOfVersion1", openapi},
};

} // namespace

std::span<const route> routes() {
  return table;
}

} // namespace pawl::http
