#include "actors/kept/body_checker.hpp"

#include <algorithm>

namespace pawl::actors {

void body_checker::only(const json::object& in, const std::string& at,
                        std::initializer_list<std::string_view> known) {
  for (const auto& member : in)
    if (std::ranges::find(known, std::string_view{member.key()}) == known.end())
      blame(pointer_join(at, member.key()), "Is not known here.");
}

} // namespace pawl::actors
