#include "http/routes.hpp"

#include "http/handlers/handlers.hpp"

namespace pawl::http {

namespace {

using namespace handlers;
using enum body_kind;
using enum access::need;
using enum actors::kept_kind;

constexpr route table[] = {
  {"POST", "/v1/definitions", "define", define, write, definition,
   "dryRun reason"},
  {"GET", "/v1/definitions", "listDefinitions", list_definitions, view, none,
   "namespace name limit cursor"},
  {"GET", "/v1/definitions/{namespace}/{name}", "readNewestDefinition",
   read_definition, view},
  {"GET", "/v1/definitions/{namespace}/{name}/{version}", "readDefinition",
   read_definition, view},
  {"DELETE", "/v1/definitions/{namespace}/{name}/{version}", "removeDefinition",
   remove_definition, write, none, "reason"},
  {"GET", "/v1/definitions/{namespace}/{name}/{version}/diagram",
   "drawDefinition", draw_definition, view, none, "format of"},
  {"POST", "/v1/definitions/diagram", "drawDocument", draw_document, write,
   definition, "format of"},

  {"POST", "/v1/instances", "startInstance", start_instance, operate, json},
  {"GET", "/v1/instances", "listInstances", list_instances, view, none,
   "namespace workflow version status state label.* index.* startedAfter "
   "startedBefore quarantined sort limit cursor"},
  {"GET", "/v1/instances/{id}", "readInstance", read_instance, view, none,
   "namespace"},
  {"DELETE", "/v1/instances/{id}", "removeInstance", remove_instance, operate,
   none, "namespace reason"},
  {"POST", "/v1/instances/{id}/pause", "pauseInstance", pause, operate, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/resume", "resumeInstance", resume, operate, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/cancel", "cancelInstance", cancel, operate, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/retry", "retryInstance", retry, operate, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/skip", "skipTask", skip, operate, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/complete", "completeTask", complete, operate,
   json, "namespace"},
  {"POST", "/v1/instances/{id}/fail", "failTask", fail, operate, json,
   "namespace"},
  {"POST", "/v1/instances/{id}/rollback", "rollBackInstance", rollback, operate,
   json, "namespace"},
  {"POST", "/v1/instances/{id}/redo", "redoTask", redo, operate, json,
   "namespace"},
  {"GET", "/v1/instances/{id}/tasks", "listRuns", list_runs, view, none,
   "namespace task iteration attempt limit cursor"},
  {"POST", "/v1/instances/{id}/restart", "restartInstance", restart, operate,
   json, "namespace"},
  {"GET", "/v1/instances/{id}/explain", "explainInstance", explain, view, none,
   "namespace"},
  {"GET", "/v1/instances/{id}/diagram", "drawInstance", draw_instance, view,
   none, "namespace format of"},
  {"GET", "/v1/instances/{id}/history", "readHistory", history, view, none,
   "namespace after limit cursor"},
  {"GET", "/v1/instances/{id}/events", "followInstance", follow, view, none,
   "namespace after"},
  {"POST", "/v1/instances/{id}/events", "deliverEvent", deliver_event, send,
   event, "namespace buffer reason"},
  // Behind all other paths below an instance.
  {"POST", "/v1/instances/{id}/{event}", "sendNamedEvent", send_named_event,
   send, json, "namespace reason"},

  {"POST", "/v1/bulk", "orderBulk", order_bulk, operate, json},
  {"GET", "/v1/bulk", "listBulks", list_bulks, view, none,
   "namespace status limit cursor"},
  {"GET", "/v1/bulk/{id}", "readBulk", read_bulk, view},
  {"GET", "/v1/bulk/{id}/items", "reportBulk", report_bulk, view, none,
   "outcome limit cursor"},
  {"POST", "/v1/bulk/{id}/pause", "pauseBulk", pause_bulk, operate, json},
  {"POST", "/v1/bulk/{id}/resume", "resumeBulk", resume_bulk, operate, json},
  {"POST", "/v1/bulk/{id}/stop", "stopBulk", stop_bulk, operate, json},

  {"POST", "/v1/events", "publishEvents", publish_events, send, event,
   "namespace reason"},
  {"GET", "/v1/events", "followLifecycle", follow_lifecycle, view, none,
   "namespace workflow version type instance status state label.* index.* "
   "startedAfter startedBefore after"},
  {"GET", "/v1/ws", "followByWebSocket", follow_by_websocket, view, none,
   "namespace workflow version type instance status state label.* index.* "
   "startedAfter startedBefore after"},

  {"GET", "/v1/approvals", "listApprovals", list_approvals, consult, none,
   "namespace workflow group user dueBefore limit cursor"},
  {"GET", "/v1/approvals/act", "showLink", show_link, open, none, "token"},
  {"POST", "/v1/approvals/act", "actOnLink", act_on_link, open, form},
  {"GET", "/v1/approvals/{id}", "readApproval", read_approval, consult, none,
   "namespace"},
  {"POST", "/v1/approvals/{id}", "vote", vote, decide, json, "namespace"},
  {"POST", "/v1/approvals/{id}/links", "linkApproval", link_approval, rule,
   json, "namespace reason"},

  {"GET", "/v1/schedules", "listSchedules", list_schedules, view, none,
   "namespace limit cursor"},
  {"GET", "/v1/schedules/{id}", "readSchedule", read_schedule, view, none,
   "next"},
  {"POST", "/v1/schedules/{id}/pause", "pauseSchedule", pause_schedule, operate,
   json},
  {"POST", "/v1/schedules/{id}/resume", "resumeSchedule", resume_schedule,
   operate, json},
  {"POST", "/v1/schedules/{id}/trigger", "triggerSchedule", trigger_schedule,
   operate, json},
  {"POST", "/v1/schedules/{id}/backfill", "backfillSchedule", backfill_schedule,
   operate, json},

  {"GET", "/v1/queues", "listQueues", list_queues, view_all, none,
   "limit cursor"},
  {"GET", "/v1/queues/{queue}", "readQueue", read_queue, view_all},
  {"POST", "/v1/queues/{queue}/leases", "leaseJobs", lease_jobs, work, json},
  {"POST", "/v1/leases/{token}/heartbeat", "heartbeatLease", heartbeat, work,
   json},
  {"POST", "/v1/leases/{token}/complete", "completeLease", complete_job, work,
   json, "reason"},
  {"POST", "/v1/leases/{token}/fail", "failLease", fail_job, work, json,
   "reason"},
  {"POST", "/v1/leases/{token}/release", "releaseLease", release_job, work,
   json, "reason"},

  {"POST", "/v1/holds", "createHold", create_hold, operate, json},
  {"GET", "/v1/holds", "listHolds", list_holds, view, none,
   "namespace limit cursor"},
  {"GET", "/v1/holds/{id}", "readHold", read_hold, view},
  {"DELETE", "/v1/holds/{id}", "releaseHold", release_hold, operate, none,
   "reason"},

  {"PUT", "/v1/limits/{name}", "putLimit", put_kept<limit>, operate, json,
   "namespace reason"},
  {"GET", "/v1/limits", "listLimits", list_kept<limit>, view, none,
   "namespace limit cursor"},
  {"GET", "/v1/limits/{name}", "readLimit", read_kept<limit>, view, none,
   "namespace"},
  {"DELETE", "/v1/limits/{name}", "removeLimit", remove_kept<limit>, operate,
   none, "namespace reason"},

  {"PUT", "/v1/subscriptions/{name}", "putSubscription", put_kept<subscription>,
   operate, json, "namespace reason"},
  {"GET", "/v1/subscriptions", "listSubscriptions", list_kept<subscription>,
   view, none, "namespace limit cursor"},
  {"GET", "/v1/subscriptions/{name}", "readSubscription",
   read_kept<subscription>, view, none, "namespace"},
  {"DELETE", "/v1/subscriptions/{name}", "removeSubscription",
   remove_kept<subscription>, operate, none, "namespace reason"},
  {"POST", "/v1/subscriptions/{name}/test", "testSubscription",
   test_subscription, operate, json, "namespace reason"},
  {"POST", "/v1/subscriptions/{name}/redeliver", "redeliverSubscription",
   redeliver, operate, json, "namespace reason"},
  {"GET", "/v1/subscriptions/{name}/dead", "listDeadMessages", list_dead, view,
   none, "namespace limit cursor"},
  {"GET", "/v1/subscriptions/{name}/dead/{id}", "readDeadMessage", read_dead,
   view, none, "namespace"},
  {"DELETE", "/v1/subscriptions/{name}/dead/{id}", "removeDeadMessage",
   remove_dead, operate, none, "namespace reason"},

  {"PUT", "/v1/flags/{name}", "putFlag", put_kept<flag>, operate, json,
   "namespace reason"},
  {"GET", "/v1/flags", "listFlags", list_kept<flag>, view, none,
   "namespace limit cursor"},
  {"GET", "/v1/flags/{name}", "readFlag", read_kept<flag>, view, none,
   "namespace"},
  {"DELETE", "/v1/flags/{name}", "removeFlag", remove_kept<flag>, operate, none,
   "namespace reason"},

  {"PUT", "/v1/faults/{name}", "putFault", put_kept<injected_fault>, rule, json,
   "namespace"},
  {"GET", "/v1/faults", "listFaults", list_kept<injected_fault>, rule, none,
   "namespace limit cursor"},
  {"GET", "/v1/faults/{name}", "readFault", read_kept<injected_fault>, rule,
   none, "namespace"},
  {"DELETE", "/v1/faults/{name}", "removeFault", remove_kept<injected_fault>,
   rule, none, "namespace reason"},

  {"PUT", "/v1/secrets/{name}", "putSecret", put_secret, rule, json, "reason"},
  {"GET", "/v1/secrets", "listSecrets", list_secrets, rule, none,
   "limit cursor"},
  {"DELETE", "/v1/secrets/{name}", "removeSecret", remove_secret, rule, none,
   "reason"},

  {"GET", "/v1/admin/retention", "previewRetention", preview_retention, rule,
   none, "completed faulted cancelled"},
  {"POST", "/v1/admin/backups", "takeBackup", take_backup, rule, json,
   "reason"},
  {"GET", "/v1/admin/backups", "listBackups", list_backups, rule, none,
   "limit cursor"},

  {"POST", "/v1/tokens", "createToken", create_token, rule, json, "reason"},
  {"GET", "/v1/tokens", "listTokens", list_tokens, rule, none, "limit cursor"},
  {"GET", "/v1/tokens/{id}", "readToken", read_token, rule},
  {"DELETE", "/v1/tokens/{id}", "revokeToken", revoke_token, rule, none,
   "reason"},

  {"GET", "/v1/whoami", "whoAmI", who_am_i, consult},

  {"GET", "/v1/stats", "readStats", read_stats, view, none,
   "namespace workflow"},

  {"GET", "/v1/cluster", "readCluster", read_cluster, view_all},

  {"GET", "/v1/audit", "listAudit", list_audit, rule, none,
   "who action namespace target after before order limit cursor"},
  {"GET", "/v1/audit/verify", "verifyAudit", verify_audit, rule, none,
   "after limit"},

  {"GET", "/livez", "livez", livez, open},
  {"GET", "/readyz", "readyz", readyz, open},
  {"GET", "/metrics", "metrics", metrics, view_all},
  {"GET", "/version", "version", version, open},
  {"GET", "/openapi.json", "openapi", openapi, open},
  {"GET", "/v1/openapi.json", "openapiOfVersion1", openapi, open},
};

} // namespace

std::span<const route> routes() {
  return table;
}

} // namespace pawl::http
