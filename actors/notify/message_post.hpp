#pragma once

#include "actors/kept/kept_book.hpp"
#include "actors/notify/event_request.hpp"
#include "actors/notify/outbox.hpp"
#include "actors/steps/mail_client.hpp"
#include "storage/store.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace pawl::actors {

struct context;

/// Brings lifecycle CloudEvents to those who have subscribed to them.
///
/// What fits a subscription is written with the turn that it is of, and
/// forgotten once the receiver has taken it: at least once, under the same id,
/// those of one instance in their order (outbox.hpp). What cannot be delivered
/// is set aside as dead. Every subscription may have one message on its way;
/// `notify.concurrency` more are shared out among them, so that none waits for
/// another.
///
/// Works on a thread of its own, with an HTTP client of its own, so that slow
/// receivers keep no step waiting. Thread safety: every function may be called
/// from any thread, but load(), start() and stop() by one.
class message_post final : public kept_keeper {
public:
  explicit message_post(context& ctx);
  ~message_post() override; ///< As stop().

  [[nodiscard]] result<json::object> read(const kept_ref& which,
                                          const json::value& sent) override;
  void changed(const std::string& ns, const std::string& name,
               const kept_thing* now) override;
  [[nodiscard]] json::object shown(const kept_thing& what) override;

  /// Counts what the store holds. Before the actors start.
  void load();
  /// Once the writer lives.
  void start();
  /// Begins nothing more, waits a moment for what is on its way, and ends. What
  /// is left is taken up after the next start of the daemon.
  void stop();

  /// Whether anybody has subscribed to anything: if not, address() need not be
  /// called. Costs next to nothing.
  [[nodiscard]] bool wanted() const { return wanted_; }
  /// Who is to get which of these CloudEvents: to be written with their turn.
  [[nodiscard]] std::vector<storage::outgoing_message>
  address(const event_origin& from, const std::vector<datum>& events);
  /// What was written with a turn is durable.
  void posted(std::span<const storage::outgoing_message> what);

  /// Sends one event, which is not kept, now. Tells how it went, once: `{
  /// delivered, status, detail, tookMs }`; nothing if there is no such
  /// subscription. Blocks for reading secrets, which is short.
  void ping(const std::string& ns, const std::string& name,
            std::function<void(std::optional<json::object>)> then);

  /// A page of the dead messages of a subscription, in the order in which they
  /// came: `{items, nextCursor}`; `cursor` is the id of the last one seen, ""
  /// for none. Any thread; reads the store.
  /// Fails with errc::not_found, errc::corrupt.
  [[nodiscard]] result<json::object> list_dead(const list_kept& what) const;
  /// One of them, with its event. As list_dead.
  [[nodiscard]] result<json::object> read_dead(const kept_ref& which) const;
  /// Lets dead messages of a subscription be tried again, all of them if `ids`
  /// is empty, and returns how many. On the writer's thread.
  /// Fails with errc::not_found, then nothing is changed; errc::io.
  result<std::uint64_t> redeliver(storage::store& in, const kept_ref& of,
                                  std::span<const std::string> ids);
  /// Forgets a dead message. As redeliver.
  result<> discard(storage::store& in, const kept_ref& which);

  /// What sends mail, for `call: notify`.
  [[nodiscard]] mail_client& mails() { return mails_; }

  /// What is counted of each subscription, as Prometheus text.
  [[nodiscard]] std::string metrics() const;

private:
  struct box;
  struct gone_dead;
  struct mailbox;
  struct ended;
  using box_ptr = std::shared_ptr<box>;
  using key = std::pair<std::string, std::string>; ///< Namespace, name.

  void run();
  std::optional<timestamp> work(timestamp now);
  void settle(timestamp now);
  void settle_one(const ended& what, timestamp now);
  void write(box& of);
  void refill(box& of);
  bool send_next(const box_ptr& of, timestamp now);
  void send_extras(const std::vector<box_ptr>& all, timestamp now);
  void pause(const box& of, const std::string& why);
  void forget_all(const std::string& id);
  void were_dead(box& of, const gone_dead& rows, std::int64_t back);
  [[nodiscard]] http_client& http();
  [[nodiscard]] result<std::string> find_secret(const std::string& name) const;
  [[nodiscard]] box_ptr find(const std::string& ns,
                             const std::string& name) const;
  [[nodiscard]] std::vector<box_ptr> boxes() const;

  context& ctx_;
  std::shared_ptr<mailbox> mail_;
  mutable std::mutex lock_; ///< For all below, and what others see of a box.
  std::map<key, box_ptr> boxes_;
  std::atomic<bool> wanted_ = false;
  std::atomic<bool> stopping_ = false;
  std::mutex http_lock_;
  std::unique_ptr<http_client> http_;
  mail_client mails_;
  std::thread thread_;
};

} // namespace pawl::actors
