#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

void read_roles(member_reader& members, const json::value& body,
                access::token_wish& out, fault_list& faults) {
  const auto* roles = members.take("roles");
  if (roles == nullptr) {
    if (body.is_object())
      members.blame(errc::invalid_request, "roles", "Is missing.");
    return;
  }
  auto read = access::read_bindings(*roles, "/roles");
  if (read)
    out.roles = std::move(*read);
  else
    for (const auto& f : read.error().faults)
      faults.add(errc::invalid_request, f.pointer, f.detail);
}

} // namespace

outcome create_token(const call& from) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  member_reader members{sent->body, "", faults};
  actors::create_token wish{.once = std::move(sent->once), .by = from.by};
  wish.what.name = members.needed_text("name", 128);
  if (sent->body.is_object() && wish.what.name.empty() && faults.empty())
    members.blame(errc::invalid_request, "name", "Is empty.");
  wish.what.expires = members.time("expiresAt");
  if (wish.what.expires && *wish.what.expires <= clock::now())
    members.blame(errc::invalid_request, "expiresAt", "Has passed.");
  read_roles(members, sent->body, wish.what, faults);
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::create_token_of, std::move(wish));
}

outcome list_tokens(const call& from) {
  fault_list faults;
  actors::list_tokens wish;
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_of_tokens, std::move(wish));
}

outcome read_token(const call& from) {
  return ask(from, &actors::gateway::read_token,
             actors::token_ref{std::string{from.names[0]}, from.by});
}

outcome revoke_token(const call& from) {
  if (auto once = once_of(from, {}); !once)
    return refuse(once.error(), from);
  return ask(from, &actors::gateway::remove_token,
             actors::token_ref{std::string{from.names[0]}, from.by});
}

outcome who_am_i(const call& from) {
  json::object body{{"who", nullptr},
                    {"user", nullptr},
                    {"almighty", from.who == nullptr || from.who->almighty},
                    {"roles", json::array{}}};
  if (from.who != nullptr) {
    body["who"] = from.who->name;
    if (!from.who->user.empty())
      body["user"] = from.who->user;
    for (const auto& role : from.who->roles)
      body["roles"].as_array().push_back(access::to_json(role));
  }
  return json_response(200, to_text(body));
}

} // namespace pawl::http::handlers
