#pragma once

#include "actors/bulk/orders.hpp"
#include "actors/drawing.hpp"
#include "actors/kept/orders.hpp"
#include "actors/orders.hpp"
#include "actors/schedule_orders.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The control plane's door: all that the HTTP edge may ask of the daemon. It
/// names no CAF type, so the edge knows none.
namespace pawl::actors {

/// One piece of a history, oldest first. The items are ready to be sent.
struct history_page {
  struct item {
    sequence number = 0;
    std::string type; ///< "task.started"
    std::string json; ///< {"sequence","type","time","task","data"}
  };
  /// What lies between the two is not remembered any more.
  struct gap {
    sequence from = 0; ///< Where the reader was.
    sequence to = 0;   ///< Where it goes on.
  };
  std::vector<item> items;
  bool ended = false; ///< The instance has ended and there is no more.
  std::optional<gap> missed = {}; ///< Of the lifecycle: before the items.
  /// Of the lifecycle: all up to here was looked at, whether shown or not.
  std::optional<sequence> looked_to = {};
};
using history_reply = std::function<void(std::variant<history_page, refusal>)>;

/// Ends a watch when it is destroyed; then no further call is begun.
class watch {
public:
  virtual ~watch() = default;
};

/// The functions, filled in by make_gateway(). All are thread-safe and never
/// block. A test of the edge fills in lambdas of its own.
struct gateway {
  std::function<void(register_definition, reply_to)> define;
  /// The body is the definition's answer with `document`; with `source`, the
  /// text as it was sent (answer::location is then its content type).
  std::function<void(definition_ref, bool source, reply_to)> read_definition;
  std::function<void(list_definitions, reply_to)> list_definitions_of;
  std::function<void(definition_ref, reply_to)> remove_definition;
  /// The body is the drawing.
  std::function<void(definition_ref, drawing, reply_to)> draw_definition;
  std::function<void(instance_ref, drawing, reply_to)> draw_instance;
  /// Of a document that is not registered; as a dry run of `define`.
  std::function<void(register_definition, drawing, reply_to)> draw_document;

  std::function<void(put_secret, reply_to)> store_secret;
  std::function<void(list_secrets, reply_to)> list_of_secrets;
  std::function<void(secret_ref, reply_to)> remove_secret;

  /// Who it is; does not block. Without it all are let in.
  std::function<std::variant<access::caller_ptr, access::denial>(
    const access::peer&, const std::optional<std::string_view>& authorization)>
    admit;
  /// Whether `who` would be let in still.
  std::function<bool(const access::caller& who)> stands;
  /// Somebody was not let in, or has not the role: for the audit log.
  std::function<void(const access::mandate& by, std::uint32_t status)>
    note_refusal;
  std::function<void(create_hold, reply_to)> create_hold_of;
  std::function<void(list_holds, reply_to)> list_of_holds;
  std::function<void(hold_ref, reply_to)> read_hold;
  std::function<void(hold_ref, reply_to)> remove_hold;

  /// 201, or 200 in place of a former one.
  std::function<void(put_kept, reply_to)> put_kept_of;
  std::function<void(kept_ref, reply_to)> read_kept_of;
  std::function<void(list_kept, reply_to)> list_of_kept;
  std::function<void(kept_ref, reply_to)> remove_kept_of;
  /// Sends a subscription one event, and answers with how that went.
  std::function<void(act_on_subscription, reply_to)> ping_subscription;
  /// Lets its dead messages be tried again.
  std::function<void(act_on_subscription, reply_to)> redeliver;

  std::function<void(create_token, reply_to)> create_token_of;
  std::function<void(list_tokens, reply_to)> list_of_tokens;
  std::function<void(token_ref, reply_to)> read_token;
  std::function<void(token_ref, reply_to)> remove_token;
  std::function<void(list_audit, reply_to)> list_of_audit;
  std::function<void(verify_audit, reply_to)> verify_audit_of;

  std::function<void(preview_retention, reply_to)> preview;
  std::function<void(take_backup, reply_to)> back_up;
  std::function<void(reply_to)> list_of_backups;

  std::function<void(start_instance, reply_to)> start;
  std::function<void(read_instance, reply_to)> read;
  /// Why an instance does not move, and what would move it.
  std::function<void(instance_ref, reply_to)> explain;
  std::function<void(list_instances, reply_to)> list;
  /// How often tasks ran, each time with its input and what came of it.
  std::function<void(list_runs, reply_to)> list_runs_of;
  std::function<void(act_on_instance, reply_to)> act;
  std::function<void(restart_instance, reply_to)> restart;
  std::function<void(purge_instance, reply_to)> remove_instance;
  std::function<void(deliver_event, reply_to)> deliver;
  std::function<void(publish_events, reply_to)> publish;

  std::function<void(list_approvals, reply_to)> list_approvals_of;
  std::function<void(approval_ref, reply_to)> read_approval;
  /// Answers with the instance.
  std::function<void(vote_on_approval, reply_to)> vote;
  std::function<void(link_approval, reply_to)> link_approval_of;
  /// The body is {"approval", "by", "outcome"}, or the instance once decided.
  std::function<void(follow_link, reply_to)> follow_link_of;

  std::function<void(list_schedules, reply_to)> list_schedules_of;
  std::function<void(const read_schedule&, reply_to)> read_schedule_of;
  std::function<void(act_on_schedule, reply_to)> act_on_schedule_of;
  std::function<void(trigger_schedule, reply_to)> trigger;
  std::function<void(backfill_schedule, reply_to)> backfill;

  /// 200 with leases, 204 if there is none.
  std::function<void(ask_for_jobs, reply_to)> lease;
  /// 200; or 409 with a sentence: the lease is over.
  std::function<void(lease_wish, reply_to)> act_on_lease;
  std::function<void(reply_to)> list_queues;
  std::function<void(const std::string& name, reply_to)> read_queue;

  /// Events after `after`, at most `limit`.
  std::function<void(instance_ref, sequence after, std::uint32_t limit,
                     history_reply)>
    history;
  /// Calls `changed` (any thread, must not block) after each commit of the
  /// instance.
  std::function<std::unique_ptr<watch>(instance_ref,
                                       std::function<void()> changed)>
    observe;

  /// The number of the newest lifecycle CloudEvent; it does not wait.
  std::function<sequence(const mandate_ptr& by)> lifecycle_position;
  /// Lifecycle CloudEvents after `after`, at most `limit`: those that are
  /// remembered, and whether some are not. They are made only while somebody
  /// observes.
  std::function<void(const lifecycle_filter&, sequence after,
                     std::uint32_t limit, history_reply)>
    lifecycle;
  /// As observe, for the lifecycle of all.
  std::function<std::unique_ptr<watch>(std::function<void()> changed)>
    observe_lifecycle;

  /// Percentiles, rates and bottlenecks.
  std::function<void(read_stats, reply_to)> stats;
  /// Prometheus text.
  std::function<std::string()> metrics;
  /// "" when ready, else why not ("starting", "draining", "disk-low").
  std::function<std::string()> unready;

  /// 201; of a dry run the count and some samples.
  std::function<void(create_bulk, reply_to)> order_bulk;
  std::function<void(act_on_bulk, reply_to)> act_on_bulk_of;
  std::function<void(list_bulks, reply_to)> list_of_bulks;
  std::function<void(bulk_ref, reply_to)> read_bulk;
  std::function<void(list_bulk_items, reply_to)> report_of_bulk;
};

} // namespace pawl::actors
