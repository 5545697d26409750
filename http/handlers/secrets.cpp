#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

outcome put_secret(const call& from) {
  // The key of a repeat is not kept: to put the same again changes nothing, and
  // a digest of the body would give a secret away that can be guessed.
  if (auto once = once_of(from, {}); !once)
    return refuse(once.error(), from);
  auto body = body_of(from);
  if (!body)
    return refuse(body.error(), from);
  fault_list faults;
  member_reader members{*body, "", faults};
  actors::put_secret wish{std::string{from.names[0]}, {}, from.by};
  if (const auto* value = members.take("value"))
    wish.value = *value;
  else
    members.blame(errc::invalid_request, "value", "Is missing.");
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::store_secret, std::move(wish));
}

outcome list_secrets(const call& from) {
  fault_list faults;
  actors::list_secrets wish;
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_of_secrets, std::move(wish));
}

outcome remove_secret(const call& from) {
  if (auto once = once_of(from, {}); !once)
    return refuse(once.error(), from);
  return ask(from, &actors::gateway::remove_secret,
             actors::secret_ref{std::string{from.names[0]}, from.by});
}

} // namespace pawl::http::handlers
