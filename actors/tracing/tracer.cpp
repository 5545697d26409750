#include "actors/tracing/tracer.hpp"

#include "actors/context.hpp"
#include "base/log.hpp"
#include "workflow/retry.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <unistd.h>

namespace pawl::actors {

namespace {

constexpr duration answer_within{10'000};
constexpr std::uint64_t answer_bytes_max = 64UL << 10;

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data()
                                                          : "localhost";
}

http_limits limits_of(const config::options& o) {
  return {.connections_max = 1,
          .per_host_max = 1,
          .connect_timeout = std::min(o.steps.connect_timeout, answer_within),
          .call_timeout = answer_within,
          .response_max = answer_bytes_max,
          .redirects_max = 0,
          .ca_file = o.steps.ca_file};
}

export_outcome outcome_of(const http_outcome& how) {
  export_outcome out{.status = how.failure.empty() ? how.status : 0,
                     .detail = how.failure,
                     .retry_after = retry_after_of(how)};
  if (!is_taken(out)) {
    if (out.detail.empty())
      out.detail = "answered with " + std::to_string(how.status);
    return out;
  }
  auto partial = partial_success_of(how.body);
  out.rejected = partial.rejected;
  out.detail = std::move(partial.why);
  return out;
}

/// Adds the headers that the secret `name` holds.
result<> add_headers(http_call& to, const context& ctx,
                     const std::string& name) {
  const error wrong{errc::invalid_input,
                    "The secret '" + name + "' is no object of texts."};
  const auto all = ctx.vault.find(name);
  if (!all)
    return error{all.error().code, "The secret '" + name + "' cannot be had."};
  if (!all->is_object())
    return wrong;
  for (const auto& one : all->get_object()) {
    const auto* text = one.value().if_string();
    if (text == nullptr
        || text->find_first_of(std::string_view{"\r\n\0", 3}) != text->npos)
      return wrong;
    to.headers.emplace_back(one.key(), *text);
  }
  return {};
}

span_sender sender_of(context& ctx) {
  auto http = std::make_shared<http_client>(limits_of(ctx.options));
  return [&ctx, http = std::move(http)](
           std::string body, std::function<void(export_outcome)> done) {
    const auto& to = ctx.options.tracing;
    http_call call{.method = "POST",
                   .uri = to.endpoint,
                   .headers = {{"Content-Type", "application/json"}},
                   .body = std::move(body)};
    if (!to.headers.empty())
      if (const auto added = add_headers(call, ctx, to.headers); !added)
        return done({.status = 0, .detail = added.error().detail});
    http->start(std::move(call),
                [done = std::move(done)](const http_outcome& how) {
                  done(outcome_of(how));
                });
  };
}

} // namespace

tracer::tracer(span_sender send, terms how)
    : on_{send != nullptr}, send_{std::move(send)}, host_{std::move(how.host)},
      queue_{how.bounds} {
  if (on())
    thread_ = std::thread{[this] { run(); }};
}

tracer::~tracer() {
  stop(duration{0});
}

void tracer::add(std::vector<trace_span> made) {
  if (made.empty() || !on())
    return;
  {
    const std::lock_guard hold{lock_};
    queue_.add(std::move(made), steady::now());
  }
  changed_.notify_all();
}

void tracer::run() {
  std::unique_lock hold{lock_};
  while (!end_) {
    if (send_next(hold, false))
      continue;
    const auto woken
      = [this, due = queue_.due()] { return end_ || queue_.due() != due; };
    if (const auto due = queue_.due())
      changed_.wait_until(hold, *due, woken);
    else
      changed_.wait(hold, woken);
  }
  while (send_next(hold, true) && !is_passing(*answer_)) {
  }
  const auto left = queue_.size();
  queue_.give_up();
  hold.unlock();
  if (left > 0)
    log::warn("tracing.left_behind", {{"spans", std::uint64_t{left}}});
}

// Returns whether there was something.
bool tracer::send_next(std::unique_lock<std::mutex>& hold, bool hurry) {
  const auto now = steady::now();
  if (hurry && now >= *end_)
    return false;
  const auto batch = queue_.next(now, hurry);
  if (batch.empty())
    return false;
  answer_.reset();
  const auto mine = ++ticket_;
  hold.unlock();
  // The batch stays as it is until it is settled, here.
  auto body = otlp_of(batch, host_);
  send_(std::move(body), [weak = weak_from_this(), mine](export_outcome how) {
    const auto me = weak.lock();
    if (!me)
      return;
    {
      const std::lock_guard inner{me->lock_};
      if (me->ticket_ == mine)
        me->answer_ = std::move(how);
    }
    me->changed_.notify_all();
  });
  hold.lock();
  while (!answer_) {
    if (!end_)
      changed_.wait(hold);
    else if (changed_.wait_until(hold, *end_) == std::cv_status::timeout)
      break;
  }
  if (!answer_)
    answer_ = export_outcome{.status = 0, .detail = "no answer in time"};
  ++ticket_; // What comes now comes too late.
  queue_.settle(*answer_, steady::now());
  note(*answer_);
  return true;
}

// Once each time that it begins, changes or ends: the metric tells how many.
void tracer::note(const export_outcome& how) {
  const bool fails = !is_taken(how) || how.rejected > 0;
  if (fails && failing_ != how.status)
    log::warn("tracing.failing", {{"status", std::uint64_t{how.status}},
                                  {"rejected", how.rejected},
                                  {"detail", how.detail}});
  else if (!fails && failing_)
    log::info("tracing.works_again", {{"dropped", queue_.counted().dropped},
                                      {"rejected", queue_.counted().rejected}});
  failing_ = fails ? std::optional{how.status} : std::nullopt;
}

void tracer::stop(duration patience) {
  if (!thread_.joinable())
    return;
  {
    const std::lock_guard hold{lock_};
    end_ = steady::now() + patience;
  }
  changed_.notify_all();
  thread_.join();
  send_ = nullptr; // Nothing comes back any more.
}

std::string tracer::metrics() const {
  if (!on())
    return {};
  const std::lock_guard hold{lock_};
  const auto& c = queue_.counted();
  return fmt::format(
    "# HELP pawl_trace_spans_total Spans, by what became of them.\n"
    "# TYPE pawl_trace_spans_total counter\n"
    "pawl_trace_spans_total{{outcome=\"exported\"}} {}\n"
    "pawl_trace_spans_total{{outcome=\"dropped\"}} {}\n"
    "pawl_trace_spans_total{{outcome=\"rejected\"}} {}\n"
    "# HELP pawl_trace_spans_waiting Spans that wait to leave.\n"
    "# TYPE pawl_trace_spans_waiting gauge\n"
    "pawl_trace_spans_waiting {}\n",
    c.exported, c.dropped, c.rejected, queue_.size());
}

std::shared_ptr<tracer> make_tracer(context& ctx) {
  const auto& o = ctx.options.tracing;
  return std::make_shared<tracer>(
    o.endpoint.empty() ? span_sender{} : sender_of(ctx),
    tracer::terms{.bounds = {.every = o.every, .max = o.queue_max},
                  .host = host_name()});
}

} // namespace pawl::actors
