#include "access/binding.hpp"

#include <algorithm>
#include <array>

namespace pawl::access {

namespace {

constexpr std::size_t bindings_max = 64;
constexpr std::size_t names_max = 256;
constexpr std::size_t name_bytes_max = 256;

constexpr std::array<std::string_view, 6> names{"viewer", "operator", "author",
                                                "worker", "approver", "admin"};

json::array to_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts)
    out.emplace_back(text);
  return out;
}

/// Collects the faults of one binding.
class reader {
public:
  reader(const json::value& value, std::string pointer)
      : pointer_{std::move(pointer)}, object_{value.if_object()} {
    if (object_ == nullptr)
      blame("", "Must be an object.");
  }

  void read(binding& out) {
    if (object_ == nullptr)
      return;
    read_role(out);
    out.namespaces = texts("namespaces", true);
    out.definitions = texts("definitions", false);
    out.event_types = texts("eventTypes", false);
    if (!out.event_types.empty() && out.is != role::operator_)
      blame("/eventTypes", "Only an operator sends events.");
    if (!out.definitions.empty()
        && (out.is == role::worker || out.is == role::approver))
      blame("/definitions", "A worker and an approver are bound by their queue "
                            "and their group.");
    for (const auto& member : *object_)
      if (std::ranges::find(known, std::string_view{member.key()})
          == known.end())
        blame("/" + std::string{member.key()}, "Is not known here.");
  }

  std::vector<fault> faults;

private:
  static constexpr std::array<std::string_view, 4> known{
    "role", "namespaces", "definitions", "eventTypes"};

  void blame(const std::string& where, std::string why) {
    faults.push_back({.pointer = pointer_ + where, .detail = std::move(why)});
  }

  void read_role(binding& out) {
    const auto* value = object_->if_contains("role");
    const auto* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr)
      return blame("/role", "Is missing.");
    const std::string_view whole{text->data(), text->size()};
    const auto colon = whole.find(':');
    const auto name = whole.substr(0, colon);
    const auto* const at = std::ranges::find(names, name);
    if (at == names.end())
      return blame("/role", "Is viewer, operator, author, worker:QUEUE, "
                            "approver:GROUP or admin.");
    out.is = static_cast<role>(at - names.begin());
    const bool has_of = out.is == role::worker || out.is == role::approver;
    if (colon != whole.npos)
      out.of = whole.substr(colon + 1);
    if (has_of != !out.of.empty() || out.of.size() > name_bytes_max)
      blame("/role", has_of ? "Names no queue or group: worker:QUEUE, "
                              "approver:GROUP."
                            : "Only worker and approver have a name behind.");
  }

  std::vector<std::string> texts(std::string_view name, bool needed) {
    const auto where = "/" + std::string{name};
    const auto* value = object_->if_contains(name);
    if (value == nullptr) {
      if (needed)
        blame(where, "Is missing: a list, or \"*\" for all.");
      return {};
    }
    if (needed && value->is_string() && value->get_string() == "*")
      return {"*"};
    const auto* list = value->if_array();
    if (list == nullptr || list->empty() || list->size() > names_max) {
      blame(where, "Is a list of 1 to 256 texts.");
      return {};
    }
    std::vector<std::string> out;
    for (const auto& one : *list) {
      const auto* text = one.if_string();
      if (text == nullptr || text->empty() || text->size() > name_bytes_max)
        blame(where, "Is a list of texts of 1 to 256 bytes.");
      else
        out.emplace_back(text->data(), text->size());
    }
    if (needed && out.size() > 1 && std::ranges::find(out, "*") != out.end())
      out = {"*"};
    return out;
  }

  std::string pointer_;
  const json::object* object_;
};

error refused(std::vector<fault> faults) {
  return {errc::invalid_request, "The roles are not right.", std::move(faults)};
}

} // namespace

std::string_view name_of(role r) {
  return names[static_cast<std::size_t>(r)];
}

std::string role_text(const binding& what) {
  std::string out{name_of(what.is)};
  if (!what.of.empty())
    out.append(":").append(what.of);
  return out;
}

json::object to_json(const binding& what) {
  json::object out{{"role", role_text(what)}};
  if (what.namespaces == std::vector<std::string>{"*"})
    out["namespaces"] = "*";
  else
    out["namespaces"] = to_json(what.namespaces);
  if (!what.definitions.empty())
    out["definitions"] = to_json(what.definitions);
  if (!what.event_types.empty())
    out["eventTypes"] = to_json(what.event_types);
  return out;
}

result<binding> read_binding(const json::value& value,
                             const std::string& pointer) {
  binding out;
  reader in{value, pointer};
  in.read(out);
  if (!in.faults.empty())
    return refused(std::move(in.faults));
  return out;
}

result<std::vector<binding>> read_bindings(const json::value& value,
                                           const std::string& pointer) {
  const auto* list = value.if_array();
  if (list == nullptr || list->empty() || list->size() > bindings_max)
    return refused(
      {{.pointer = pointer, .detail = "Is a list of 1 to 64 roles."}});
  std::vector<binding> out;
  std::vector<fault> faults;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto one = read_binding((*list)[i], pointer + "/" + std::to_string(i));
    if (one)
      out.push_back(std::move(*one));
    else
      for (auto& f : one.error().faults)
        faults.push_back(std::move(f));
  }
  if (!faults.empty())
    return refused(std::move(faults));
  return out;
}

} // namespace pawl::access
