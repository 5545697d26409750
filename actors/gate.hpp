#pragma once

#include "actors/context.hpp"
#include "actors/once_book.hpp"
#include "actors/render.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

/// The inside of make_gateway(): one function a request, in gate_*.cpp.
namespace pawl::actors {

class gate : public std::enable_shared_from_this<gate> {
public:
  explicit gate(context& ctx) : ctx_{ctx} {}

  // gate_definitions.cpp
  void define(register_definition what, const reply_to& to);
  void read_definition(const definition_ref& which, bool source,
                       const reply_to& to);
  void list_of_definitions(const list_definitions& what, const reply_to& to);
  void remove_definition(const definition_ref& which, reply_to to);

  // gate_schedules.cpp
  void list_schedules_of(const list_schedules& what, const reply_to& to);
  void read_schedule(const std::string& id, const reply_to& to);
  void act_on_schedule_of(act_on_schedule what, reply_to to);
  void trigger(trigger_schedule what, reply_to to);

  // gate_queues.cpp
  void lease(ask_for_jobs what, const reply_to& to);
  void act_on_lease(const lease_wish& what, const reply_to& to);
  void list_queues(const reply_to& to);
  void read_queue(const std::string& name, const reply_to& to);

  // gate_wishes.cpp
  void start(start_instance what, reply_to to);
  void act(act_on_instance what, reply_to to);
  void deliver(deliver_event what, reply_to to);
  void publish(publish_events what, reply_to to);
  void remove(const purge_instance& what, reply_to to);
  void remove_now(const instance_key& key, std::optional<sequence> if_match,
                  reply_to to);

  // gate_secrets.cpp
  void store_secret(put_secret what, reply_to to);
  void list_of_secrets(const list_secrets& what, const reply_to& to);
  void remove_secret(const std::string& name, reply_to to);

  // gate_reads.cpp
  void read(const read_instance& what, reply_to to);
  void explain(const instance_ref& which, const reply_to& to);
  void list(list_instances what, const reply_to& to);
  void history(const instance_ref& which, sequence after, std::uint32_t limit,
               const history_reply& to);
  std::unique_ptr<watch> observe(const instance_ref& which,
                                 std::function<void()> changed);
  std::string unready();

  [[nodiscard]] context& ctx() { return ctx_; }

private:
  /// The key of the instance that a client names.
  /// Fails with errc::not_found, errc::ambiguous.
  [[nodiscard]] result<instance_key> resolve(const instance_ref& which) const;
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
  void end_lease(const lease_wish& what, const reply_to& to);
  void define_now(const register_definition& what, const reply_to& to);
  void define_read(const register_definition& what, const definition_ptr& made,
                   const reply_to& to);
  void store_definition(definition_ptr made, storage::stored_definition row,
                        std::optional<storage::kept_answer> kept, answer a,
                        answer_ptr slot);
  /// A version of a workflow came or went, durably.
  void versions_changed(const definition_id& of);
  /// `what.id` is set.
  void start_now(start_instance what, const reply_to& to);
  void see_to_the_end(const instance_key& key, duration patience, answer first,
                      reply_to to);

  context& ctx_;
  std::shared_ptr<once_book> book_ = std::make_shared<once_book>();
  std::atomic<std::int64_t> disk_looked_ms_ = 0;
  std::atomic<std::uint64_t> disk_free_ = ~std::uint64_t{0};
};

} // namespace pawl::actors
