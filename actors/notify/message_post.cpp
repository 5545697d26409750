#include "actors/notify/message_post.hpp"

#include "actors/context.hpp"
#include "actors/notify/post_box.hpp"
#include "base/json_member.hpp"
#include "base/log.hpp"
#include "storage/keys.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace pawl::actors {

namespace {

constexpr std::size_t page = 128;
/// Subscriptions that have series of their own; the others share one.
constexpr std::size_t series_max = 100;
constexpr std::string_view queue_full = "too many messages wait";

retry_bounds bounds_of(const config::options::notify_options& o) {
  return {
    .first = duration{1000}, .max = o.retry_max, .give_up_after = o.retry_for};
}

/// All of a queue, page by page.
result<> each_row(const storage::store& in, const std::string& queue,
                  const std::function<void(storage::stored_message&)>& visit) {
  std::string after;
  for (;;) {
    auto rows = in.read_outgoing(queue, after, page);
    if (!rows)
      return rows.error();
    for (auto& row : *rows)
      visit(row);
    if (rows->size() < page)
      return {};
    after = rows->back().key;
  }
}

result<> erase_queue(storage::store& in, const std::string& queue) {
  for (;;) {
    auto rows = in.read_outgoing(queue, "", page);
    if (!rows)
      return rows.error();
    if (rows->empty())
      return {};
    std::vector<std::string> keys;
    for (auto& row : *rows)
      keys.push_back(std::move(row.key));
    if (auto done = in.change_outgoing({}, keys); !done)
      return done;
  }
}

json::value time_or_null(const std::optional<timestamp>& at) {
  return at ? json::value(to_text(*at)) : json::value{};
}

} // namespace

message_post::message_post(context& ctx)
    : ctx_{ctx}, mail_{std::make_shared<mailbox>()} {}

message_post::~message_post() {
  stop();
}

result<json::object> message_post::read(const kept_ref& which,
                                        const json::value& sent) {
  return read_subscription(which.ns, which.rules || which.by == nullptr, sent);
}

void message_post::changed(const std::string& ns, const std::string& name,
                           const kept_thing* now) {
  std::string gone;
  {
    const std::lock_guard hold{lock_};
    auto& of = boxes_[key{ns, name}];
    if (!of)
      of = std::make_shared<box>(queue_id(ns, name),
                                 bounds_of(ctx_.options.notify),
                                 std::hash<std::string>{}(ns + '/' + name));
    if (now != nullptr) {
      of->what = std::make_shared<const subscription>(
        subscription_of(ns, name, now->body));
      of->renewed = of->news = true;
    } else {
      of->gone = true;
      gone = of->id;
      boxes_.erase(key{ns, name});
    }
    wanted_ = std::ranges::any_of(
      boxes_, [](const auto& one) { return !one.second->what->paused; });
  }
  if (!gone.empty())
    forget_all(gone);
  mail_->wake();
}

json::object message_post::shown(const kept_thing& what) {
  auto out = shown_subscription(what.body);
  const auto of = find(what.ns, what.name);
  const std::lock_guard hold{lock_};
  out["pending"] = of ? std::max<std::int64_t>(of->pending, 0) : 0;
  out["oldestPending"]
    = time_or_null(of && of->pending > 0 ? of->oldest : std::nullopt);
  out["dead"] = of ? std::max<std::int64_t>(of->dead, 0) : 0;
  json::object reasons;
  if (of)
    for (const auto& [reason, many] : of->reasons)
      reasons[reason] = many;
  out["deadReasons"] = std::move(reasons);
  out["dropped"] = of ? of->dropped : 0;
  out["lastSuccess"] = time_or_null(of ? of->last_success : std::nullopt);
  out["lastFailure"] = nullptr;
  if (of && of->last_failure)
    out["lastFailure"] = {{"at", to_text(of->last_failure->at)},
                          {"status", of->last_failure->status == 0
                                       ? json::value{}
                                       : json::value(of->last_failure->status)},
                          {"detail", of->last_failure->detail}};
  return out;
}

void message_post::load() {
  for (const auto& of : boxes()) {
    auto done
      = each_row(ctx_.store, of->id, [&](const auto&) { ++of->pending; });
    if (done)
      done = each_row(ctx_.store, dead_queue_id(of->id), [&](const auto& row) {
        ++of->dead;
        if (const auto read = read_message(row.state); read && read->dead)
          of->count_reason(read->dead->reason, 1);
      });
    if (!done)
      log::error("notify.unreadable",
                 {{"subscription", of->id}, {"detail", done.error().detail}});
  }
}

std::vector<storage::outgoing_message>
message_post::address(const event_origin& from,
                      const std::vector<datum>& events) {
  std::vector<storage::outgoing_message> out;
  std::string state;
  const auto now = clock::now();
  for (const auto& event : events) {
    const auto type = text_in(event->as_object(), "type");
    state.clear();
    const std::lock_guard hold{lock_};
    for (const auto& [name, of] : boxes_) {
      if (of->what->paused || !wants(*of->what, from, type))
        continue;
      const std::int64_t max = ctx_.options.notify.queue_max;
      if (of->pending < max) {
        if (state.empty())
          state = message_state(to_text(*event));
        out.push_back({of->id, state});
      } else if (of->dead < max) {
        out.push_back(
          {dead_queue_id(of->id),
           dead_state(to_text(*event),
                      {.reason = std::string{queue_full}, .at = now})});
      } else {
        ++of->dropped;
      }
    }
  }
  return out;
}

void message_post::posted(std::span<const storage::outgoing_message> what) {
  if (what.empty())
    return;
  std::vector<std::string> orphans;
  {
    const std::lock_guard hold{lock_};
    for (const auto& one : what) {
      const auto colon = one.subscription.find(':');
      const auto end = one.subscription.find(':', colon + 1);
      const auto found
        = boxes_.find({one.subscription.substr(0, colon),
                       one.subscription.substr(colon + 1, end - colon - 1)});
      if (found == boxes_.end()) {
        orphans.push_back(one.subscription);
        continue;
      }
      auto& of = *found->second;
      if (end != std::string::npos) {
        ++of.dead;
        of.count_reason(std::string{queue_full}, 1);
      } else {
        ++of.pending;
        of.news = true;
      }
    }
  }
  // It was removed while the turn was on its way.
  for (const auto& id : orphans)
    forget_all(id);
  mail_->wake();
}

void message_post::forget_all(const std::string& id) {
  caf::anon_send(ctx_.writer.get(),
                 write_job{[id](storage::store& s) -> result<> {
                   auto done = erase_queue(s, id);
                   return done ? erase_queue(s, dead_queue_id(id)) : done;
                 }});
}

message_post::box_ptr message_post::find(const std::string& ns,
                                         const std::string& name) const {
  const std::lock_guard hold{lock_};
  const auto found = boxes_.find({ns, name});
  return found == boxes_.end() ? nullptr : found->second;
}

std::vector<message_post::box_ptr> message_post::boxes() const {
  const std::lock_guard hold{lock_};
  std::vector<box_ptr> out;
  for (const auto& [name, of] : boxes_)
    out.push_back(of);
  return out;
}

std::string message_post::metrics() const {
  struct family {
    const char* name;
    const char* type;
    const char* help;
    double (*of)(const box&, timestamp);
  };
  static constexpr family families[] = {
    {"pawl_notify_delivered_total", "counter",
     "Events that subscribers have taken.",
     [](const box& b, timestamp) { return double(b.delivered); }},
    {"pawl_notify_failed_total", "counter",
     "Tries to deliver an event that failed.",
     [](const box& b, timestamp) { return double(b.failed); }},
    {"pawl_notify_dropped_total", "counter",
     "Events for which there was no room, not even among the dead.",
     [](const box& b, timestamp) { return double(b.dropped); }},
    {"pawl_notify_pending", "gauge", "Events on their way to a subscriber.",
     [](const box& b, timestamp) { return double(b.pending); }},
    {"pawl_notify_oldest_seconds", "gauge",
     "How long the oldest of them waits.",
     [](const box& b, timestamp now) {
       return b.pending > 0 && b.oldest
                ? std::max(0.0, double((now - *b.oldest).count()) / 1000)
                : 0.0;
     }},
    {"pawl_notify_dead", "gauge", "Events set aside, not delivered.",
     [](const box& b, timestamp) { return double(b.dead); }},
  };
  const std::lock_guard hold{lock_};
  std::string out;
  if (boxes_.empty())
    return out;
  const auto now = clock::now();
  for (const auto& f : families) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", f.name, f.help,
                       f.type);
    std::size_t told = 0;
    double others = 0;
    for (const auto& [name, of] : boxes_)
      if (told++ < series_max)
        out += fmt::format("{}{{subscription=\"{}/{}\"}} {}\n", f.name,
                           name.first, name.second, f.of(*of, now));
      else if (std::string_view{f.name}.ends_with("_seconds"))
        others = std::max(others, f.of(*of, now));
      else
        others += f.of(*of, now);
    if (told > series_max)
      out += fmt::format("{}{{subscription=\"other\"}} {}\n", f.name, others);
  }
  return out;
}

} // namespace pawl::actors
