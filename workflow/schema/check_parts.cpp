#include "workflow/near_miss.hpp"
#include "workflow/schema/checker.hpp"
#include "workflow/schema/describe.hpp"

namespace pawl::schemas {

bool checker::check_array(const node& by, const json::array& list,
                          const path& at, marks& own) {
  bool good = true;
  if (by.min_items && list.size() < *by.min_items)
    good = blame(at, "it must have at least " + std::to_string(*by.min_items)
                       + " elements");
  if (by.max_items && list.size() > *by.max_items)
    good = blame(at, "it must have at most " + std::to_string(*by.max_items)
                       + " elements");
  if (by.unique_items && !are_unique(list))
    good = blame(at, "its elements must differ from one another");
  for (std::size_t i = 0; i < list.size() && !done(good); ++i) {
    const auto* rule = i < by.prefix.size() ? by.prefix[i] : by.items;
    if (rule == nullptr)
      continue;
    marks inner;
    good = apply(*rule, list[i], {&at, {}, i, true}, inner) && good;
    mark(own, i);
  }
  return check_contains(by, list, at, own) && good;
}

bool checker::check_contains(const node& by, const json::array& list,
                             const path& at, marks& own) {
  if (by.contains == nullptr)
    return true;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < list.size() && !spent_; ++i) {
    marks inner;
    if (passes(*by.contains, list[i], {&at, {}, i, true}, inner)) {
      ++count;
      mark(own, i);
    }
  }
  if (count < by.min_contains)
    return blame(at, "it must contain at least "
                       + std::to_string(by.min_contains)
                       + " elements as the schema's 'contains' says, not "
                       + std::to_string(count));
  if (by.max_contains && count > *by.max_contains)
    return blame(at, "it must contain at most "
                       + std::to_string(*by.max_contains)
                       + " elements as the schema's 'contains' says, not "
                       + std::to_string(count));
  return true;
}

bool checker::check_object(const node& by, const json::object& object,
                           const path& at, marks& own) {
  bool good = true;
  if (by.min_properties && object.size() < *by.min_properties)
    good = blame(at, "it must have at least "
                       + std::to_string(*by.min_properties) + " members");
  if (by.max_properties && object.size() > *by.max_properties)
    good = blame(at, "it must have at most "
                       + std::to_string(*by.max_properties) + " members");
  charge(by.required.size() + by.dependent_required.size());
  for (const auto& name : by.required)
    if (!object.contains(name))
      good = blame(at, "the member " + quoted(name) + " is missing");
  for (const auto& [name, needed] : by.dependent_required)
    for (const auto& other : needed)
      if (object.contains(name) && !object.contains(other))
        good = blame(at, "the member " + quoted(other) + " is missing, which "
                           + quoted(name) + " needs");
  for (std::size_t i = 0; i < object.size() && !done(good); ++i)
    good = check_member(by, object, {&at, {}, i, false}, own) && good;
  return good;
}

bool checker::check_member(const node& by, const json::object& object, path at,
                           marks& own) {
  const auto& member = *(object.begin() + at.index);
  at.key = view(member.key());
  bool good = true;
  marks inner;
  if (by.names != nullptr) {
    const json::value name(member.key());
    if (!passes(*by.names, name, at, inner))
      good = blame(*at.up, "the name " + quoted(at.key)
                             + " is not allowed for a member");
  }
  bool known = false;
  if (const auto found_at = by.properties.find(at.key);
      found_at != by.properties.end()) {
    known = true;
    good = apply(*found_at->second, member.value(), at, inner) && good;
  }
  for (const auto& [pattern, rule] : by.patterns) {
    if (!found(*pattern, at.key))
      continue;
    known = true;
    marks also;
    good = apply(*rule, member.value(), at, also) && good;
  }
  if (!known && by.additional != nullptr) {
    known = true;
    marks also;
    good = (by.additional->never
              ? blame(at, "the member " + quoted(at.key) + " is not allowed")
              : apply(*by.additional, member.value(), at, also))
           && good;
  }
  if (known)
    mark(own, at.index);
  return good;
}

bool checker::check_unevaluated(const node& by, const json::value& value,
                                const path& at, marks& own) {
  bool good = true;
  const auto* object = value.if_object();
  if (by.unevaluated_properties != nullptr && object != nullptr)
    for (std::size_t i = 0; i < object->size() && !done(good); ++i) {
      if (own[i])
        continue;
      const auto& member = *(object->begin() + i);
      const path there{&at, view(member.key()), i, false};
      marks inner;
      good
        = (by.unevaluated_properties->never
             ? blame(there,
                     "the member " + quoted(there.key) + " is not allowed")
             : apply(*by.unevaluated_properties, member.value(), there, inner))
          && good;
      own[i] = true;
    }
  const auto* list = value.if_array();
  if (by.unevaluated_items != nullptr && list != nullptr)
    for (std::size_t i = 0; i < list->size() && !done(good); ++i) {
      if (own[i])
        continue;
      marks inner;
      good = apply(*by.unevaluated_items, (*list)[i], {&at, {}, i, true}, inner)
             && good;
      own[i] = true;
    }
  return good;
}

} // namespace pawl::schemas
