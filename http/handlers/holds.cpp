#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

#include <algorithm>
#include <cctype>

namespace pawl::http::handlers {

namespace {

actors::hold_ref hold_named(const call& from) {
  return {std::string{from.names[0]}, is_admin(from), from.by};
}

void check(member_reader& members, const actors::hold_selector& on) {
  if (on == actors::hold_selector{})
    members.blame(errc::invalid_request, "namespace",
                  "One of namespace, workflow, version, task, queue and host "
                  "must say what is held.");
  if (on.workflow.empty() && !on.version.empty())
    members.blame(errc::invalid_request, "version",
                  "Needs the `workflow` that it is a version of.");
  if (on.workflow.empty() && !on.task.empty())
    members.blame(errc::invalid_request, "task",
                  "Needs the `workflow` that it is a task of.");
  if (!on.queue.empty() && !on.host.empty())
    members.blame(errc::invalid_request, "host",
                  "A job of a queue goes to no host: make two holds.");
  if (on.host.find_first_of("/@ ") != std::string::npos)
    members.blame(errc::invalid_request, "host",
                  "Is a name or address, maybe with a port: `svc.example`, "
                  "`svc.example:8080`.");
}

actors::hold_selector read_selector(const json::value* given,
                                    fault_list& faults) {
  actors::hold_selector on;
  if (given == nullptr) {
    faults.add(errc::invalid_request, "/selector", "Is missing.");
    return on;
  }
  member_reader members{*given, "/selector", faults};
  on.ns = members.text("namespace", 256).value_or("");
  on.workflow = members.text("workflow", 513).value_or("");
  on.version = members.text("version", 256).value_or("");
  on.task = members.text("task").value_or("");
  on.queue = members.text("queue", 256).value_or("");
  on.host = members.text("host", 256).value_or("");
  std::ranges::transform(on.host, on.host.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  if (faults.empty()) {
    if (const auto why = split_workflow(on.ns, on.workflow); !why.empty())
      members.blame(errc::invalid_request, "workflow",
                    "The workflow " + std::string{why});
    check(members, on);
  }
  members.finish();
  return on;
}

} // namespace

outcome create_hold(const call& from) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  member_reader members{sent->body, "", faults};
  actors::create_hold wish{
    .rules = is_admin(from), .once = std::move(sent->once), .by = from.by};
  wish.reason = members.needed_text("reason", 1024);
  if (sent->body.is_object() && wish.reason.empty() && faults.empty())
    members.blame(errc::invalid_request, "reason", "Is empty.");
  wish.until = members.time("until");
  if (wish.until && *wish.until <= clock::now())
    members.blame(errc::invalid_request, "until", "Has passed.");
  const auto* selector = members.take("selector");
  if (sent->body.is_object())
    wish.on = read_selector(selector, faults);
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::create_hold_of, std::move(wish));
}

outcome list_holds(const call& from) {
  fault_list faults;
  actors::list_holds wish;
  wish.ns = text_of(from, "namespace").value_or("");
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  wish.by = from.by;
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_of_holds, std::move(wish));
}

outcome read_hold(const call& from) {
  return ask(from, &actors::gateway::read_hold, hold_named(from));
}

outcome release_hold(const call& from) {
  if (auto once = once_of(from, {}); !once)
    return refuse(once.error(), from);
  return ask(from, &actors::gateway::remove_hold, hold_named(from));
}

} // namespace pawl::http::handlers
