#include "access/scope.hpp"

#include <algorithm>

namespace pawl::access {

namespace {

bool holds(const std::vector<std::string>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

bool serves(const binding& b, role wanted, std::string_view of) {
  return b.is == wanted && (of.empty() || b.of == "*" || b.of == of);
}

bool satisfies(const binding& b, need what, std::string_view of) {
  if (b.is == role::admin || what == need::open)
    return true;
  switch (what) {
  case need::view:
  case need::view_all:
    return b.is != role::worker && b.is != role::approver;
  case need::operate:
    return b.is == role::operator_ && b.event_types.empty();
  case need::send:
    return b.is == role::operator_;
  case need::write:
    return b.is == role::author;
  case need::work:
    return serves(b, role::worker, of);
  case need::approve:
    return serves(b, role::approver, of);
  case need::decide:
    return b.is == role::approver
           || (b.is == role::operator_ && b.event_types.empty());
  case need::consult:
    return b.is != role::worker;
  case need::open:
  case need::rule:
    break;
  }
  return false;
}

} // namespace

std::string_view role_for(need what) {
  switch (what) {
  case need::operate:
  case need::send:
    return "operator";
  case need::write:
    return "author";
  case need::work:
    return "worker";
  case need::approve:
  case need::decide:
    return "approver";
  case need::rule:
    return "admin";
  case need::open:
  case need::view:
  case need::view_all:
  case need::consult:
    break;
  }
  return "viewer";
}

scope::scope(const std::vector<binding>& roles, need what,
             std::string_view of) {
  const bool everywhere = what == need::view_all || what == need::rule;
  for (const auto& b : roles) {
    if (!satisfies(b, what, of))
      continue;
    const bool whole = b.definitions.empty();
    if (holds(b.namespaces, "*") && whole
        && (b.event_types.empty() || what != need::send)) {
      *this = all();
      return;
    }
    if (everywhere)
      continue;
    for (const auto& ns : b.namespaces)
      places_.push_back(
        {ns, b.definitions,
         what == need::send ? b.event_types : std::vector<std::string>{}});
  }
}

bool scope::covers(std::string_view ns, std::string_view definition) const {
  return all_ || std::ranges::any_of(places_, [&](const place& p) {
           return p.is_in(ns)
                  && (p.definitions.empty()
                      || holds(p.definitions, definition));
         });
}

bool scope::covers_all_of(std::string_view ns) const {
  return all_ || std::ranges::any_of(places_, [&](const place& p) {
           return p.is_in(ns) && p.definitions.empty();
         });
}

bool scope::covers_event(std::string_view ns, std::string_view definition,
                         std::string_view type) const {
  return all_ || std::ranges::any_of(places_, [&](const place& p) {
           return p.is_in(ns)
                  && (p.definitions.empty() || holds(p.definitions, definition))
                  && (p.event_types.empty() || holds(p.event_types, type));
         });
}

std::optional<std::vector<std::string>> scope::namespaces() const {
  if (all_)
    return std::nullopt;
  std::vector<std::string> out;
  for (const auto& p : places_) {
    if (p.ns == "*")
      return std::nullopt;
    if (!holds(out, p.ns))
      out.push_back(p.ns);
  }
  return out;
}

} // namespace pawl::access
