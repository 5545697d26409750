#include "workflow/approval.hpp"
#include "workflow/shown.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl {

namespace {

approval_name name_of(const instance_state& s, const frame& f) {
  return {s.id, f.id, f.dispatch};
}

json::value due_of_approval(const instance_state& s, const frame& f) {
  for (const auto& [id, t] : s.timers)
    if (t.frame == f.id && t.purpose == timer_purpose::due)
      return json::value(to_text(t.due));
  return nullptr;
}

void add_names(json::object& to, const json::object& from,
               std::string_view member) {
  auto& list = to[member];
  if (!list.is_array())
    list.emplace_array();
  for (const auto& name : from.at(member).as_array())
    if (std::ranges::find(list.get_array(), name) == list.get_array().end())
      list.get_array().push_back(name);
}

// All who may decide; whose turn it is, if they do one after the other.
void add_approvers(json::object& to, const frame& f) {
  const auto& by = f.arguments->as_object().at("approvers").as_object();
  const auto* more = by.if_contains("escalatedTo");
  for (const auto* member : {"groups", "users"}) {
    add_names(to, by, member);
    if (more != nullptr)
      add_names(to, more->as_object(), member);
  }
  to["mode"] = by.at("mode");
  if (const auto* quorum = by.if_contains("quorum"))
    to["quorum"] = *quorum;
  if (more != nullptr)
    to["escalatedTo"] = *more;
  if (const auto turn = turn_of(panels_of(f).front(), f.votes))
    to["turn"] = {{turn->is_group ? "group" : "user", turn->name}};
}

json::array votes_of(const frame& f) {
  json::array votes;
  for (const auto& cast : f.votes)
    votes.emplace_back(show(cast));
  return votes;
}

} // namespace

json::object show(const vote& cast) {
  json::object out{{"by", cast.by},
                   {"outcome", cast.outcome},
                   {"comment", cast.comment.empty()
                                 ? json::value{}
                                 : json::value(cast.comment)},
                   {"data", *cast.data},
                   {"at", to_text(cast.at)}};
  if (!cast.group.empty())
    out["group"] = cast.group;
  if (cast.automatic)
    out["automatic"] = true;
  return out;
}

json::object waiting_for_people(const instance_state& s, const frame& f) {
  json::object out{{"kind", "approval"},
                   {"id", to_text(name_of(s, f))},
                   {"title", f.arguments->as_object().at("title")}};
  add_approvers(out, f);
  out["due"] = due_of_approval(s, f);
  out["votes"] = votes_of(f);
  return out;
}

json::object show_approval(const instance_state& s, const definition& of,
                           const frame& f) {
  const auto& node = of.tasks[*f.node];
  const auto& with = f.arguments->as_object();
  json::object out{{"id", to_text(name_of(s, f))},
                   {"status", "open"},
                   {"instance", s.id},
                   {"namespace", s.ns},
                   {"workflow",
                    {{"namespace", s.workflow.ns},
                     {"name", s.workflow.name},
                     {"version", s.workflow.version}}},
                   {"task", node.pointer},
                   {"title", with.at("title")},
                   {"data", with.at("data")}};
  if (const auto lane = lane_of(s, f); lane > 0)
    out["iteration"] = lane;
  add_approvers(out, f);
  for (const auto* member : {"fourEyes", "commentRequired"})
    out[member] = with.at(member);
  if (!s.started_by.empty())
    out["startedBy"] = s.started_by;
  const auto& written = node.source.as_object();
  if (const auto* given = written.if_contains("with");
      given != nullptr && given->is_object())
    if (const auto* schema = given->get_object().if_contains("dataSchema"))
      out["dataSchema"] = *schema;
  out["since"] = to_text(f.started);
  out["due"] = due_of_approval(s, f);
  out["votes"] = votes_of(f);
  out["allowedActions"]
    = takes_votes(s) ? approval_actions(s, f) : json::array{};
  return out;
}

json::array approval_actions(const approval_name& which,
                             std::string_view title) {
  constexpr std::pair<std::string_view, std::string_view> ways[]
    = {{"approve", "approved"}, {"reject", "rejected"}};
  json::array all;
  for (const auto& [name, outcome] : ways)
    all.emplace_back(json::object{{"name", name},
                                  {"method", "POST"},
                                  {"href", "/v1/approvals/" + to_text(which)},
                                  {"title", title},
                                  {"body", {{"outcome", outcome}}}});
  return all;
}

json::array approval_actions(const instance_state& s, const frame& f) {
  return approval_actions(
    name_of(s, f),
    std::string_view{f.arguments->as_object().at("title").as_string()});
}

} // namespace pawl
