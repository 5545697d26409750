#include "http/handlers/caller.hpp"

namespace pawl::http::handlers {

namespace {

constexpr std::size_t name_max = 256;
constexpr std::size_t groups_max = 256;

} // namespace

std::string name_of_caller(const call&, member_reader& members) {
  return members.text("by", name_max).value_or("");
}

actors::approver approver_of(const call& from, member_reader& members) {
  actors::approver who{.by = name_of_caller(from, members), .operates = true};
  if (who.by.empty())
    who.by = "anonymous";
  const auto* groups = members.take("groups");
  if (groups == nullptr)
    return who;
  const auto* list = groups->if_array();
  bool fine = list != nullptr && list->size() <= groups_max;
  for (std::size_t i = 0; fine && i < list->size(); ++i) {
    const auto* name = (*list)[i].if_string();
    fine = name != nullptr && !name->empty() && name->size() <= name_max;
    if (fine)
      who.groups.emplace_back(*name);
  }
  if (!fine)
    members.blame(errc::invalid_request, "groups",
                  "Must be a list of at most 256 names.");
  return who;
}

} // namespace pawl::http::handlers
