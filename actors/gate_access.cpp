#include "actors/gate.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

error no_instance() {
  return {errc::not_found, "There is no instance with this id."};
}

error several() {
  return {errc::ambiguous, "Several namespaces have an instance with this id."};
}

} // namespace

std::optional<storage::audit_entry> note_of(const mandate_ptr& by,
                                            std::string ns, std::string target,
                                            std::string reason) {
  if (by == nullptr)
    return std::nullopt;
  if (reason.empty())
    reason = by->why;
  return storage::audit_entry{.at = clock::now(),
                              .who = by->who,
                              .from = by->from,
                              .action = by->action,
                              .ns = std::move(ns),
                              .target = std::move(target),
                              .reason = std::move(reason),
                              .status = 200};
}

refusal forbidden(const access::mandate& by, const std::string& ns) {
  refusal no{.what
             = {errc::invalid_request,
                "This needs the role " + by.role
                  + (ns.empty() ? " in all namespaces."
                                : " for it in the namespace " + ns + ".")}};
  no.role = by.role;
  no.members["role"] = by.role;
  return no;
}

std::vector<std::string> spaces_of(const mandate_ptr& by,
                                   const std::string& ns) {
  auto seen = by == nullptr ? std::nullopt : by->sees.namespaces();
  if (!seen)
    return {ns};
  if (!ns.empty())
    std::erase_if(*seen, [&](const auto& each) { return each != ns; });
  std::ranges::sort(*seen);
  return std::move(*seen);
}

// What was purged is told to who saw it: to all of a namespace, since nobody
// knows any more whose instance it was.
error gate::nobody(const instance_ref& which) const {
  const auto buried = ctx_.store.tombstones_of(which.id, clock::now());
  if (!buried)
    return buried.error();
  for (const auto& one : *buried)
    if ((!which.ns || one.ns == *which.ns)
        && access::sees(which.by, one.ns, ""))
      return {errc::purged, "The instance with this id was purged at "
                              + to_text(one.purged) + '.'};
  return no_instance();
}

result<gate::place> gate::resolve(const instance_ref& which) const {
  if (!valid_instance_id(which.id))
    return no_instance();
  if (!access::sees_all(which.by))
    return resolve_seen(which);
  const auto known = ctx_.store.namespaces_of(which.id);
  if (!known)
    return known.error();
  if (known->empty())
    return nobody(which);
  if (which.ns) {
    const auto key = key_of(*which.ns, which.id);
    // Two of several namespaces were told of: this may be another one.
    if (std::ranges::find(*known, *which.ns) == known->end()
        && (known->size() < 2 || !ctx_.store.read_head(key)))
      return nobody(which);
    return place{key, *which.ns};
  }
  if (known->size() > 1)
    return several();
  return place{key_of(known->front(), which.id), known->front()};
}

// Looks nowhere but where the client may see, so that neither the answer nor
// the time it takes depends on what is elsewhere.
result<gate::place> gate::resolve_seen(const instance_ref& which) const {
  auto spaces = spaces_of(which.by, which.ns.value_or(""));
  if (spaces == std::vector<std::string>{""}) {
    auto known = ctx_.store.namespaces_of(which.id);
    if (!known)
      return known.error();
    spaces = std::move(*known);
  }
  std::optional<place> found;
  for (const auto& ns : spaces) {
    const auto key = key_of(ns, which.id);
    const auto head = ctx_.store.read_head(key);
    if (!head && head.error().code == errc::not_found)
      continue;
    if (!head)
      return head.error();
    if (!access::sees(which.by, ns, head->workflow.name))
      continue;
    if (found)
      return several();
    found = place{key, ns};
  }
  if (!found)
    return nobody(which);
  return std::move(*found);
}

std::optional<refusal>
gate::forbids(const mandate_ptr& by, const instance_key& key,
              const std::optional<std::string>& event_type) const {
  if (by == nullptr || by->may.is_all())
    return std::nullopt;
  const auto head = ctx_.store.read_head(key);
  if (!head)
    return refusal{.what = head.error().code == errc::not_found ? no_instance()
                                                                : head.error()};
  const auto& name = head->workflow.name;
  if (event_type ? by->may.covers_event(head->ns, name, *event_type)
                 : by->may.covers(head->ns, name))
    return std::nullopt;
  return forbidden(*by, head->ns);
}

} // namespace pawl::actors
