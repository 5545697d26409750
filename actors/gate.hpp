#pragma once

#include "access/veil.hpp"
#include "actors/bulk/bulk_keeper.hpp"
#include "actors/context.hpp"
#include "actors/once_book.hpp"
#include "actors/render.hpp"
#include "actors/sensitive_book.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

/// The inside of make_gateway(): one function a request, in gate_*.cpp.
namespace pawl::actors {

/// A record of the audit log to be: who comes with `by` changed `target` in
/// `ns`. Nothing if nobody asks for it.
[[nodiscard]] std::optional<storage::audit_entry>
note_of(const mandate_ptr& by, std::string ns, std::string target,
        std::string reason = {});

/// What is said to who may not do it in `ns` ("" for all namespaces).
[[nodiscard]] refusal forbidden(const access::mandate& by,
                                const std::string& ns);

/// Why he who comes with `by` may not do it to the schedule.
[[nodiscard]] std::optional<refusal> forbids_schedule(const mandate_ptr& by,
                                                      const schedule_key& key);
/// What is said where nothing of this kind has the name, or not for who asks.
[[nodiscard]] refusal unknown_kept(kept_kind kind);
[[nodiscard]] bool sees_kept(const mandate_ptr& by, const std::string& ns);
/// Why somebody may not change what is kept for `which.ns`.
[[nodiscard]] std::optional<refusal> forbids_kept(const kept_ref& which);

/// The namespaces in which a list looks, in order; "" stands for all. `ns` is
/// what the client asked for, "" for all.
[[nodiscard]] std::vector<std::string> spaces_of(const mandate_ptr& by,
                                                 const std::string& ns);

class gate : public std::enable_shared_from_this<gate> {
public:
  explicit gate(context& ctx) : ctx_{ctx} {}

  // gate_definitions.cpp
  void define(register_definition what, const reply_to& to);
  void read_definition(const definition_ref& which, bool source,
                       const reply_to& to);
  void list_of_definitions(const list_definitions& what, const reply_to& to);
  void remove_definition(const definition_ref& which, reply_to to);

  // gate_drawings.cpp
  void draw_definition(const definition_ref& which, drawing how,
                       const reply_to& to);
  void draw_instance(const instance_ref& which, drawing how,
                     const reply_to& to);
  void draw_document(const register_definition& what, drawing how,
                     const reply_to& to);

  // gate_schedules.cpp
  void list_schedules_of(const list_schedules& what, const reply_to& to);
  void read_schedule_of(const read_schedule& what, const reply_to& to);
  void act_on_schedule_of(act_on_schedule what, reply_to to);
  void trigger(trigger_schedule what, reply_to to);
  // gate_backfill.cpp
  void backfill(backfill_schedule what, reply_to to);

  // gate_kept.cpp
  void put_kept_of(put_kept what, reply_to to);
  void read_kept_of(const kept_ref& which, const reply_to& to);
  void list_of_kept(const list_kept& what, const reply_to& to);
  void remove_kept_of(const kept_ref& which, reply_to to);

  /// What hides of the instance; nothing if it has nothing to hide.
  std::optional<masker> masker_of(const instance_key& key,
                                  const std::string& digest);
  /// What hides of an instance that stands as `flow` does. May throw, as
  /// sensitive_book::known does.
  masker masker_of(const instance_key& key, const machine& flow);

  // gate_subscriptions.cpp
  void ping_subscription_of(act_on_subscription what, reply_to to);
  void redeliver_of(act_on_subscription what, reply_to to);
  void list_of_dead(const list_kept& what, const reply_to& to);
  void read_dead(const kept_ref& which, const reply_to& to);
  void remove_dead(const kept_ref& which, reply_to to);

  // gate_runs.cpp
  void list_runs_of(const list_runs& what, reply_to to);

  // gate_holds.cpp
  void create_hold_of(create_hold what, reply_to to);
  void list_of_holds(const list_holds& what, const reply_to& to);
  void read_hold(const hold_ref& which, const reply_to& to);
  void remove_hold(const hold_ref& which, reply_to to);

  // gate_queues.cpp
  void lease(ask_for_jobs what, const reply_to& to);
  void act_on_lease(const lease_wish& what, const reply_to& to);
  void list_queues(const reply_to& to);
  void read_queue(const std::string& name, const reply_to& to);

  // gate_wishes.cpp
  void start(start_instance what, reply_to to);
  void act(act_on_instance what, reply_to to);
  void restart(restart_instance what, reply_to to);
  void deliver(deliver_event what, reply_to to);
  void publish(publish_events what, reply_to to);
  void remove(const purge_instance& what, reply_to to);
  struct removal {
    instance_key key;
    std::optional<tags> if_match;
    std::optional<storage::audit_entry> note;
  };
  void remove_now(removal what, reply_to to);

  // gate_approvals.cpp
  void list_approvals_of(list_approvals what, const reply_to& to);
  void read_approval(const approval_ref& which, const reply_to& to);
  void vote(vote_on_approval what, const reply_to& to);
  void link_approval_of(link_approval what, const reply_to& to);
  void follow_link_of(follow_link what, const reply_to& to);

  // gate_secrets.cpp
  void store_secret(put_secret what, reply_to to);
  void list_of_secrets(const list_secrets& what, const reply_to& to);
  void remove_secret(const secret_ref& which, reply_to to);

  // gate_tokens.cpp
  std::variant<access::caller_ptr, access::denial>
  admit(const access::peer& from,
        const std::optional<std::string_view>& authorization);
  bool stands(const access::caller& who);
  void note_refusal(const access::mandate& by, std::uint32_t status);
  void create_token_of(create_token what, reply_to to);
  void list_of_tokens(const list_tokens& what, const reply_to& to);
  void read_token(const token_ref& which, const reply_to& to);
  void remove_token(const token_ref& which, reply_to to);
  void list_of_audit(const list_audit& what, const reply_to& to);
  void verify_audit_of(const verify_audit& what, const reply_to& to);

  // gate_bulk.cpp
  void order_bulk(create_bulk what, reply_to to);
  void act_on_bulk_of(act_on_bulk what, reply_to to);
  void list_of_bulks(const list_bulks& what, const reply_to& to);
  void read_bulk(const bulk_ref& which, const reply_to& to);
  void report_of_bulk(const list_bulk_items& what, const reply_to& to);
  // gate_bulk_work.cpp
  std::shared_ptr<bulk_keeper> make_bulk_keeper();

  // gate_keeping.cpp
  void preview(const preview_retention& what, const reply_to& to);
  void back_up(take_backup what, reply_to to);
  struct backup_order {
    std::optional<idempotency> once;
    std::optional<storage::audit_entry> note;
    answer_ptr reply;
  };
  void remember_backup(const storage::backup_info& made, backup_order of);
  void list_of_backups(const reply_to& to);

  // gate_reads.cpp; stats and metrics: gate_keeping.cpp
  void read(const read_instance& what, reply_to to);
  void explain(const instance_ref& which, const reply_to& to);
  void list(list_instances what, const reply_to& to);
  void history(const instance_ref& which, sequence after, std::uint32_t limit,
               const history_reply& to);
  std::unique_ptr<watch> observe(const instance_ref& which,
                                 std::function<void()> changed);
  void stats(const read_stats& what, const reply_to& to);
  std::string metrics();
  std::string unready();
  sequence lifecycle_position(const mandate_ptr& by) const;
  void lifecycle(const lifecycle_filter& want, sequence after,
                 std::uint32_t limit, const history_reply& to) const;

  [[nodiscard]] context& ctx() { return ctx_; }

private:
  /// An instance that a client named.
  struct place {
    instance_key key;
    std::string ns;
  };
  // gate_access.cpp
  /// The instance that a client names, if it is there for him.
  /// Fails with errc::not_found, errc::purged, errc::ambiguous.
  [[nodiscard]] result<place> resolve(const instance_ref& which) const;
  [[nodiscard]] result<place> resolve_seen(const instance_ref& which) const;
  /// Why nobody is there under this name, for who asks: errc::not_found,
  /// errc::purged.
  [[nodiscard]] error nobody(const instance_ref& which) const;
  /// Why whoever sees the instance may not do to it what he asks.
  [[nodiscard]] std::optional<refusal>
  forbids(const mandate_ptr& by, const instance_key& key,
          const std::optional<std::string>& event_type = {}) const;
  /// Why a request of this lane must be refused now.
  [[nodiscard]] std::optional<refusal> overload(lane l);
  /// Runs `work` off the caller's thread, which must not block.
  void aside(std::function<void()> work) const;
  /// Calls `work` unless the request has been answered before, or is being
  /// worked on.
  void once(const std::optional<idempotency>& key, reply_to to,
            const std::function<void(reply_to)>& work);
  /// The instance as it is now; errc::not_found.
  [[nodiscard]] reply snapshot_of(const instance_key& key);
  /// Answers with the instance when `enough` says so of a change, at the latest
  /// after `patience` with what `late` makes of it.
  struct waiting;
  void wait(const instance_key& key, duration patience,
            std::function<bool(sequence, instance_status)> enough,
            std::function<void(bool in_time)> then);
  struct backfilling;
  void make_next_runs(const std::shared_ptr<backfilling>& b);
  void end_backfill(const std::shared_ptr<backfilling>& b);
  struct bulk_count;
  void count_bulk(const std::shared_ptr<bulk_count>& c);
  void preview_bulk(const std::shared_ptr<bulk_count>& c);
  void create_bulk_of(const bulk_count& c);
  [[nodiscard]] bulk_papers
  papers_of(const answer& said, const std::optional<idempotency>& once,
            std::optional<storage::audit_entry> note) const;
  /// Only where he who comes with `by` may do it. Whether there are others, he
  /// does not learn.
  [[nodiscard]] static storage::list_query
  selection_of(const bulk_order& what, timestamp until, const mandate_ptr& by);
  /// What whoever ordered it comes with today; null if nobody was asked.
  [[nodiscard]] mandate_ptr mandate_of(const bulk_order& what) const;
  [[nodiscard]] std::string objection_to(const bulk_order& what) const;
  [[nodiscard]] result<bulk_page> select_for(const bulk& what,
                                             std::size_t max) const;
  void act_for(const bulk& what, const bulk_item& item, reply_to to);
  void end_lease(const lease_wish& what, const reply_to& to);
  void define_now(const register_definition& what, const reply_to& to);
  void define_read(const register_definition& what, const definition_ptr& made,
                   const reply_to& to);
  /// What is said of a new definition, and what is written beside it.
  struct said_of_definition {
    std::optional<storage::kept_answer> kept;
    answer now;
    std::optional<storage::audit_entry> note;
  };
  void store_definition(definition_ptr made, storage::stored_definition row,
                        said_of_definition first, answer_ptr slot);
  /// A version of a workflow came or went, durably.
  void versions_changed(const definition_id& of);
  /// Fails with errc::not_found.
  [[nodiscard]] result<> name_event(const instance_key& key,
                                    deliver_event& what);
  /// What his roles let him decide, if they have to be asked.
  void settle_rights(approver& who, const instance_key& key,
                     frame_id frame) const;
  /// The approval as it is, or as the history tells of it.
  using found_approval = std::variant<json::object, refusal>;
  [[nodiscard]] found_approval find_approval(const approval_ref& which);
  /// What to tell somebody whose vote finds no open approval.
  [[nodiscard]] reply late_vote(const vote_on_approval& what, refusal no);
  [[nodiscard]] reply make_link(const link_approval& what,
                                std::string_view key);
  /// `what.id` is set.
  void start_now(start_instance what, const reply_to& to);
  std::optional<refusal> limited_start(const std::string& ns,
                                       const instance_key& key, reply_to& told);
  void see_to_the_end(const instance_key& key, duration patience, answer first,
                      reply_to to);

  context& ctx_;
  access::veil veil_;
  sensitive_book hidden_;
  std::shared_ptr<std::atomic<bool>> verifying_
    = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<once_book> book_ = std::make_shared<once_book>();
  std::atomic<std::int64_t> disk_looked_ms_ = 0;
  std::atomic<std::uint64_t> disk_free_ = ~std::uint64_t{0};
};

} // namespace pawl::actors
