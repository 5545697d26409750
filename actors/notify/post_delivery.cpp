#include "actors/ask_writer.hpp"
#include "actors/context.hpp"
#include "actors/notify/post_box.hpp"
#include "base/log.hpp"
#include "storage/keys.hpp"
#include "workflow/retry.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <iterator>

/// The thread of message_post: what leaves when, and what comes of it.
namespace pawl::actors {

namespace {

/// The wall clock may be moved, so it is looked at this often.
constexpr duration look_every{1000};
constexpr duration write_again_after{200};
/// How long what is on its way may take when the daemon ends.
constexpr duration patience_at_the_end{1000};
constexpr std::size_t page = 64;
constexpr std::uint64_t answer_bytes_max = 64UL << 10;
constexpr std::uint32_t gone_for_good = 410;

http_limits limits_of(const config::options& o) {
  return {.connections_max = 1024,
          .per_host_max = 256,
          .connect_timeout
          = std::min(o.steps.connect_timeout, o.notify.timeout),
          .call_timeout = o.notify.timeout,
          .response_max = answer_bytes_max,
          .redirects_max = 0,
          .ca_file = o.steps.ca_file};
}

delivery_failure failure_of(const http_outcome& how) {
  return {.detail = how.failure.empty()
                      ? "answered with " + std::to_string(how.status)
                      : how.failure,
          .status = how.status,
          .retry_after = retry_after_of(how)};
}

bool is_taken(const http_outcome& how) {
  return how.failure.empty() && how.status >= 200 && how.status < 300;
}

std::string lane_of(const json::object& event) {
  const auto text = [&](std::string_view key) {
    const auto* value = event.if_contains(key);
    return value != nullptr && value->is_string()
             ? std::string{value->get_string()}
             : std::string{};
  };
  return text("source") + '#' + text("subject");
}

json::object ping_event(const std::string& ns, const std::string& name) {
  const auto now = clock::now();
  return {{"specversion", "1.0"},
          {"id", make_ulid(unix_ms(now), random_entropy())},
          {"source", "/v1/subscriptions/" + name},
          {"type", "io.pawl.subscription.ping.v1"},
          {"time", to_text(now)},
          {"datacontenttype", "application/json"},
          {"data",
           {{"subscription", name},
            {"namespace", ns.empty() ? json::value{} : json::value(ns)}}}};
}

} // namespace

void message_post::start() {
  thread_ = std::thread{[this] { run(); }};
}

void message_post::stop() {
  stopping_ = true;
  mail_->wake();
  if (thread_.joinable())
    thread_.join();
  const std::lock_guard hold{http_lock_};
  http_.reset();
}

void message_post::run() {
  std::optional<timestamp> end;
  for (;;) {
    const auto now = clock::now();
    const auto due = work(now);
    auto rest
      = due ? std::clamp(*due - now, duration{0}, look_every) : look_every;
    if (stopping_) {
      if (!end)
        end = now + patience_at_the_end;
      const auto all = boxes();
      if (now >= *end || std::ranges::all_of(all, [](const auto& of) {
            return of->messages.out() == 0;
          }))
        return;
      rest = duration{20};
    }
    std::unique_lock hold{mail_->lock};
    mail_->come.wait_for(hold, rest, [this] { return mail_->woken; });
    mail_->woken = false;
  }
}

std::optional<timestamp> message_post::work(timestamp now) {
  settle(now);
  const auto all = boxes();
  std::optional<timestamp> due;
  const auto come_at = [&](timestamp at) {
    if (!due || at < *due)
      due = at;
  };
  for (const auto& of : all) {
    if (!of->to_write.empty() || !of->to_erase.empty())
      come_at(now + write_again_after);
    refill(*of);
  }
  if (stopping_)
    return due;
  for (const auto& of : all)
    if (of->messages.out() == 0)
      (void)send_next(of, now);
  send_extras(all, now);
  for (const auto& of : all) {
    const std::lock_guard hold{lock_};
    if (!of->what->paused)
      if (const auto at = of->messages.due(now); at && *at > now)
        come_at(*at);
  }
  return due;
}

// In turns, so that nobody gets all of it.
void message_post::send_extras(const std::vector<box_ptr>& all, timestamp now) {
  std::size_t out = 0;
  for (const auto& of : all)
    out += of->messages.out() > 1 ? of->messages.out() - 1 : 0;
  const std::size_t max = ctx_.options.notify.concurrency;
  for (bool sent = true; sent && out < max;) {
    sent = false;
    for (const auto& of : all) {
      if (out >= max)
        break;
      if (of->messages.out() == 0 || !send_next(of, now))
        continue;
      sent = true;
      ++out;
    }
  }
}

bool message_post::send_next(const box_ptr& of, timestamp now) {
  subscription_ptr who;
  {
    const std::lock_guard hold{lock_};
    if (std::exchange(of->renewed, false))
      of->messages.forgive();
    who = of->what;
    if (who->paused || of->gone)
      return false;
  }
  const auto next = of->messages.next(now);
  if (!next)
    return false;
  auto call = request_of(
    *who, *next->event, [this](const auto& name) { return find_secret(name); },
    now);
  if (!call) {
    http_outcome how;
    how.failure = call.error().detail;
    mail_->deliver({of, next->key, std::move(how)});
    return true;
  }
  http().start(std::move(*call),
               [mail = mail_, of, key = next->key](http_outcome how) {
                 mail->deliver({of, key, std::move(how)});
               });
  return true;
}

void message_post::settle(timestamp now) {
  std::vector<ended> letters;
  {
    const std::lock_guard hold{mail_->lock};
    letters.swap(mail_->letters);
  }
  for (const auto& one : letters)
    settle_one(one, now);
  for (const auto& of : boxes())
    if (!of->to_write.empty() || !of->to_erase.empty())
      write(*of);
}

void message_post::settle_one(const ended& what, timestamp now) {
  auto& of = *what.of;
  if (is_taken(what.how)) {
    of.messages.delivered(what.key);
    of.to_erase.push_back(what.key);
    const std::lock_guard hold{lock_};
    ++of.delivered;
    of.last_success = now;
    return;
  }
  const auto why = failure_of(what.how);
  {
    const std::lock_guard hold{lock_};
    ++of.failed;
    of.last_failure = {now, why.status, why.detail};
  }
  if (why.status == gone_for_good) {
    of.messages.returned(what.key);
    return pause(of, "The receiver answered with 410, Gone.");
  }
  std::map<std::string, std::uint64_t> reasons;
  for (const auto& one : of.messages.failed(what.key, why, now)) {
    const auto own = storage::outgoing_prefix(of.id);
    of.to_write.push_back(
      {storage::outgoing_prefix(dead_queue_id(of.id))
         + one.what.key.substr(own.size()),
       dead_state(to_text(json::value(*one.what.event)), {.reason = one.reason,
                                                          .tries = one.tries,
                                                          .status = one.status,
                                                          .at = now})});
    of.to_erase.push_back(one.what.key);
    ++reasons[one.reason];
  }
  for (const auto& [reason, many] : reasons) {
    log::warn(
      "notify.dead",
      {{"subscription", of.id}, {"messages", many}, {"detail", reason}});
    const std::lock_guard hold{lock_};
    of.count_reason(reason, many);
  }
}

// Until that is done the rows are known as settled, and are not sent again.
void message_post::write(box& of) {
  {
    const std::lock_guard hold{lock_};
    if (of.gone) { // Its rows go with it.
      of.to_write.clear();
      of.to_erase.clear();
      return;
    }
    const std::int64_t max = ctx_.options.notify.queue_max;
    const auto room
      = static_cast<std::size_t>(std::max<std::int64_t>(max - of.dead, 0));
    if (of.to_write.size() > room) {
      of.dropped += of.to_write.size() - room;
      of.to_write.resize(room);
    }
  }
  const auto done
    = ask_writer<bool>(ctx_,
                       [kept = of.to_write,
                        gone = of.to_erase](storage::store& s) -> result<bool> {
                         if (auto how = s.change_outgoing(kept, gone); !how)
                           return how.error();
                         return true;
                       });
  if (!done)
    return;
  for (const auto& one : of.to_erase)
    of.messages.forget(one);
  const std::lock_guard hold{lock_};
  of.pending -= std::ssize(of.to_erase);
  of.dead += std::ssize(of.to_write);
  // Somebody may have put one back before it was forgotten here.
  of.news = of.news || !of.to_write.empty();
  of.oldest = of.messages.oldest();
  of.to_write.clear();
  of.to_erase.clear();
}

void message_post::refill(box& of) {
  {
    const std::lock_guard hold{lock_};
    if (!of.news || of.gone || !of.messages.is_half_empty())
      return;
    of.news = false;
  }
  std::string after;
  bool all = false;
  while (!all && of.messages.has_room()) {
    auto rows = ctx_.store.read_outgoing(of.id, after, page);
    if (!rows) {
      log::error("notify.unreadable",
                 {{"subscription", of.id}, {"detail", rows.error().detail}});
      return;
    }
    all = rows->size() < page;
    for (auto& row : *rows) {
      after = row.key;
      if (of.messages.knows(row.key))
        continue;
      auto read = read_message(row.state);
      if (!read) {
        log::error("notify.unreadable",
                   {{"subscription", of.id}, {"detail", read.error().detail}});
        continue;
      }
      auto lane = lane_of(read->event);
      const auto* time = read->event.if_contains("time");
      const auto at = time != nullptr && time->is_string()
                        ? parse_timestamp(time->get_string())
                        : result<timestamp>{clock::now()};
      of.messages.add(
        {.key = std::move(row.key),
         .lane = std::move(lane),
         .at = at ? *at : clock::now(),
         .event = std::make_shared<const json::object>(std::move(read->event)),
         .bytes = row.state.size()});
    }
  }
  const std::lock_guard hold{lock_};
  of.news = of.news || !all;
  of.oldest = of.messages.oldest();
}

// The subscription is stored as paused, unless it was put anew meanwhile.
void message_post::pause(const box& of, const std::string& why) {
  std::string ns;
  std::string name;
  {
    const std::lock_guard hold{lock_};
    if (of.gone || of.what->paused)
      return;
    ns = of.what->ns;
    name = of.what->name;
  }
  auto seen = ctx_.kept->find(kept_kind::subscription, ns, name);
  if (!seen)
    return;
  log::warn("notify.paused", {{"subscription", of.id}, {"detail", why}});
  seen->body["paused"] = true;
  seen->body["pausedBecause"] = why;
  (void)ask_writer<bool>(
    ctx_, [this, now = std::move(*seen)](storage::store& s) -> result<bool> {
      const auto stands
        = ctx_.kept->find(kept_kind::subscription, now.ns, now.name);
      if (!stands || stands->updated != now.updated)
        return true;
      if (auto done
          = s.put_record(storage::record_kind::subscription, to_record(now));
          !done)
        return done.error();
      ctx_.kept->put(kept_kind::subscription, now);
      return true;
    });
}

http_client& message_post::http() {
  const std::lock_guard hold{http_lock_};
  if (!http_)
    http_ = std::make_unique<http_client>(limits_of(ctx_.options));
  return *http_;
}

result<std::string> message_post::find_secret(const std::string& name) const {
  const auto value = ctx_.vault.find(name);
  if (!value)
    return error{value.error().code,
                 "The secret '" + name + "' cannot be had."};
  if (!value->is_string())
    return error{errc::invalid_input, "The secret '" + name + "' is no text."};
  return std::string{value->get_string()};
}

void message_post::ping(const std::string& ns, const std::string& name,
                        std::function<void(std::optional<json::object>)> then) {
  subscription_ptr who;
  if (const auto of = find(ns, name)) {
    const std::lock_guard hold{lock_};
    who = of->what;
  }
  if (!who || stopping_)
    return then(std::nullopt);
  const auto tell =
    [then = std::move(then),
     since = std::chrono::steady_clock::now()](const http_outcome& how) {
      const auto took = std::chrono::duration_cast<duration>(
        std::chrono::steady_clock::now() - since);
      const bool taken = is_taken(how);
      then(json::object{
        {"delivered", taken},
        {"status", how.status == 0 ? json::value{} : json::value(how.status)},
        {"detail", taken ? json::value{} : json::value(failure_of(how).detail)},
        {"tookMs", took.count()}});
    };
  auto call = request_of(
    *who, ping_event(ns, name),
    [this](const auto& secret) { return find_secret(secret); }, clock::now());
  if (call)
    return void(http().start(std::move(*call), tell));
  http_outcome how;
  how.failure = call.error().detail;
  tell(how);
}

} // namespace pawl::actors
