#include "http/handlers/asking.hpp"
#include "http/handlers/caller.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

constexpr std::size_t comment_max = std::size_t{64} * 1024; // Bytes.

actors::approval_ref approval_of(const call& from) {
  return {std::string{from.names.front()}, text_of(from, "namespace"), from.by};
}

std::string outcome_in(member_reader& members) {
  auto outcome = members.needed_text("outcome");
  if (!outcome.empty() && outcome != "approved" && outcome != "rejected")
    members.blame(errc::invalid_request, "outcome",
                  "Must be `approved` or `rejected`.");
  return outcome;
}

} // namespace

outcome list_approvals(const call& from) {
  fault_list faults;
  actors::list_approvals wish;
  auto of = workflow_of(from, faults);
  wish.ns = std::move(of.ns);
  wish.workflow = std::move(of.name);
  wish.group = text_of(from, "group");
  wish.user = text_of(from, "user");
  wish.due_before = time_of(from, "dueBefore", faults);
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  wish.by = from.by;
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_approvals_of, std::move(wish));
}

outcome read_approval(const call& from) {
  return ask(from, &actors::gateway::read_approval, approval_of(from));
}

outcome vote(const call& from) {
  auto found = guards_of(from, from.message.body);
  if (!found)
    return refuse(found.error(), from);
  auto body = body_of(from);
  if (!body)
    return refuse(body.error(), from);
  fault_list faults;
  member_reader members{*body, "", faults};
  actors::vote_on_approval wish{
    .which = approval_of(from),
    .who = approver_of(from, members),
    .outcome = outcome_in(members),
    .comment = members.text("comment", comment_max).value_or(""),
    .if_match = found->if_match,
    .once = std::move(found->once)};
  if (const auto* data = members.take("data"))
    wish.data = *data;
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::vote, std::move(wish));
}

outcome link_approval(const call& from) {
  auto body = body_of(from);
  if (!body)
    return refuse(body.error(), from);
  fault_list faults;
  member_reader members{*body, "", faults};
  actors::link_approval wish{.which = approval_of(from),
                             .who = approver_of(from, members),
                             .outcome = outcome_in(members),
                             .expires = members.time("expires")};
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  const bool secure = !from.options.tls_certificate.empty();
  if (const auto host = trimmed(from.message["Host"]); !host.empty())
    wish.root = (secure ? "https://" : "http://") + std::string{host};
  return ask(from, &actors::gateway::link_approval_of, std::move(wish));
}

} // namespace pawl::http::handlers
