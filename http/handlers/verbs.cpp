#include "http/handlers/asking.hpp"
#include "http/handlers/caller.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"
#include "http/handlers/verb_arguments.hpp"

namespace pawl::http::handlers {

namespace {

using verb = actors::act_on_instance::verb;

constexpr std::size_t task_bytes_max = 4096; ///< Of a pointer.
constexpr std::int64_t status_max = 999;     ///< Of an error.

void read_pause(member_reader& members, actors::act_on_instance& wish) {
  const auto mode = members.text("mode");
  if (mode == "interrupt")
    wish.mode = pause_mode::interrupt;
  else if (mode && *mode != "drain")
    members.blame(errc::invalid_request, "mode",
                  "Must be `drain` or `interrupt`.");
  const auto timers = members.text("timers");
  if (timers == "freeze")
    wish.freeze = true;
  else if (timers && *timers != "run")
    members.blame(errc::invalid_request, "timers",
                  "Must be `run` or `freeze`.");
  wish.until = members.time("until");
}

void read_retry(member_reader& members, actors::act_on_instance& wish) {
  if (const auto* input = members.take("input"))
    wish.input = *input;
  wish.task = members.text("from").value_or("");
}

void read_redo(member_reader& members, actors::act_on_instance& wish) {
  wish.task = members.needed_text("task", task_bytes_max);
  wish.lane = members.count("iteration").value_or(0);
  if (const auto* input = members.take("input"))
    wish.input = *input;
}

// What a worker may tell as an error, an operator may.
void read_error(const json::value& given, member_reader& members,
                actors::act_on_instance& wish) {
  const auto* problem = given.if_object();
  if (problem == nullptr)
    return members.blame(errc::invalid_request, "error", "Must be an object.");
  for (const auto& member : *problem) {
    const std::string_view name = member.key();
    const auto& value = member.value();
    if (name == "status") {
      const auto* number = value.if_int64();
      if (number == nullptr || *number < 1 || *number > status_max)
        members.blame(errc::invalid_request, "error",
                      "Its `status` must be a whole number from 1 to 999.");
    } else if ((name == "type" || name == "title" || name == "detail")
               && !value.is_string()) {
      members.blame(errc::invalid_request, "error",
                    "Its `" + std::string{name} + "` must be a text.");
    }
  }
  wish.error = *problem;
}

void read_settle(member_reader& members, actors::act_on_instance& wish) {
  wish.task = members.text("task").value_or("");
  wish.lane = members.count("iteration").value_or(0);
  if (wish.what != verb::fail) {
    if (const auto* output = members.take("output"))
      wish.output = *output;
    return;
  }
  if (const auto* problem = members.take("error"))
    read_error(*problem, members, wish);
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
  read_verb_arguments(members, wish);
  wish.dry_run = members.flag("dryRun").value_or(false);
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::act, std::move(wish));
}

} // namespace

void read_verb_arguments(member_reader& members,
                         actors::act_on_instance& wish) {
  const auto what = wish.what;
  if (what == verb::pause)
    read_pause(members, wish);
  if (what == verb::retry)
    read_retry(members, wish);
  if (what == verb::skip || what == verb::complete || what == verb::fail)
    read_settle(members, wish);
  if (what == verb::redo)
    read_redo(members, wish);
  if (what == verb::rollback)
    wish.task = members.needed_text("to", task_bytes_max);
}

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
outcome skip(const call& from) {
  return act(from, verb::skip);
}
outcome complete(const call& from) {
  return act(from, verb::complete);
}
outcome fail(const call& from) {
  return act(from, verb::fail);
}

outcome rollback(const call& from) {
  return act(from, verb::rollback);
}

outcome redo(const call& from) {
  return act(from, verb::redo);
}

outcome restart(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  auto found = guards_of(from, from.message.body);
  if (!found)
    return refuse(found.error(), from);
  auto body = body_of(from);
  if (!body)
    return refuse(body.error(), from);
  actors::restart_instance wish;
  wish.which = std::move(*which);
  wish.if_match = found->if_match;
  wish.once = std::move(found->once);
  fault_list faults;
  member_reader members{*body, "", faults};
  if (const auto* input = members.take("input"))
    wish.input = *input;
  wish.version = members.text("version");
  wish.id = members.text("id");
  wish.labels = read_labels(members.take("labels"), faults);
  wish.held = members.flag("held").value_or(false);
  wish.by = name_of_caller(from, members);
  wish.reason = members.text("reason").value_or("");
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::restart, std::move(wish));
}

} // namespace pawl::http::handlers
