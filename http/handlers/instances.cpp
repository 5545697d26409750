#include "base/ids.hpp"
#include "http/fields.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/caller.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"
#include "workflow/trace.hpp"

#include <algorithm>

namespace pawl::http::handlers {

namespace {

actors::definition_ref read_workflow(const json::value* value,
                                     fault_list& faults) {
  actors::definition_ref out;
  if (value == nullptr) {
    faults.add(errc::invalid_request, "/workflow", "Is missing.");
    return out;
  }
  member_reader members{*value, "/workflow", faults};
  out.ns = members.needed_text("namespace");
  out.name = members.needed_text("name");
  out.version = members.text("version");
  members.finish();
  return out;
}

actors::start_instance read_start(const call& from, const json::value& body,
                                  fault_list& faults) {
  actors::start_instance wish;
  member_reader members{body, "", faults};
  const auto* workflow = members.take("workflow");
  if (body.is_object())
    wish.workflow = read_workflow(workflow, faults);
  const auto* input = members.take("input");
  wish.input = input == nullptr ? json::value(json::object_kind) : *input;
  wish.id = members.text("id");
  if (wish.id && !valid_instance_id(*wish.id))
    members.blame(errc::invalid_request, "id",
                  "An id is 1 to 128 of A-Z a-z 0-9 . _ -.");
  wish.labels = read_labels(members.take("labels"), faults);
  wish.start_at = members.time("startAt");
  wish.held = members.flag("held").value_or(false);
  wish.by = name_of_caller(from, members);
  members.finish();
  return wish;
}

} // namespace

outcome start_instance(const call& from) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  auto wait = wait_of(from);
  if (!wait)
    return refuse(wait.error(), from);
  fault_list faults;
  auto wish = read_start(from, sent->body, faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  wish.once = std::move(sent->once);
  // One that is none is ignored, as the recommendation has it.
  if (const auto trace = from.message["traceparent"]; is_traceparent(trace))
    wish.traceparent = trace;
  wish.workflow.by = from.by;
  wish.wait = *wait;
  auto out = ask(from, &actors::gateway::start, std::move(wish));
  if (*wait) {
    out.patience = **wait;
    out.tell = telling_wait(**wait);
  }
  return out;
}

outcome list_instances(const call& from) {
  fault_list faults;
  actors::list_instances wish;
  auto of = workflow_of(from, faults);
  wish.ns = std::move(of.ns);
  wish.workflow = std::move(of.name);
  wish.by = from.by;
  wish.version = text_of(from, "version");
  wish.status = status_of(from, faults);
  wish.state = text_of(from, "state");
  wish.labels = parameters_of(from, "label.");
  wish.index = parameters_of(from, "index.");
  wish.started_after = time_of(from, "startedAfter", faults);
  wish.started_before = time_of(from, "startedBefore", faults);
  wish.quarantined = flag_of(from, "quarantined", faults);
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list, std::move(wish));
}

outcome read_instance(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  auto unless = if_none_match(from.message);
  if (!unless)
    return refuse(unless.error(), from);
  auto wait = wait_of(from);
  if (!wait)
    return refuse(wait.error(), from);
  actors::read_instance wish{std::move(*which), std::nullopt, *unless};
  order out;
  // Without a sequence there is no change to wait for, nor with `*`.
  if (*wait && wish.unless && !wish.unless->any) {
    wish.wait = *wait;
    out.patience = **wait;
    out.tell = telling_wait(**wait);
  }
  out.send = [&daemon = from.daemon, wish = std::move(wish)](auto done) {
    daemon.read(wish, std::move(done));
  };
  return out;
}

outcome explain(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  return ask(from, &actors::gateway::explain, std::move(*which));
}

outcome remove_instance(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  auto found = guards_of(from, {});
  if (!found)
    return refuse(found.error(), from);
  return ask(from, &actors::gateway::remove_instance,
             actors::purge_instance{std::move(*which), found->if_match});
}

} // namespace pawl::http::handlers
