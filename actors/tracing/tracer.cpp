#include "actors/tracing/tracer.hpp"

#include "actors/context.hpp"
#include "base/log.hpp"
#include "workflow/sensitive.hpp"
#include "workflow/trace.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

/// The facts that end a task, each with the frame that it ends.
std::optional<frame_id> ended_by(const event& fact) {
  if (const auto* done = std::get_if<events::task_completed>(&fact))
    return done->frame;
  if (const auto* failed = std::get_if<events::task_faulted>(&fact))
    return failed->frame;
  if (const auto* gone = std::get_if<events::task_cancelled>(&fact))
    return gone->frame;
  if (const auto* left = std::get_if<events::task_skipped>(&fact);
      left != nullptr && left->frame != 0)
    return left->frame;
  return std::nullopt;
}

// Spans leave the daemon, so what is sensitive is hidden in them.
std::string title_of(const json::value& error, const machine& flow) {
  const auto shown = masker{flow.state(), flow.flow()}.anything(error);
  const auto* problem = shown.if_object();
  if (problem == nullptr)
    return {};
  for (const auto* member : {"title", "detail", "type"})
    if (const auto* text = problem->if_contains(member);
        text != nullptr && text->is_string())
      return std::string{text->get_string()};
  return "fault";
}

std::string fault_of(const event& fact, const machine& flow) {
  const auto* failed = std::get_if<events::task_faulted>(&fact);
  return failed != nullptr ? title_of(*failed->error, flow) : std::string{};
}

bool calls_out(const task& node) {
  return std::holds_alternative<tasks::call_http>(node.kind)
         || std::holds_alternative<tasks::call_openapi>(node.kind)
         || std::holds_alternative<tasks::worker_job>(node.kind)
         || std::holds_alternative<tasks::run_workflow>(node.kind)
         || std::holds_alternative<tasks::notify>(node.kind);
}

// What leads to the instance: the span that its `traceparent` names.
std::string parent_of(const instance_state& s) {
  constexpr std::size_t span_at = 36;
  constexpr std::size_t span_size = 16;
  return s.traceparent.empty() ? std::string{}
                               : s.traceparent.substr(span_at, span_size);
}

} // namespace

void tracer::saw(const instance_key& key, std::span<const event> facts,
                 timestamp at, const machine& flow) {
  if (!how_.on)
    return;
  const auto& s = flow.state();
  for (const auto& fact : facts) {
    if (const auto* begun = std::get_if<events::task_started>(&fact)) {
      const auto found = s.frames.find(begun->frame);
      // One that is over within its turn has a name of its own all the same.
      const auto id = found != s.frames.end() && found->second.node
                        ? span_of(effect_key(s, found->second, flow.flow()),
                                  found->second.attempt)
                        : span_of(s.ns + "/" + s.id + begun->task + "/"
                                    + std::to_string(begun->frame),
                                  begun->attempt);
      const std::lock_guard guard{lock_};
      if (open_.size() < open_max)
        open_[{key, begun->frame}] = {id, at, begun->attempt};
    }
    if (const auto frame = ended_by(fact))
      end({key, *frame}, flow, at, fact);
  }
  if (ended(s.status) && std::ranges::any_of(facts, [](const event& fact) {
        return std::holds_alternative<events::instance_completed>(fact)
               || std::holds_alternative<events::instance_faulted>(fact)
               || std::holds_alternative<events::instance_cancelled>(fact);
      }))
    end_instance(flow, at);
  if (ended(s.status)) {
    const std::lock_guard guard{lock_};
    open_.erase(open_.lower_bound({key, 0}),
                open_.upper_bound({key, UINT32_MAX}));
  }
}

void tracer::end(const place& which, const machine& flow, timestamp at,
                 const event& fact) {
  std::optional<open_task> was;
  {
    const std::lock_guard guard{lock_};
    const auto found = open_.find(which);
    if (found == open_.end())
      return;
    was = std::move(found->second);
    open_.erase(found);
  }
  const auto& s = flow.state();
  const std::string pointer{task_of(fact)};
  const auto& node = flow.flow().tasks[flow.flow().by_pointer.at(pointer)];
  const auto type = type_of(fact);
  add({.trace = trace_of(s),
       .id = std::move(was->id),
       .parent = span_of(s),
       .name = node.name,
       .leaves = calls_out(node),
       .begun = was->begun,
       .ended = at,
       .attributes = {{"pawl.instance", json::value(s.id)},
                      {"pawl.namespace", json::value(s.ns)},
                      {"pawl.task", json::value(pointer)},
                      {"pawl.kind", json::value(node.kind_name)},
                      {"pawl.attempt", json::value(std::int64_t{was->attempt})},
                      {"pawl.end", json::value(type.substr(5))}},
       .fault = fault_of(fact, flow)});
}

void tracer::end_instance(const machine& flow, timestamp at) {
  const auto& s = flow.state();
  std::string fault;
  if (s.status == instance_status::faulted)
    fault = title_of(*s.error, flow);
  add({.trace = trace_of(s),
       .id = span_of(s),
       .parent = parent_of(s),
       .name = s.workflow.name,
       .begun = s.started.value_or(s.created),
       .ended = at,
       .attributes = {{"pawl.instance", json::value(s.id)},
                      {"pawl.namespace", json::value(s.ns)},
                      {"pawl.workflow", json::value(s.workflow.name)},
                      {"pawl.version", json::value(s.workflow.version)},
                      {"pawl.status", json::value(to_text(s.status))}},
       .fault = std::move(fault)});
}

void tracer::add(trace_span made) {
  {
    const std::lock_guard guard{lock_};
    if (ready_.size() >= how_.queue_max) {
      ++dropped_;
      return;
    }
    ready_.push_back(std::move(made));
  }
  arm();
}

void tracer::arm() {
  {
    const std::lock_guard guard{lock_};
    if (armed_ || under_way_ || ready_.empty())
      return;
    armed_ = true;
  }
  world_.wake(how_.every, [weak = weak_from_this()] {
    if (const auto me = weak.lock())
      me->flush();
  });
}

void tracer::flush() {
  std::vector<trace_span> batch;
  {
    const std::lock_guard guard{lock_};
    armed_ = false;
    if (under_way_ || world_.closing())
      return;
    batch.swap(ready_);
    under_way_ = !batch.empty();
  }
  if (batch.empty())
    return;
  world_.send(otlp_of(batch),
              [weak = weak_from_this(), count = batch.size()](bool taken) {
                if (const auto me = weak.lock())
                  me->sent(count, taken);
              });
}

// What was not taken is gone: traces are no record.
void tracer::sent(std::size_t count, bool taken) {
  {
    const std::lock_guard guard{lock_};
    under_way_ = false;
    (taken ? exported_ : dropped_) += count;
  }
  arm();
}

std::string tracer::metrics() const {
  if (!how_.on)
    return {};
  const std::lock_guard guard{lock_};
  return "# HELP pawl_trace_spans_total Spans, by what became of them.\n"
         "# TYPE pawl_trace_spans_total counter\n"
         "pawl_trace_spans_total{outcome=\"exported\"} "
         + std::to_string(exported_)
         + "\npawl_trace_spans_total{outcome=\"dropped\"} "
         + std::to_string(dropped_) + "\n";
}

std::shared_ptr<tracer> make_tracer(context& ctx) {
  const auto& o = ctx.options.tracing;
  tracing_world world;
  world.wake = [&ctx](duration after, std::function<void()> then) {
    ctx.deadlines.set(after, std::move(then));
  };
  world.closing = [&ctx] { return ctx.draining.load(); };
  world.send = [&ctx](std::string body, std::function<void(bool)> done) {
    const auto& to = ctx.options.tracing;
    http_call call{.method = "POST",
                   .uri = to.endpoint,
                   .headers = {{"Content-Type", "application/json"}},
                   .body = std::move(body),
                   .timeout = std::chrono::seconds{10}};
    if (!to.headers.empty())
      if (const auto more = ctx.vault.find(to.headers);
          more && more->is_object())
        for (const auto& one : more->get_object())
          if (one.value().is_string())
            call.headers.emplace_back(one.key(), one.value().get_string());
    ctx.http.start(
      std::move(call), [done = std::move(done)](const http_outcome& how) {
        constexpr std::uint32_t good_below = 300;
        const bool taken
          = how.failure.empty() && how.status >= 200 && how.status < good_below;
        if (!taken)
          log::warn("tracing.not_taken", {{"status", std::uint64_t{how.status}},
                                          {"detail", how.failure}});
        done(taken);
      });
  };
  return std::make_shared<tracer>(std::move(world),
                                  tracer::terms{.on = !o.endpoint.empty(),
                                                .every = o.every,
                                                .queue_max = o.queue_max});
}

} // namespace pawl::actors
