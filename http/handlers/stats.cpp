#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

outcome read_stats(const call& from) {
  fault_list faults;
  const auto of = workflow_of(from, faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  actors::read_stats wish{
    .ns = of.ns.value_or(""), .workflow = of.name.value_or(""), .by = from.by};
  return ask(from, &actors::gateway::stats, std::move(wish));
}

} // namespace pawl::http::handlers
