#include "actors/gate.hpp"

#include "actors/make_gateway.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <algorithm>

namespace pawl::actors {

namespace {

/// How long a look at the free disk space is good for.
constexpr std::int64_t disk_look_ms = 500;
/// An instance shows its values some levels below its own.
constexpr std::size_t shown_depth_max = 80;

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
           std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

/// The ETag of a kept answer: an instance's is the sequence that it shows.
std::optional<sequence> etag_in(const std::string& body) {
  const auto shown = parse_json(body, shown_depth_max);
  const auto* members = shown ? shown->if_object() : nullptr;
  const auto* at
    = members == nullptr ? nullptr : members->if_contains("sequence");
  if (at == nullptr || !at->is_int64())
    return std::nullopt;
  return static_cast<sequence>(at->get_int64());
}

const char* sentence(errc why) {
  switch (why) {
  case errc::shutting_down:
    return "The daemon is shutting down.";
  case errc::disk_low:
    return "There is too little free disk space to take on more work.";
  default:
    return "The daemon is overloaded. Nothing was written; try again later.";
  }
}

} // namespace

std::optional<refusal> gate::overload(lane l) {
  const auto now_ms = steady_ms();
  if (disk_looked_ms_ + disk_look_ms < now_ms) {
    disk_looked_ms_ = now_ms;
    disk_free_ = ctx_.store.free_bytes();
  }
  const auto& o = ctx_.options;
  const auto why
    = shed(l,
           {.queued_bytes = ctx_.journal.queued_bytes(),
            .overdue = ctx_.journal.overdue(journal_gauge::steady::now()),
            .free_bytes = disk_free_,
            .hot = ctx_.hot,
            .draining = ctx_.draining},
           {.queue_bytes_max = o.journal.queue_bytes_max,
            .shed_after = o.journal.shed_after,
            .disk_low = ctx_.disk_low,
            .disk_critical = ctx_.disk_critical,
            .hot_max = o.instances.hot_max});
  if (!why)
    return std::nullopt;
  ctx_.measured.shed();
  return refusal{.what = {*why, sentence(*why)},
                 .retry_after = ctx_.journal.drain_time()};
}

void gate::aside(std::function<void()> work) const {
  ctx_.system.spawn([run = std::move(work)] { run(); });
}

void gate::once(const std::optional<idempotency>& key, reply_to to,
                const std::function<void(reply_to)>& work) {
  if (!key)
    return work(std::move(to));
  book_->run(*key, std::move(to), [&](const reply_to& first) {
    const auto kept = ctx_.store.read_answer(key->scope, clock::now());
    if (!kept)
      return first(refusal{.what = kept.error()});
    if (!*kept)
      return work(first);
    const auto& k = **kept;
    if (k.body_digest != key->body_digest)
      return first(key_reused());
    first(answer{.status = k.status,
                 .body = k.body,
                 .location = k.location,
                 .etag = etag_in(k.body),
                 .replayed = true});
  });
}

namespace {

using gate_ptr = std::shared_ptr<gate>;

void open_definitions(gateway& door, const gate_ptr& g) {
  door.define = [g](register_definition what, const reply_to& to) {
    g->define(std::move(what), to);
  };
  door.read_definition
    = [g](const definition_ref& which, bool source, const reply_to& to) {
        g->read_definition(which, source, to);
      };
  door.list_definitions_of
    = [g](const list_definitions& what, const reply_to& to) {
        g->list_of_definitions(what, to);
      };
  door.remove_definition = [g](const definition_ref& which, reply_to to) {
    g->remove_definition(which, std::move(to));
  };
  door.draw_definition
    = [g](const definition_ref& which, drawing how, const reply_to& to) {
        g->draw_definition(which, how, to);
      };
  door.draw_instance
    = [g](const instance_ref& which, drawing how, const reply_to& to) {
        g->draw_instance(which, how, to);
      };
  door.draw_document
    = [g](const register_definition& what, drawing how, const reply_to& to) {
        g->draw_document(what, how, to);
      };
  door.store_secret = [g](put_secret what, reply_to to) {
    g->store_secret(std::move(what), std::move(to));
  };
  door.list_of_secrets = [g](const list_secrets& what, const reply_to& to) {
    g->list_of_secrets(what, to);
  };
  door.remove_secret = [g](const secret_ref& which, reply_to to) {
    g->remove_secret(which, std::move(to));
  };
}

void open_keeping(gateway& door, const gate_ptr& g) {
  door.preview = [g](const preview_retention& what, const reply_to& to) {
    g->preview(what, to);
  };
  door.back_up = [g](take_backup what, reply_to to) {
    g->back_up(std::move(what), std::move(to));
  };
  door.list_of_backups = [g](const reply_to& to) { g->list_of_backups(to); };
}

void open_instances(gateway& door, const gate_ptr& g) {
  door.start = [g](start_instance what, reply_to to) {
    g->start(std::move(what), std::move(to));
  };
  door.read = [g](const read_instance& what, reply_to to) {
    g->read(what, std::move(to));
  };
  door.explain = [g](const instance_ref& which, const reply_to& to) {
    g->explain(which, to);
  };
  door.list = [g](list_instances what, const reply_to& to) {
    g->list(std::move(what), to);
  };
  door.act = [g](act_on_instance what, reply_to to) {
    g->act(std::move(what), std::move(to));
  };
  door.restart = [g](restart_instance what, reply_to to) {
    g->restart(std::move(what), std::move(to));
  };
  door.remove_instance = [g](const purge_instance& what, reply_to to) {
    g->remove(what, std::move(to));
  };
  door.deliver = [g](deliver_event what, reply_to to) {
    g->deliver(std::move(what), std::move(to));
  };
  door.publish = [g](publish_events what, reply_to to) {
    g->publish(std::move(what), std::move(to));
  };
}

void open_bulks(gateway& door, const gate_ptr& g) {
  door.order_bulk = [g](create_bulk what, reply_to to) {
    g->order_bulk(std::move(what), std::move(to));
  };
  door.act_on_bulk_of = [g](act_on_bulk what, reply_to to) {
    g->act_on_bulk_of(std::move(what), std::move(to));
  };
  door.list_of_bulks = [g](const list_bulks& what, const reply_to& to) {
    g->list_of_bulks(what, to);
  };
  door.read_bulk = [g](const bulk_ref& which, const reply_to& to) {
    g->read_bulk(which, to);
  };
  door.report_of_bulk = [g](const list_bulk_items& what, const reply_to& to) {
    g->report_of_bulk(what, to);
  };
}

void open_schedules(gateway& door, const gate_ptr& g) {
  door.list_schedules_of = [g](const list_schedules& what, const reply_to& to) {
    g->list_schedules_of(what, to);
  };
  door.read_schedule_of = [g](const read_schedule& what, const reply_to& to) {
    g->read_schedule_of(what, to);
  };
  door.act_on_schedule_of = [g](act_on_schedule what, reply_to to) {
    g->act_on_schedule_of(std::move(what), std::move(to));
  };
  door.trigger = [g](trigger_schedule what, reply_to to) {
    g->trigger(std::move(what), std::move(to));
  };
  door.backfill = [g](backfill_schedule what, reply_to to) {
    g->backfill(std::move(what), std::move(to));
  };
}

void open_approvals(gateway& door, const gate_ptr& g) {
  door.list_approvals_of = [g](list_approvals what, const reply_to& to) {
    g->list_approvals_of(std::move(what), to);
  };
  door.read_approval = [g](const approval_ref& which, const reply_to& to) {
    g->read_approval(which, to);
  };
  door.vote = [g](vote_on_approval what, const reply_to& to) {
    g->vote(std::move(what), to);
  };
  door.link_approval_of = [g](link_approval what, const reply_to& to) {
    g->link_approval_of(std::move(what), to);
  };
  door.follow_link_of = [g](follow_link what, const reply_to& to) {
    g->follow_link_of(std::move(what), to);
  };
}

void open_queues(gateway& door, const gate_ptr& g) {
  door.lease = [g](ask_for_jobs what, const reply_to& to) {
    g->lease(std::move(what), to);
  };
  door.act_on_lease = [g](const lease_wish& what, const reply_to& to) {
    g->act_on_lease(what, to);
  };
  door.list_queues = [g](const reply_to& to) { g->list_queues(to); };
  door.read_queue = [g](const std::string& name, const reply_to& to) {
    g->read_queue(name, to);
  };
}

void open_holds(gateway& door, const gate_ptr& g) {
  door.create_hold_of = [g](create_hold what, reply_to to) {
    g->create_hold_of(std::move(what), std::move(to));
  };
  door.list_of_holds = [g](const list_holds& what, const reply_to& to) {
    g->list_of_holds(what, to);
  };
  door.read_hold = [g](const hold_ref& which, const reply_to& to) {
    g->read_hold(which, to);
  };
  door.remove_hold = [g](const hold_ref& which, reply_to to) {
    g->remove_hold(which, std::move(to));
  };
}

void open_kept(gateway& door, const gate_ptr& g) {
  door.put_kept_of = [g](put_kept what, reply_to to) {
    g->put_kept_of(std::move(what), std::move(to));
  };
  door.read_kept_of = [g](const kept_ref& which, const reply_to& to) {
    g->read_kept_of(which, to);
  };
  door.list_of_kept = [g](const list_kept& what, const reply_to& to) {
    g->list_of_kept(what, to);
  };
  door.remove_kept_of = [g](const kept_ref& which, reply_to to) {
    g->remove_kept_of(which, std::move(to));
  };
  door.ping_subscription = [g](act_on_subscription what, reply_to to) {
    g->ping_subscription_of(std::move(what), std::move(to));
  };
  door.redeliver = [g](act_on_subscription what, reply_to to) {
    g->redeliver_of(std::move(what), std::move(to));
  };
}

void open_history(gateway& door, const gate_ptr& g) {
  door.list_runs_of = [g](const list_runs& what, reply_to to) {
    g->list_runs_of(what, std::move(to));
  };
  door.history
    = [g](const instance_ref& which, sequence after, std::uint32_t limit,
          const history_reply& to) { g->history(which, after, limit, to); };
  door.observe = [g](const instance_ref& which, std::function<void()> changed) {
    return g->observe(which, std::move(changed));
  };
  door.lifecycle_position
    = [g](const mandate_ptr& by) { return g->lifecycle_position(by); };
  door.lifecycle
    = [g](const lifecycle_filter& want, sequence after, std::uint32_t limit,
          const history_reply& to) { g->lifecycle(want, after, limit, to); };
  door.observe_lifecycle = [g](std::function<void()> changed) {
    return g->ctx().lifecycle.observe(std::move(changed));
  };
}

void open_access(gateway& door, const gate_ptr& g) {
  door.admit = [g](const access::peer& from,
                   const std::optional<std::string_view>& authorization) {
    return g->admit(from, authorization);
  };
  door.stands = [g](const access::caller& who) { return g->stands(who); };
  door.note_refusal = [g](const access::mandate& by, std::uint32_t status) {
    g->note_refusal(by, status);
  };
  door.create_token_of = [g](create_token what, reply_to to) {
    g->create_token_of(std::move(what), std::move(to));
  };
  door.list_of_tokens = [g](const list_tokens& what, const reply_to& to) {
    g->list_of_tokens(what, to);
  };
  door.read_token = [g](const token_ref& which, const reply_to& to) {
    g->read_token(which, to);
  };
  door.remove_token = [g](const token_ref& which, reply_to to) {
    g->remove_token(which, std::move(to));
  };
  door.list_of_audit = [g](const list_audit& what, const reply_to& to) {
    g->list_of_audit(what, to);
  };
  door.verify_audit_of = [g](const verify_audit& what, const reply_to& to) {
    g->verify_audit_of(what, to);
  };
}

} // namespace

gateway make_gateway(context& ctx) {
  const auto g = std::make_shared<gate>(ctx);
  ctx.bulks = g->make_bulk_keeper();
  gateway door;
  open_definitions(door, g);
  open_keeping(door, g);
  open_instances(door, g);
  open_bulks(door, g);
  open_schedules(door, g);
  open_approvals(door, g);
  open_queues(door, g);
  open_holds(door, g);
  open_kept(door, g);
  open_history(door, g);
  open_access(door, g);
  door.stats
    = [g](const read_stats& what, const reply_to& to) { g->stats(what, to); };
  door.metrics = [g] { return g->metrics(); };
  door.unready = [g] { return g->unready(); };
  return door;
}

} // namespace pawl::actors
