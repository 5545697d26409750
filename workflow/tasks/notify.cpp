#include "workflow/arguments.hpp"

#include <array>

namespace pawl {

void begin_task(planner& p, const entry& e, const tasks::notify& what) {
  // In the order of the enumeration.
  constexpr std::array<std::string_view, 4> channels{"slack", "teams",
                                                     "webhook", "email"};
  argument_list arguments{p, e};
  arguments.add_fixed("channel", json::value(channels.at(
                                   static_cast<std::size_t>(what.channel))));
  arguments.add("with", what.with);
  begin_effect(p, e, arguments.take());
}

} // namespace pawl
