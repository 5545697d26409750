#include "actors/gate.hpp"
#include "base/bytes.hpp"

namespace pawl::actors {

void gate::lease(ask_for_jobs what, const reply_to& to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  const auto key = what.once;
  may_serve may;
  if (what.by != nullptr && !what.by->may.is_all())
    may = [by = what.by](const std::string& ns, const std::string& workflow) {
      return access::may(by, ns, workflow);
    };
  once(key, to, [&](reply_to first) {
    ctx_.queues.lease({.queue = std::move(what.queue),
                       .worker = std::move(what.worker),
                       .labels = std::move(what.labels),
                       .max = what.max,
                       .wait = what.wait,
                       .lease = what.lease,
                       .once = std::move(what.once),
                       .may = std::move(may)},
                      std::move(first));
  });
}

namespace {

/// Who shows the token of a lease. It gives no right to a queue that he may not
/// serve.
work_queues::claim claim_of(const lease_wish& what) {
  work_queues::claim out{.token = what.token};
  if (what.proven != nullptr && !what.proven->almighty)
    out.may = [who = what.proven](const auto& queue, const auto& ns,
                                  const auto& workflow) {
      return who->has(access::need::work, queue).covers(ns, workflow);
    };
  if (what.what != lease_wish::verb::heartbeat)
    out.note = note_of(what.by, "", "");
  return out;
}

} // namespace

void gate::act_on_lease(const lease_wish& what, const reply_to& to) {
  using verb = lease_wish::verb;
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  if (what.what == verb::complete || what.what == verb::fail)
    return end_lease(what, to);
  once(what.once, to, [&](const reply_to& first) {
    if (what.what == verb::release)
      return ctx_.queues.release(claim_of(what), what.once, first);
    ctx_.queues.heartbeat({.from = claim_of(what),
                           .progress = what.progress,
                           .checkpoint = what.checkpoint,
                           .extend = what.extend,
                           .once = what.once},
                          first);
  });
}

/// What is recorded of a lease is recorded once: the same again is answered as
/// the first time, anything else is too late.
void gate::end_lease(const lease_wish& what, const reply_to& to) {
  // Another bearer of the token is not told what was told.
  const auto who = what.proven == nullptr ? "" : what.proven->credential;
  const idempotency key{.scope
                        = "lease\n" + to_hex(sha256(what.token + '\n' + who)),
                        .body_digest = what.digest};
  const auto told = [to](reply r) {
    const auto* no = std::get_if<refusal>(&r);
    to(no != nullptr && no->what.code == errc::key_reused ? lost_lease()
                                                          : std::move(r));
  };
  once(key, told, [&](reply_to first) {
    ctx_.queues.report(claim_of(what), {what.output, what.error, what.usage},
                       key, std::move(first));
  });
}

void gate::list_queues(const reply_to& to) {
  json::object body{{"items", ctx_.queues.list()}, {"nextCursor", nullptr}};
  to(answer{.body = to_text(json::value(std::move(body)))});
}

void gate::read_queue(const std::string& name, const reply_to& to) {
  auto found = ctx_.queues.read(name);
  if (!found)
    return to(
      refusal{.what = {errc::not_found, "No job and no worker has named this "
                                        "queue lately."}});
  to(answer{.body = to_text(json::value(std::move(*found)))});
}

} // namespace pawl::actors
