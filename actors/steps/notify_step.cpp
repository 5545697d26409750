#include "actors/notify/channels.hpp"
#include "actors/notify/mail.hpp"
#include "actors/notify/message_post.hpp"
#include "actors/steps/http_exchange.hpp"
#include "actors/steps/mail_client.hpp"

#include <mutex>

namespace pawl::actors {

namespace {

/// The key of the effect over all namespaces.
std::string whole_key(const step_order& order) {
  return order.ns + '/' + order.what.effect_key;
}

error no_object() {
  return {errc::invalid_input, "`with` is no object."};
}

/// `call: notify` of a chat or a webhook: an HTTP call.
class chat_step final : public step {
public:
  chat_step(context& ctx, const step_order& order, step_done done)
      : exchange_{ctx, order, std::move(done)} {
    begin(order);
  }

  void give_up(giving_up) override { exchange_.give_up(); }

private:
  void begin(const step_order& order) {
    const auto& given = order.what.arguments->as_object();
    const std::string channel{given.at("channel").as_string()};
    const auto* with = given.at("with").if_object();
    auto made
      = with == nullptr
          ? result<http_request>{no_object()}
          : channel_request(channel, *with, whole_key(order), clock::now());
    if (!made)
      return exchange_.end_with(
        step_failed{error_kind::expression, made.error().detail});
    exchange_.send(std::move(*made), {});
  }

  http_exchange exchange_;
};

/// `call: notify` by mail.
class mail_step final : public step {
public:
  mail_step(context& ctx, const step_order& order, step_done done)
      : post_{*ctx.post}, done_{std::move(done)} {
    begin(ctx, order);
  }
  ~mail_step() override { (void)stop(); }

  void give_up(giving_up) override {
    if (const auto done = stop())
      done(step_stopped{});
  }

private:
  void begin(context& ctx, const step_order& order) {
    const auto& o = ctx.options;
    if (o.smtp.url.empty())
      return end(step_failed{error_kind::configuration,
                             "No mail can be sent: the configuration key "
                             "`smtp.url` is not set."});
    if (auto by = held_by(ctx, order); !by.empty())
      return end(step_held{std::move(by)});
    const auto* with = order.what.arguments->as_object().at("with").if_object();
    auto made = with == nullptr ? result<mail>{no_object()}
                                : mail_of(*with, o.smtp.from);
    if (!made)
      return end(step_failed{error_kind::expression, made.error().detail});
    made->key = whole_key(order);
    made->at = order.since == timestamp{} ? clock::now() : order.since;
    auto job = job_of(ctx, *made);
    if (!job)
      return end(step_failed{error_kind::configuration, job.error().detail});
    const std::lock_guard hold{lock_};
    running_
      = post_.mails().send(std::move(*job), [done = done_](http_outcome how) {
          done(effect_outcome{std::move(how)});
        });
  }

  static std::vector<std::string> held_by(context& ctx,
                                          const step_order& order) {
    const auto& book = ctx.holds.book();
    if (book.empty())
      return {};
    const auto& id = order.flow->id;
    return book.on_call({id.ns, id.name, id.version}, order.what.task,
                        ctx.options.smtp.url);
  }

  static result<mail_job> job_of(const context& ctx, const mail& what) {
    const auto& o = ctx.options;
    mail_job job{.url = o.smtp.url,
                 .user = o.smtp.user,
                 .password = {},
                 .require_tls = o.smtp.require_tls,
                 .ca_file = o.steps.ca_file,
                 .connect_timeout = o.steps.connect_timeout,
                 .timeout = o.steps.call_timeout,
                 .from = what.from.address,
                 .to = {},
                 .text = to_mime(what)};
    for (const auto* all : {&what.to, &what.cc})
      for (const auto& one : *all)
        job.to.push_back(one.address);
    if (o.smtp.password.empty())
      return job;
    const auto secret = ctx.vault.find(o.smtp.password);
    if (!secret || !secret->is_string())
      return error{errc::not_found,
                   "No mail can be sent: the secret '" + o.smtp.password
                     + "', which the configuration key `smtp.password` names, "
                       "cannot be had."};
    job.password = secret->get_string();
    return job;
  }

  void end(step_result how) {
    if (const auto done = stop())
      done(std::move(how));
  }

  /// Whoever gets it has the say.
  step_done stop() {
    const std::lock_guard hold{lock_};
    if (running_)
      post_.mails().cancel(*running_);
    running_.reset();
    return std::exchange(done_, {});
  }

  message_post& post_;
  std::mutex lock_;
  step_done done_; ///< Empty once it was told.
  std::optional<mail_client::ticket> running_;
};

} // namespace

std::unique_ptr<step> start_notify_step(context& ctx, const step_order& order,
                                        step_done done) {
  const auto& kind = std::get<tasks::notify>(order.what.node->kind);
  if (kind.channel == tasks::notify::channel_kind::email)
    return std::make_unique<mail_step>(ctx, order, std::move(done));
  return std::make_unique<chat_step>(ctx, order, std::move(done));
}

} // namespace pawl::actors
