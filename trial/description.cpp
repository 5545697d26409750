#include "trial/reply.hpp"

#include <boost/json/array.hpp>

namespace pawl::trial {

namespace {

json::value part_of(const json::object& of, std::string_view name) {
  const auto* found = of.if_contains(name);
  return found == nullptr ? json::value{} : *found;
}

std::string shown(const json::value& value) {
  if (value.is_null())
    return "(depends on secrets)";
  return value.is_string() ? std::string{value.get_string()} : to_text(value);
}

json::object describe_http(const json::object& arguments) {
  json::object out{{"kind", "http"}, {"method", arguments.at("method")}};
  // The query is part of the URI, unless something of it is not known.
  const bool known = arguments.at("uri").is_string()
                     && arguments.at("headers").is_object()
                     && arguments.at("query").is_object();
  out["uri"]
    = known ? json::value(http_request_of(arguments).uri) : arguments.at("uri");
  if (const auto headers = part_of(arguments, "headers");
      headers.is_object() && !headers.get_object().empty())
    out["headers"] = headers;
  if (const auto body = part_of(arguments, "body"); !body.is_null())
    out["body"] = body;
  return out;
}

json::object describe_openapi(const json::object& arguments) {
  return {{"kind", "openapi"},
          {"operation", part_of(arguments, "operationId")},
          {"document", part_of(arguments.at("document").as_object(), "uri")},
          {"parameters", part_of(arguments, "parameters")}};
}

json::object describe_program(const json::object& arguments) {
  const auto* with = arguments.if_contains("with");
  json::object out{{"kind", "program"},
                   {"program", part_of(arguments, "kind")}};
  if (with == nullptr || !with->is_object())
    return out;
  for (const auto* member : {"command", "image", "arguments", "code"})
    if (const auto* found = with->get_object().if_contains(member))
      out[member] = *found;
  if (const auto* language = arguments.if_contains("language"))
    out["language"] = *language;
  return out;
}

template <class... Kinds>
bool is_one_of(const task& node) {
  return (std::holds_alternative<Kinds>(node.kind) || ...);
}

json::object describe_child(const json::object& arguments) {
  const auto name = [&](std::string_view member) {
    return shown(part_of(arguments, member));
  };
  return {{"kind", "child"},
          {"workflow",
           name("namespace") + "/" + name("name") + "@" + name("version")},
          {"input", part_of(arguments, "input")}};
}

// A key that is written down is none of what is sent.
json::object describe_notify(const json::object& arguments) {
  json::object out{{"kind", "notify"},
                   {"channel", part_of(arguments, "channel")}};
  if (const auto with = part_of(arguments, "with"); with.is_object())
    for (const auto& [name, value] : with.get_object())
      if (name != "secret")
        out[name] = value;
  return out;
}

std::string addresses_of(const json::value& to) {
  if (!to.is_array())
    return shown(to);
  std::string out;
  for (const auto& one : to.get_array())
    out += (out.empty() ? "" : ", ") + shown(one);
  return out;
}

std::string line_of_notify(const json::object& what) {
  const auto channel = shown(part_of(what, "channel"));
  const bool mail = channel == "email";
  auto out = channel
             + (mail ? " to " + addresses_of(part_of(what, "to"))
                     : " " + shown(part_of(what, "url")));
  const auto* said = what.if_contains(mail ? "subject" : "text");
  return said == nullptr ? out : out + ": " + shown(*said);
}

std::string line_of_program(const json::object& what) {
  auto program = shown(part_of(what, "program"));
  for (const auto* member : {"command", "image", "code"})
    if (what.contains(member))
      return program + ": " + shown(part_of(what, member));
  return program;
}

std::string line_without_source(const json::object& description) {
  const auto part
    = [&](std::string_view name) { return shown(part_of(description, name)); };
  const auto kind = part("kind");
  if (kind == "http")
    return part("method") + " " + part("uri");
  if (kind == "openapi")
    return part("operation") + " of " + part("document");
  if (kind == "worker")
    return "queue " + part("queue");
  if (kind == "child")
    return "workflow " + part("workflow");
  if (kind == "approval")
    return "asks: " + part("title");
  if (kind == "event")
    return "awaits " + part("event");
  if (kind == "notify")
    return line_of_notify(description);
  return kind == "program" ? line_of_program(description) : kind;
}

} // namespace

effect_kind effect_of(const task& node) {
  if (is_one_of<tasks::call_http, tasks::call_openapi>(node))
    return effect_kind::http;
  if (is_one_of<tasks::run_program>(node))
    return effect_kind::program;
  if (is_one_of<tasks::run_workflow>(node))
    return effect_kind::child;
  if (is_one_of<tasks::worker_job>(node))
    return effect_kind::worker;
  if (is_one_of<tasks::approval>(node))
    return effect_kind::approval;
  if (is_one_of<tasks::notify>(node))
    return effect_kind::notify;
  const bool harmless
    = is_one_of<tasks::do_block, tasks::set, tasks::switch_on, tasks::for_each,
                tasks::fork, tasks::try_catch, tasks::raise, tasks::wait,
                tasks::call_function, tasks::log, tasks::emit, tasks::listen>(
      node);
  return harmless ? effect_kind::none : effect_kind::unknown;
}

std::string title_of(const task& node) {
  std::string out{node.kind_name};
  const auto* source = node.source.if_object();
  const auto* what
    = source == nullptr ? nullptr : source->if_contains(node.kind_name);
  if (node.kind_name == "call" && what != nullptr && what->is_string())
    return out + " " + std::string{what->get_string()};
  if (node.kind_name == "run" && what != nullptr && what->is_object())
    for (const auto* kind : {"shell", "script", "container", "workflow"})
      if (what->get_object().contains(kind))
        return out + " " + kind;
  return out;
}

json::object description_of(const commands::perform& order) {
  const auto& arguments = order.arguments->as_object();
  const auto& node = *order.node;
  if (std::holds_alternative<tasks::call_openapi>(node.kind))
    return describe_openapi(arguments);
  switch (effect_of(node)) {
  case effect_kind::http:
    return describe_http(arguments);
  case effect_kind::program:
    return describe_program(arguments);
  case effect_kind::child:
    return describe_child(arguments);
  case effect_kind::worker:
    return {{"kind", "worker"},
            {"queue", part_of(arguments, "queue")},
            {"input", part_of(arguments, "input")}};
  case effect_kind::notify:
    return describe_notify(arguments);
  default:
    return {{"kind", title_of(node)}, {"arguments", arguments}};
  }
}

json::object description_of_approval(const json::value& asked) {
  const auto& arguments = asked.as_object();
  json::object out{{"kind", "approval"},
                   {"title", part_of(arguments, "title")},
                   {"approvers", part_of(arguments, "approvers")}};
  if (const auto* data = arguments.if_contains("data"))
    out["data"] = *data;
  return out;
}

std::string line_of(const json::object& description) {
  const auto line = line_without_source(description);
  return description.contains("fromCache") ? line + " (from the cache)" : line;
}

} // namespace pawl::trial
