#include "actors/render.hpp"

#include "workflow/approval.hpp"
#include "workflow/shown.hpp"

namespace pawl::actors {

namespace {

json::value time_or_null(const std::optional<timestamp>& t) {
  return t ? json::value(to_text(*t)) : json::value(nullptr);
}

json::value text_or_null(const std::string& json_text) {
  if (json_text.empty())
    return nullptr;
  auto parsed = parse_json(json_text);
  return parsed ? std::move(*parsed) : json::value(nullptr);
}

json::object name_of(const definition_id& id) {
  return {{"namespace", id.ns}, {"name", id.name}, {"version", id.version}};
}

json::value render(const std::optional<storage::quarantine>& q) {
  if (!q)
    return nullptr;
  return json::object{{"reason", q->reason},
                      {"since", to_text(q->since)},
                      {"crashes", q->crashes}};
}

/// Set aside, an instance can only be tried again.
json::array only_retry(std::string_view id) {
  json::array only;
  only.push_back(json::object{{"name", "retry"},
                              {"method", "POST"},
                              {"href", location_of(id) + "/retry"}});
  return only;
}

} // namespace

std::string location_of(std::string_view id) {
  return "/v1/instances/" + std::string{id};
}

json::array actions_of(const storage::head& head) {
  json::array all;
  for (const auto& verb : head.verbs)
    if (verb != "approve" && verb != "reject")
      all.emplace_back(action_of(head.id, verb));
  for (const auto& open : head.approvals)
    for (auto& one :
         approval_actions({head.id, open.frame, open.round}, open.title))
      all.emplace_back(std::move(one));
  for (const auto& [type, route, task] : head.takes)
    all.emplace_back(action_of(head.id, sendable{type, route, task}));
  return all;
}

json::object shown_instance(const instance_state& state, const definition& of,
                            const std::optional<storage::quarantine>& set_aside,
                            redactor_ptr known) {
  auto body = masker{state, of, std::move(known)}.instance(view(state, of));
  if (set_aside) {
    body["quarantined"] = render(set_aside);
    body["allowedActions"] = only_retry(state.id);
  }
  return body;
}

std::string render_instance(const instance_state& state, const definition& of,
                            const std::optional<storage::quarantine>& set_aside,
                            redactor_ptr known) {
  return to_text(
    json::value(shown_instance(state, of, set_aside, std::move(known))));
}

json::object render_head(const storage::head& head,
                         const std::optional<storage::quarantine>& set_aside) {
  json::object labels;
  json::object index;
  for (const auto& [key, value] : head.labels)
    if (key.front() == storage::attribute_mark)
      index[key.substr(1)] = value;
    else
      labels[key] = value;
  json::object item{
    {"id", head.id},
    {"workflow", name_of(head.workflow)},
    {"status", to_text(head.status)},
    {"state", head.state.empty() ? json::value{} : json::value(head.state)},
    {"outcome", text_or_null(head.outcome)},
    {"sequence", head.last},
    {"createdAt", to_text(head.created)},
    {"startedAt", time_or_null(head.started)},
    {"updatedAt", to_text(head.updated)},
    {"endedAt", time_or_null(head.ended)},
    {"labels", std::move(labels)},
    {"error", text_or_null(head.error)},
    {"sizeBytes",
     head.sizes ? json::value(head.sizes->all()) : json::value(nullptr)},
    {"progress",
     json::object{{"completed", head.completed}, {"faulted", head.faulted}}},
    {"allowedActions", set_aside ? only_retry(head.id) : actions_of(head)},
  };
  if (!index.empty())
    item["index"] = std::move(index);
  if (set_aside)
    item["quarantined"] = render(set_aside);
  return item;
}

json::object render_definition(const definition& what,
                               std::optional<timestamp> created,
                               bool with_document) {
  json::array warnings;
  for (const auto& w : what.warnings)
    warnings.push_back(json::object{{"pointer", w.pointer},
                                    {"line", w.line},
                                    {"column", w.column},
                                    {"detail", w.detail}});
  auto body = name_of(what.id);
  body["digest"] = what.digest;
  body["createdAt"] = time_or_null(created);
  body["warnings"] = std::move(warnings);
  body["expressions"] = json::object{{"native", what.native_count},
                                     {"sandboxed", what.sandboxed_count}};
  if (with_document)
    body["document"] = what.document;
  return body;
}

history_page::item render_fact(const storage::history_item& of,
                               const masker* hides) {
  history_page::item item{
    .number = of.number, .type = std::string{type_of(of.fact)}, .json = {}};
  const auto task = task_of(of.fact);
  auto data = to_json(of.fact);
  if (hides != nullptr)
    data = hides->fact(item.type, task, std::move(data));
  item.json = to_text(json::value(json::object{
    {"sequence", of.number},
    {"type", item.type},
    {"time", to_text(of.at)},
    {"task", task.empty() ? json::value(nullptr) : json::value(task)},
    {"data", std::move(data)},
  }));
  return item;
}

} // namespace pawl::actors
