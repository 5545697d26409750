#include "tests/conformance/mutants.hpp"

#include <algorithm>

namespace pawl::conformance {

namespace {

/// Every object and list within `value`, that may be changed.
void containers(json::value& value, std::vector<json::value*>& out) {
  if (auto* object = value.if_object()) {
    out.push_back(&value);
    for (auto& member : *object)
      containers(member.value(), out);
  } else if (auto* list = value.if_array()) {
    out.push_back(&value);
    for (auto& item : *list)
      containers(item, out);
  }
}

} // namespace

mutator::mutator(const std::vector<json::value>& examples, std::uint64_t seed)
    : random_{seed} {
  for (const auto& each : examples)
    collect(each);
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

void mutator::collect(const json::value& value) {
  parts_.push_back(&value);
  if (const auto* object = value.if_object())
    for (const auto& member : *object) {
      names_.emplace_back(member.key().data(), member.key().size());
      collect(member.value());
    }
  if (const auto* list = value.if_array())
    for (const auto& item : *list)
      collect(item);
}

json::value mutator::change(json::value document) {
  for (auto n = 1 + below(6) / 4; n > 0; --n)
    change_once(document);
  return document;
}

void mutator::change_once(json::value& document) {
  std::vector<json::value*> all;
  containers(document, all);
  if (all.empty()) {
    document = other_value();
    return;
  }
  auto& chosen = *all[below(all.size())];
  if (auto* object = chosen.if_object())
    change_member(*object);
  else
    change_item(chosen.get_array());
}

void mutator::change_member(json::object& object) {
  const auto action = object.empty() ? 4 : below(6);
  if (action == 4) { // Add.
    const auto name = names_[below(names_.size())];
    auto value = other_value();
    object[name] = std::move(value);
    return;
  }
  const auto at = object.begin() + below(object.size());
  const std::string name{at->key().data(), at->key().size()};
  if (action == 0) { // Drop.
    object.erase(at);
  } else if (action == 1) { // Rename, at the same place.
    json::object renamed;
    const auto other = other_name(name);
    for (auto& member : object)
      renamed[member.key() == at->key() ? json::string_view{other}
                                        : member.key()]
        = member.value();
    object = std::move(renamed);
  } else { // Retype.
    auto value = other_value();
    object[name] = std::move(value);
  }
}

void mutator::change_item(json::array& list) {
  const auto action = list.empty() ? 3 : below(4);
  if (action == 3) {
    auto value = other_value();
    list.push_back(std::move(value));
    return;
  }
  const auto i = below(list.size());
  if (action == 0)
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
  else if (action == 1)
    list.push_back(json::value(list[i]));
  else
    list[i] = other_value();
}

json::value mutator::other_value() {
  static const std::vector<json::value> plain{
    nullptr,
    true,
    0,
    -1,
    1.5,
    3.0,
    "",
    "x",
    "${ .x }",
    "PT1S",
    "end",
    "a b",
    "http://x",
    "/x",
    "1.0.0",
    "latest",
    "data",
    "default",
    ".x",
    json::value(json::array{}),
    json::value(json::object{}),
    json::value(json::array{"a"}),
    json::value(json::array{json::object{}}),
    json::value(json::object{{"a", "b"}}),
    json::value(json::object{{"a", 1}})};
  return below(2) == 0 ? plain[below(plain.size())]
                       : *parts_[below(parts_.size())];
}

std::string mutator::other_name(std::string_view name) {
  switch (below(3)) {
  case 0:
    return std::string{name} + "x";
  case 1:
    return std::string{name.substr(0, name.size() - (name.empty() ? 0 : 1))};
  default:
    return names_[below(names_.size())];
  }
}

} // namespace pawl::conformance
