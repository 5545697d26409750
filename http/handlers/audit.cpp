#include "http/fields.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

std::uint64_t number_of(const call& from, std::string_view name,
                        fault_list& faults) {
  const auto* text = from.parameter(name);
  if (text == nullptr)
    return 0;
  if (const auto number = parse_sequence(*text))
    return *number;
  faults.add(errc::malformed, "",
             "The query parameter `" + std::string{name}
               + "` is the number of a record.");
  return 0;
}

} // namespace

outcome list_audit(const call& from) {
  fault_list faults;
  actors::list_audit wish;
  wish.who = text_of(from, "who").value_or("");
  wish.action = text_of(from, "action").value_or("");
  wish.ns = text_of(from, "namespace").value_or("");
  wish.target = text_of(from, "target").value_or("");
  wish.after = time_of(from, "after", faults);
  wish.before = time_of(from, "before", faults);
  const auto order_text = text_of(from, "order").value_or("newest");
  wish.oldest_first = order_text == "oldest";
  if (order_text != "oldest" && order_text != "newest")
    faults.add(errc::invalid_request, "",
               "The query parameter `order` is `newest` or `oldest`.");
  wish.limit = limit_of(from, faults);
  wish.from = number_of(from, "cursor", faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_of_audit, std::move(wish));
}

outcome verify_audit(const call& from) {
  fault_list faults;
  const actors::verify_audit wish{number_of(from, "after", faults),
                                  number_of(from, "limit", faults)};
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::verify_audit_of, wish);
}

} // namespace pawl::http::handlers
