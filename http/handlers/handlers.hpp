#pragma once

#include "http/handler.hpp"

/// All handlers; what each answers stands in openapi.yaml.
namespace pawl::http::handlers {

// definitions.cpp
outcome define(const call& from);
outcome list_definitions(const call& from);
outcome read_definition(const call& from);
outcome remove_definition(const call& from);

// diagrams.cpp
outcome draw_definition(const call& from);
outcome draw_instance(const call& from);
outcome draw_document(const call& from);

// instances.cpp
outcome start_instance(const call& from);
outcome list_instances(const call& from);
outcome read_instance(const call& from);
outcome explain(const call& from);
outcome remove_instance(const call& from);

// verbs.cpp
outcome pause(const call& from);
outcome resume(const call& from);
outcome cancel(const call& from);
outcome retry(const call& from);
outcome skip(const call& from);
outcome complete(const call& from);
outcome fail(const call& from);
outcome rollback(const call& from);
outcome redo(const call& from);
outcome restart(const call& from);

// bulk.cpp
outcome order_bulk(const call& from);
outcome list_bulks(const call& from);
outcome read_bulk(const call& from);
outcome report_bulk(const call& from);
outcome pause_bulk(const call& from);
outcome resume_bulk(const call& from);
outcome stop_bulk(const call& from);

// history.cpp
outcome history(const call& from);
outcome list_runs(const call& from);

// events.cpp
outcome deliver_event(const call& from);
outcome send_named_event(const call& from);
outcome publish_events(const call& from);

// streams.cpp
outcome follow(const call& from);
outcome follow_lifecycle(const call& from);
outcome follow_by_websocket(const call& from);

// approvals.cpp
outcome list_approvals(const call& from);
outcome read_approval(const call& from);
outcome vote(const call& from);
outcome link_approval(const call& from);

// approval_links.cpp
outcome show_link(const call& from);
outcome act_on_link(const call& from);

// schedules.cpp
outcome list_schedules(const call& from);
outcome read_schedule(const call& from);
outcome pause_schedule(const call& from);
outcome resume_schedule(const call& from);
outcome trigger_schedule(const call& from);
outcome backfill_schedule(const call& from);

// workers.cpp
outcome lease_jobs(const call& from);
outcome heartbeat(const call& from);
outcome complete_job(const call& from);
outcome fail_job(const call& from);
outcome release_job(const call& from);
outcome list_queues(const call& from);
outcome read_queue(const call& from);

// kept.cpp
template <actors::kept_kind Kind>
outcome put_kept(const call& from);
template <actors::kept_kind Kind>
outcome read_kept(const call& from);
template <actors::kept_kind Kind>
outcome list_kept(const call& from);
template <actors::kept_kind Kind>
outcome remove_kept(const call& from);
outcome test_subscription(const call& from);
outcome redeliver(const call& from);
outcome list_dead(const call& from);
outcome read_dead(const call& from);
outcome remove_dead(const call& from);

// holds.cpp
outcome create_hold(const call& from);
outcome list_holds(const call& from);
outcome read_hold(const call& from);
outcome release_hold(const call& from);

// stats.cpp
outcome read_stats(const call& from);

// cluster.cpp
outcome read_cluster(const call& from);

// secrets.cpp
outcome put_secret(const call& from);
outcome list_secrets(const call& from);
outcome remove_secret(const call& from);

// keeping.cpp
outcome preview_retention(const call& from);
outcome take_backup(const call& from);
outcome list_backups(const call& from);
// tokens.cpp
outcome create_token(const call& from);
outcome list_tokens(const call& from);
outcome read_token(const call& from);
outcome revoke_token(const call& from);
outcome who_am_i(const call& from);

// audit.cpp
outcome list_audit(const call& from);
outcome verify_audit(const call& from);

// health.cpp
outcome livez(const call& from);
outcome readyz(const call& from);
outcome metrics(const call& from);
outcome version(const call& from);
outcome openapi(const call& from);

} // namespace pawl::http::handlers
