#include "http/handlers/caller.hpp"

namespace pawl::http::handlers {

namespace {

constexpr std::size_t name_max = 256;
constexpr std::size_t groups_max = 256;

// Who need not show who he is, or an admin, may ask on behalf of people.
bool speaks_for_others(const call& from) {
  return from.who == nullptr || from.who->almighty
         || !from.who->has(access::need::rule).is_empty();
}

} // namespace

std::string name_of_caller(const call& from, member_reader& members) {
  auto claimed = members.text("by", name_max);
  if (speaks_for_others(from))
    return claimed.value_or("");
  if (claimed && *claimed != from.who->user)
    members.blame(errc::invalid_request, "by",
                  "Only an admin may speak for somebody else.");
  return from.who->user;
}

actors::approver approver_of(const call& from, member_reader& members) {
  actors::approver who{.by = name_of_caller(from, members), .operates = true};
  if (!speaks_for_others(from)) {
    who.proven = from.who;
    return who;
  }
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
