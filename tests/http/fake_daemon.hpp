#pragma once

#include "actors/gateway.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pawl::test {

/// A daemon of lambdas: notes what it was asked, and says what it was told to
/// say.
class fake_daemon {
public:
  /// What it says to every order; the default is `{"ok":true}`.
  actors::reply next = actors::answer{200, R"({"ok":true})", "", {}, false};
  /// Keeps the callbacks instead of calling them.
  bool silent = false;

  std::optional<actors::register_definition> defined;
  std::optional<actors::definition_ref> definition;
  bool source = false;
  std::optional<actors::definition_ref> definition_drawn;
  std::optional<actors::instance_ref> instance_drawn;
  std::optional<actors::register_definition> document_drawn;
  actors::drawing drawn;
  std::optional<actors::list_definitions> definitions_listed;
  std::optional<actors::start_instance> started;
  std::optional<actors::read_instance> read;
  std::optional<actors::list_instances> listed;
  std::optional<actors::act_on_instance> acted;
  std::optional<actors::restart_instance> restarted;
  std::optional<actors::ask_for_jobs> leased;
  std::optional<actors::lease_wish> lease_acted;
  std::optional<std::string> queue;
  std::optional<actors::instance_ref> explained;
  std::optional<actors::purge_instance> purged;
  std::optional<actors::deliver_event> delivered;
  std::optional<actors::publish_events> published;
  std::optional<actors::put_secret> secret_put;
  std::optional<actors::list_secrets> secrets_listed;
  std::optional<actors::preview_retention> previewed;
  std::optional<actors::take_backup> backed_up;
  std::optional<actors::secret_ref> secret_removed;
  std::optional<actors::list_approvals> approvals_listed;
  std::optional<actors::approval_ref> approval;
  std::optional<actors::vote_on_approval> voted;
  std::optional<actors::link_approval> linked;
  std::optional<actors::follow_link> link_followed;
  std::optional<actors::list_schedules> schedules_listed;
  std::optional<actors::read_stats> stats_read;
  std::optional<actors::schedule_ref> schedule;
  std::optional<actors::act_on_schedule> schedule_acted;
  std::optional<actors::trigger_schedule> triggered;
  std::optional<actors::backfill_schedule> backfilled;
  std::optional<actors::create_hold> hold_made;
  std::optional<actors::put_kept> kept_put;
  std::optional<actors::kept_ref> kept_named;
  std::optional<actors::list_kept> kept_listed;
  std::optional<actors::act_on_subscription> acted_on_subscription;
  std::optional<actors::list_runs> runs_listed;
  std::optional<actors::create_token> token_made;
  std::optional<actors::list_holds> holds_listed;
  std::optional<actors::list_tokens> tokens_listed;
  std::optional<actors::hold_ref> hold_named;
  std::optional<actors::token_ref> token;
  std::optional<actors::create_bulk> bulk_ordered;
  std::optional<actors::act_on_bulk> bulk_acted;
  std::optional<actors::list_bulks> bulks_listed;
  std::optional<actors::bulk_ref> bulk_named;
  std::optional<actors::list_bulk_items> bulk_reported;
  std::optional<actors::instance_ref> history_asked;
  std::optional<actors::list_audit> audit_listed;
  std::optional<actors::verify_audit> audit_verified;
  std::optional<actors::lifecycle_filter> lifecycle_wanted;
  std::string unready;

  actors::gateway door() {
    actors::gateway g;
    g.define = [this](auto wish, auto done) { note(defined, wish, done); };
    g.read_definition = [this](auto wish, bool as_source, auto done) {
      source = as_source;
      note(definition, wish, done);
    };
    g.list_definitions_of
      = [this](auto wish, auto done) { note(definitions_listed, wish, done); };
    g.remove_definition
      = [this](auto wish, auto done) { note(definition, wish, done); };
    g.draw_definition = [this](auto which, auto how, auto done) {
      drawn = how;
      note(definition_drawn, which, done);
    };
    g.draw_instance = [this](auto which, auto how, auto done) {
      drawn = how;
      note(instance_drawn, which, done);
    };
    g.draw_document = [this](auto wish, auto how, auto done) {
      drawn = how;
      note(document_drawn, wish, done);
    };
    g.start = [this](auto wish, auto done) { note(started, wish, done); };
    g.read = [this](auto wish, auto done) { note(read, wish, done); };
    g.explain = [this](auto which, auto done) { note(explained, which, done); };
    g.list = [this](auto wish, auto done) { note(listed, wish, done); };
    g.act = [this](auto wish, auto done) { note(acted, wish, done); };
    g.remove_instance
      = [this](auto wish, auto done) { note(purged, wish, done); };
    g.restart = [this](auto wish, auto done) { note(restarted, wish, done); };
    g.lease = [this](auto wish, auto done) { note(leased, wish, done); };
    g.act_on_lease
      = [this](auto wish, auto done) { note(lease_acted, wish, done); };
    g.list_queues = [this](auto done) { done(next); };
    g.read_queue = [this](auto name, auto done) { note(queue, name, done); };
    g.deliver = [this](auto wish, auto done) { note(delivered, wish, done); };
    g.publish = [this](auto wish, auto done) { note(published, wish, done); };
    g.order_bulk
      = [this](auto wish, auto done) { note(bulk_ordered, wish, done); };
    g.act_on_bulk_of
      = [this](auto wish, auto done) { note(bulk_acted, wish, done); };
    g.list_of_bulks
      = [this](auto wish, auto done) { note(bulks_listed, wish, done); };
    g.read_bulk
      = [this](auto which, auto done) { note(bulk_named, which, done); };
    g.report_of_bulk
      = [this](auto wish, auto done) { note(bulk_reported, wish, done); };
    g.store_secret
      = [this](auto wish, auto done) { note(secret_put, wish, done); };
    g.list_of_secrets
      = [this](auto wish, auto done) { note(secrets_listed, wish, done); };
    g.remove_secret
      = [this](auto name, auto done) { note(secret_removed, name, done); };
    g.preview = [this](auto wish, auto done) { note(previewed, wish, done); };
    g.back_up = [this](auto wish, auto done) { note(backed_up, wish, done); };
    g.list_of_backups = [this](auto done) { done(next); };
    g.list_approvals_of
      = [this](auto wish, auto done) { note(approvals_listed, wish, done); };
    g.read_approval
      = [this](auto which, auto done) { note(approval, which, done); };
    g.vote = [this](auto wish, auto done) { note(voted, wish, done); };
    g.link_approval_of
      = [this](auto wish, auto done) { note(linked, wish, done); };
    g.follow_link_of
      = [this](auto wish, auto done) { note(link_followed, wish, done); };
    g.list_schedules_of
      = [this](auto wish, auto done) { note(schedules_listed, wish, done); };
    g.stats = [this](auto wish, auto done) { note(stats_read, wish, done); };
    g.read_schedule_of
      = [this](auto wish, auto done) { note(schedule, wish.which, done); };
    g.backfill = [this](auto wish, auto done) { note(backfilled, wish, done); };
    g.act_on_schedule_of
      = [this](auto wish, auto done) { note(schedule_acted, wish, done); };
    g.trigger = [this](auto wish, auto done) { note(triggered, wish, done); };
    g.create_hold_of
      = [this](auto wish, auto done) { note(hold_made, wish, done); };
    g.list_of_holds
      = [this](auto wish, auto done) { note(holds_listed, wish, done); };
    g.read_hold
      = [this](auto which, auto done) { note(hold_named, which, done); };
    g.remove_hold
      = [this](auto which, auto done) { note(hold_named, which, done); };
    g.put_kept_of
      = [this](auto wish, auto done) { note(kept_put, wish, done); };
    g.read_kept_of
      = [this](auto which, auto done) { note(kept_named, which, done); };
    g.remove_kept_of
      = [this](auto which, auto done) { note(kept_named, which, done); };
    g.ping_subscription = g.redeliver = [this](auto wish, auto done) {
      note(acted_on_subscription, wish, done);
    };
    g.list_of_kept
      = [this](auto wish, auto done) { note(kept_listed, wish, done); };
    g.list_runs_of
      = [this](auto wish, auto done) { note(runs_listed, wish, done); };
    g.create_token_of
      = [this](auto wish, auto done) { note(token_made, wish, done); };
    g.list_of_tokens
      = [this](auto wish, auto done) { note(tokens_listed, wish, done); };
    g.read_token = [this](auto which, auto done) { note(token, which, done); };
    g.remove_token
      = [this](auto which, auto done) { note(token, which, done); };
    g.list_of_audit
      = [this](auto wish, auto done) { note(audit_listed, wish, done); };
    g.verify_audit_of
      = [this](auto wish, auto done) { note(audit_verified, wish, done); };
    g.lifecycle_position = [](const auto&) { return sequence{0}; };
    g.lifecycle = [this](auto& want, auto after, auto limit, auto done) {
      lifecycle_wanted = want;
      tell_history({}, after, limit, done);
    };
    g.observe_lifecycle = [this](auto changed) { return observe(changed); };
    g.history = [this](const auto& wish, auto after, auto limit, auto done) {
      history_asked = wish;
      tell_history(wish, after, limit, done);
    };
    g.observe = [this](auto, auto changed) { return observe(changed); };
    g.metrics = [] { return std::string{"pawl_up 1\n"}; };
    g.unready = [this] { return unready; };
    return g;
  }

  /// Waits until a callback is kept and returns the oldest.
  actors::reply_to kept() {
    std::unique_lock hold{lock_};
    asked_.wait_for(hold, std::chrono::seconds{10},
                    [this] { return !kept_.empty(); });
    return kept_.at(0);
  }

  /// Commits one more fact to the one history there is, from any thread.
  void commit(std::string type, bool last = false) {
    std::vector<std::function<void()>> rings;
    {
      const std::lock_guard hold{lock_};
      const auto n = history_.size() + 1;
      history_.push_back({n, type,
                          R"({"sequence":)" + std::to_string(n) + R"(,"type":")"
                            + type + R"("})"});
      ended_ = last;
      for (const auto& w : watchers_)
        rings.push_back(w.second);
    }
    for (const auto& ring : rings)
      ring();
  }
  std::size_t watcher_count() {
    const std::lock_guard hold{lock_};
    return watchers_.size();
  }
  /// Makes history() refuse.
  std::optional<actors::refusal> no_history;

private:
  struct watching : actors::watch {
    fake_daemon& in;
    std::size_t number;
    watching(fake_daemon& daemon, std::size_t n) : in{daemon}, number{n} {}
    ~watching() override {
      const std::lock_guard hold{in.lock_};
      std::erase_if(in.watchers_,
                    [&](const auto& w) { return w.first == number; });
    }
  };

  template <class T>
  void note(std::optional<T>& where, T& what, const actors::reply_to& done) {
    std::unique_lock hold{lock_};
    where = std::move(what);
    if (silent) {
      kept_.push_back(done);
      asked_.notify_all();
    } else {
      hold.unlock();
      done(next);
    }
  }

  void tell_history(const actors::instance_ref&, sequence after,
                    std::uint32_t limit, const actors::history_reply& done) {
    if (no_history)
      return done(*no_history);
    actors::history_page page;
    {
      const std::lock_guard hold{lock_};
      for (const auto& item : history_)
        if (item.number > after && page.items.size() < limit)
          page.items.push_back(item);
      const auto last = page.items.empty() ? after : page.items.back().number;
      page.ended = ended_ && last >= history_.size();
    }
    done(std::move(page));
  }

  std::unique_ptr<actors::watch> observe(std::function<void()> changed) {
    const std::lock_guard hold{lock_};
    watchers_.emplace_back(++watch_number_, std::move(changed));
    return std::make_unique<watching>(*this, watch_number_);
  }

  std::mutex lock_;
  std::condition_variable asked_;
  std::vector<actors::reply_to> kept_;
  std::vector<actors::history_page::item> history_;
  bool ended_ = false;
  std::vector<std::pair<std::size_t, std::function<void()>>> watchers_;
  std::size_t watch_number_ = 0;
};

} // namespace pawl::test
