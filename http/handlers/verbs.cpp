#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

using verb = actors::act_on_instance::verb;

void read_pause(member_reader& members, actors::act_on_instance& wish) {
  const auto mode = members.text("mode");
  if (mode == "interrupt")
    wish.mode = pause_mode::interrupt;
  else if (mode && *mode != "drain")
    members.blame(errc::invalid_request, "mode",
                  "Must be `drain` or `interrupt`.");
  const auto timers = members.text("timers");
  if (timers == "freeze")
    members.blame(errc::unsupported, "timers",
                  "`timers: freeze` is not supported yet.");
  else if (timers && *timers != "run")
    members.blame(errc::invalid_request, "timers",
                  "Must be `run` or `freeze`.");
  members.not_built("until");
}

void read_retry(member_reader& members, actors::act_on_instance& wish) {
  if (const auto* input = members.take("input"))
    wish.input = *input;
  members.not_built("from");
}

outcome act(const call& from, verb what) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  auto found = guards_of(from, from.message.body);
  if (!found)
    return refuse(found.error(), from);
  auto body = body_of(from);
  if (!body)
    return refuse(body.error(), from);
  actors::act_on_instance wish;
  wish.which = std::move(*which);
  wish.what = what;
  wish.if_match = found->if_match;
  wish.once = std::move(found->once);
  fault_list faults;
  member_reader members{*body, "", faults};
  wish.reason = members.text("reason").value_or("");
  if (what == verb::pause)
    read_pause(members, wish);
  if (what == verb::retry)
    read_retry(members, wish);
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return order{
    [&daemon = from.daemon, wish = std::move(wish)](auto done) mutable {
      daemon.act(std::move(wish), std::move(done));
    }};
}

} // namespace

outcome pause(const call& from) {
  return act(from, verb::pause);
}
outcome resume(const call& from) {
  return act(from, verb::resume);
}
outcome cancel(const call& from) {
  return act(from, verb::cancel);
}
outcome retry(const call& from) {
  return act(from, verb::retry);
}

} // namespace pawl::http::handlers
