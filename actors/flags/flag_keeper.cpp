#include "actors/flags/flag_keeper.hpp"

#include "actors/kept/body_checker.hpp"

namespace pawl::actors {

result<json::object> flag_keeper::read(const kept_ref&,
                                       const json::value& sent) {
  body_checker check{"The flag cannot be kept so."};
  const auto* members = sent.if_object();
  if (members == nullptr) {
    check.blame("", "Must be an object with a `value`.");
    return std::move(check).fault();
  }
  const auto* value = members->if_contains("value");
  if (value == nullptr)
    check.blame("/value", "Is missing.");
  else if (to_text(*value).size() > value_bytes_max)
    check.blame("/value", "Is longer than 4,096 bytes.");
  const auto* text = members->if_contains("description");
  if (text != nullptr && !text->is_string())
    check.blame("/description", "Must be a text.");
  check.only(*members, "", {"value", "description"});
  if (!check.fine())
    return std::move(check).fault();
  return *members;
}

void flag_keeper::changed(const std::string& ns, const std::string& name,
                          const kept_thing* now) {
  const std::lock_guard guard{lock_};
  if (now != nullptr)
    all_[ns][name] = now->body.at("value");
  else if (const auto found = all_.find(ns); found != all_.end())
    found->second.erase(name);
  made_.clear();
}

json::object flag_keeper::shown(const kept_thing& what) {
  return what.body;
}

datum flag_keeper::flags_of(const std::string& ns) const {
  const std::lock_guard guard{lock_};
  if (all_.empty())
    return nullptr;
  auto& made = made_[ns];
  if (made)
    return made;
  json::object flags;
  for (const auto& of : {std::string{}, ns})
    if (const auto found = all_.find(of); found != all_.end())
      for (const auto& one : found->second)
        flags[one.key()] = one.value();
  made = make_datum(std::move(flags));
  return made;
}

} // namespace pawl::actors
