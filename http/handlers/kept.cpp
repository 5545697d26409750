#include "actors/kept/orders.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

#include <algorithm>

/// Limits, subscriptions, flags and injected faults: they are put, read,
/// listed and removed alike.
namespace pawl::http::handlers {

namespace {

bool is_kept_name(std::string_view name) {
  constexpr std::size_t bytes_max = 128;
  return !name.empty() && name.size() <= bytes_max
         && std::ranges::all_of(name, [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '.' || c == '_'
                     || c == '-';
            });
}

result<actors::kept_ref> kept_named(const call& from, actors::kept_kind kind) {
  const std::string name{from.names[0]};
  if (!is_kept_name(name))
    return error{errc::not_found, "A name is 1 to 128 of A-Z a-z 0-9 . _ -."};
  return actors::kept_ref{.kind = kind,
                          .ns = text_of(from, "namespace").value_or(""),
                          .name = name,
                          .rules = is_admin(from),
                          .by = from.by};
}

} // namespace

template <actors::kept_kind Kind>
outcome put_kept(const call& from) {
  auto which = kept_named(from, Kind);
  if (!which)
    return refuse(which.error(), from);
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  actors::put_kept wish{std::move(*which), std::move(sent->body),
                        std::move(sent->once)};
  return ask(from, &actors::gateway::put_kept_of, std::move(wish));
}

template <actors::kept_kind Kind>
outcome read_kept(const call& from) {
  auto which = kept_named(from, Kind);
  if (!which)
    return refuse(which.error(), from);
  return ask(from, &actors::gateway::read_kept_of, std::move(*which));
}

template <actors::kept_kind Kind>
outcome list_kept(const call& from) {
  fault_list faults;
  actors::list_kept wish;
  wish.kind = Kind;
  wish.ns = text_of(from, "namespace");
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  wish.by = from.by;
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_of_kept, std::move(wish));
}

template <actors::kept_kind Kind>
outcome remove_kept(const call& from) {
  if (auto once = once_of(from, {}); !once)
    return refuse(once.error(), from);
  auto which = kept_named(from, Kind);
  if (!which)
    return refuse(which.error(), from);
  return ask(from, &actors::gateway::remove_kept_of, std::move(*which));
}

namespace {

result<actors::act_on_subscription> wish_for_subscription(const call& from) {
  auto once = once_of(from, from.message.body);
  if (!once)
    return once.error();
  auto which = kept_named(from, actors::kept_kind::subscription);
  if (!which)
    return which.error();
  auto body = body_of(from);
  if (!body)
    return body.error();
  fault_list faults;
  member_reader members{*body, "", faults};
  members.finish();
  if (!faults.empty())
    return std::move(faults).to_error();
  return actors::act_on_subscription{std::move(*which), std::move(*once)};
}

} // namespace

outcome test_subscription(const call& from) {
  auto wish = wish_for_subscription(from);
  if (!wish)
    return refuse(wish.error(), from);
  return ask(from, &actors::gateway::ping_subscription, std::move(*wish));
}

outcome redeliver(const call& from) {
  auto wish = wish_for_subscription(from);
  if (!wish)
    return refuse(wish.error(), from);
  return ask(from, &actors::gateway::redeliver, std::move(*wish));
}

#define PAWL_KEPT(kind)                                                        \
  template outcome put_kept<actors::kept_kind::kind>(const call&);             \
  template outcome read_kept<actors::kept_kind::kind>(const call&);            \
  template outcome list_kept<actors::kept_kind::kind>(const call&);            \
  template outcome remove_kept<actors::kept_kind::kind>(const call&);
PAWL_KEPT(limit)
PAWL_KEPT(subscription)
PAWL_KEPT(flag)
PAWL_KEPT(injected_fault)
#undef PAWL_KEPT

} // namespace pawl::http::handlers
