#include "http/handlers/reading.hpp"

#include "base/bytes.hpp"
#include "http/fields.hpp"

#include <algorithm>
#include <utility>

namespace pawl::http::handlers {

namespace {

std::string named(std::string_view parameter, std::string_view why) {
  return "The query parameter `" + std::string{parameter} + "` "
         + std::string{why};
}

constexpr std::size_t labels_max = 64;
constexpr std::size_t label_bytes_max = 256;

bool is_label_key(std::string_view key) {
  return !key.empty() && key.size() <= 64
         && std::all_of(key.begin(), key.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '.' || c == '_'
                     || c == '-' || c == '/';
            });
}

} // namespace

result<actors::instance_ref> instance_of(const call& from) {
  const std::string id{from.names.front()};
  if (!valid_instance_id(id))
    return error{errc::not_found, "No instance can have this id."};
  return actors::instance_ref{id, text_of(from, "namespace"), from.by};
}

result<guards> guards_of(const call& from, std::string_view content) {
  auto match = if_match(from.message);
  if (!match)
    return match.error();
  auto key = idempotency_key(from.message);
  if (!key)
    return key.error();
  guards out{.if_match = *match, .once = std::nullopt};
  if (!*key)
    return out;
  std::string asked{from.where.query};
  asked.append("\n").append(content);
  std::string scope;
  if (from.who != nullptr)
    scope = from.who->credential;
  scope.append("\n").append(from.message.method).append("\n");
  scope.append(from.where.path).append("\n").append(**key);
  out.once = actors::idempotency{std::move(scope), sha256(asked)};
  return out;
}

result<std::optional<actors::idempotency>> once_of(const call& from,
                                                   std::string_view content) {
  auto found = guards_of(from, content);
  if (!found)
    return found.error();
  if (found->if_match)
    return error{errc::precondition_failed,
                 "Nothing here has an ETag that If-Match could name."};
  return std::move(found->once);
}

result<std::optional<std::chrono::seconds>> wait_of(const call& from) {
  auto wait = prefer_wait(from.message);
  if (wait && *wait)
    *wait = std::min(
      **wait, std::chrono::floor<std::chrono::seconds>(from.options.wait_max));
  return wait;
}

std::function<response(const actors::answer&)>
telling_wait(std::chrono::seconds waited) {
  return [waited](const actors::answer& said) {
    auto out = answer_response(said);
    out.fields.emplace_back("Preference-Applied",
                            "wait=" + std::to_string(waited.count()));
    return out;
  };
}

void read_last_event(const call& from, fault_list& faults, stream& out) {
  if (from.message.count("Last-Event-ID") == 0)
    return;
  out.reconnects = true;
  if (const auto last = parse_sequence(trimmed(from.message["Last-Event-ID"])))
    out.after = *last;
  else
    faults.add(errc::malformed, "",
               "The field Last-Event-ID is a sequence, a whole number.");
}

sequence after_of(const call& from, fault_list& faults) {
  for (const auto* name : {"cursor", "after"}) {
    const auto* text = from.parameter(name);
    if (text == nullptr)
      continue;
    if (auto number = parse_sequence(*text))
      return *number;
    faults.add(errc::malformed, "",
               "The query parameter `" + std::string{name}
                 + "` is a sequence, a whole number from 0.");
  }
  return 0;
}

std::optional<instance_status> status_of(const call& from, fault_list& faults) {
  const auto* text = from.parameter("status");
  if (text == nullptr)
    return std::nullopt;
  const auto status = parse_status(*text);
  if (!status)
    faults.add(errc::invalid_request, "", named("status", "names no status."));
  return status;
}

std::map<std::string, std::string> parameters_of(const call& from,
                                                 std::string_view prefix) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : from.where.parameters)
    if (name.starts_with(prefix))
      out.emplace(name.substr(prefix.size()), value);
  return out;
}

result<json::value> body_of(const call& from) {
  if (from.message.body.empty())
    return json::value(json::object_kind); // Braces would make an array.
  return parse_json(from.message.body);
}

result<mutation> mutation_of(const call& from) {
  auto once = once_of(from, from.message.body);
  if (!once)
    return once.error();
  auto body = body_of(from);
  if (!body)
    return body.error();
  return mutation{std::move(*once), std::move(*body)};
}

std::optional<std::string> text_of(const call& from, std::string_view name) {
  if (const auto* text = from.parameter(name))
    return *text;
  return std::nullopt;
}

std::optional<bool> flag_of(const call& from, std::string_view name,
                            fault_list& faults) {
  const auto* text = from.parameter(name);
  if (text == nullptr)
    return std::nullopt;
  if (*text == "true" || *text == "false")
    return *text == "true";
  faults.add(errc::invalid_request, "", named(name, "is `true` or `false`."));
  return std::nullopt;
}

std::optional<timestamp> time_of(const call& from, std::string_view name,
                                 fault_list& faults) {
  const auto* text = from.parameter(name);
  if (text == nullptr)
    return std::nullopt;
  if (auto time = parse_timestamp(*text))
    return *time;
  faults.add(errc::malformed, "", named(name, "is a time as in RFC 3339."));
  return std::nullopt;
}

std::uint32_t count_of(const call& from, std::string_view name,
                       fault_list& faults) {
  const auto* text = from.parameter(name);
  if (text == nullptr)
    return 100;
  const auto number = parse_sequence(*text);
  if (!number)
    faults.add(errc::malformed, "", named(name, "is a whole number."));
  else if (*number == 0 || *number > from.options.page_max)
    faults.add(
      errc::invalid_request, "",
      named(name, "is 1 to " + std::to_string(from.options.page_max) + "."));
  else
    return static_cast<std::uint32_t>(*number);
  return 100;
}

std::string_view split_workflow(std::string& ns, std::string& workflow) {
  const auto stroke = workflow.find('/');
  if (stroke == std::string::npos)
    return {};
  auto first = workflow.substr(0, stroke);
  workflow.erase(0, stroke + 1);
  if (first.empty() || workflow.empty()
      || workflow.find('/') != std::string::npos)
    return "is a name, or a namespace and a name: `a/b`.";
  if (!ns.empty() && ns != first)
    return "is in another namespace than `namespace` says.";
  ns = std::move(first);
  return {};
}

workflow_filter workflow_of(const call& from, fault_list& faults) {
  workflow_filter out{text_of(from, "namespace"), text_of(from, "workflow")};
  if (!out.name)
    return out;
  auto ns = out.ns.value_or("");
  if (const auto why = split_workflow(ns, *out.name); !why.empty())
    faults.add(errc::invalid_request, "", named("workflow", why));
  if (!ns.empty())
    out.ns = std::move(ns);
  return out;
}

result<page_wish> page_of(const call& from) {
  fault_list faults;
  page_wish out{.limit = {}, .cursor = text_of(from, "cursor")};
  if (from.parameter("limit") != nullptr)
    out.limit = limit_of(from, faults);
  if (!faults.empty())
    return std::move(faults).to_error();
  return out;
}

response tell_page(const actors::answer& said, const page_wish& page,
                   is_behind behind) {
  if (!page.limit && !page.cursor)
    return answer_response(said);
  auto body = parse_json(said.body);
  if (!body)
    return answer_response(said);
  auto& all = body->get_object();
  auto items = std::move(all.at("items").get_array());
  json::array shown;
  for (auto& item : items) {
    const auto name = item.at("name").get_string();
    if (page.cursor && !behind(name, *page.cursor))
      continue;
    if (page.limit && shown.size() == *page.limit) {
      all["nextCursor"] = shown.back().at("name");
      break;
    }
    shown.push_back(std::move(item));
  }
  all["items"] = std::move(shown);
  auto cut = said;
  cut.body = to_text(*body);
  return answer_response(cut);
}

std::uint32_t limit_of(const call& from, fault_list& faults) {
  return count_of(from, "limit", faults);
}

std::map<std::string, std::string> read_labels(const json::value* value,
                                               fault_list& faults) {
  std::map<std::string, std::string> out;
  if (value == nullptr || value->is_null())
    return out;
  const auto* members = value->if_object();
  if (members == nullptr || members->size() > labels_max) {
    faults.add(errc::invalid_request, "/labels",
               "Must be an object of at most 64 texts.");
    return out;
  }
  for (const auto& member : *members) {
    const std::string_view key = member.key();
    const auto* text = member.value().if_string();
    if (!is_label_key(key))
      faults.add(errc::invalid_request, pointer_join("/labels", key),
                 "A label's name is 1 to 64 of A-Z a-z 0-9 . _ - /.");
    else if (text == nullptr || text->size() > label_bytes_max)
      faults.add(errc::invalid_request, pointer_join("/labels", key),
                 "A label is a text of at most 256 bytes.");
    else
      out.emplace(key, std::string{text->data(), text->size()});
  }
  return out;
}

bool is_admin(const call& from) {
  return from.who == nullptr || from.who->almighty
         || !from.who->has(access::need::rule).is_empty();
}

} // namespace pawl::http::handlers
