#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "workflow/state.hpp"
#include "workflow/status.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Outgoing subscriptions as values: who wants which CloudEvents, and how they
/// are brought to him. Pure.
namespace pawl::actors {

/// Which lifecycle CloudEvents are meant. What is empty lets all through.
struct event_filter_of_subscription {
  std::string workflow_ns; ///< Of "namespace/name".
  std::string workflow;
  std::string version;
  std::vector<std::string> types; ///< What a type begins with; one must fit.
  std::optional<instance_status> status; ///< Of the instance, behind the turn.
  std::string state;                     ///< Its business state, likewise.
  std::map<std::string, std::string> labels;
};

/// How the CloudEvent stands in the request: all in the body, or its data in
/// the body and all else in headers.
enum class event_mode : std::uint8_t { structured, binary };

struct subscription {
  std::string ns; ///< "" for all namespaces.
  std::string name;
  std::string url;
  event_filter_of_subscription filter;
  std::string secret; ///< The name of the secret that signs; "" for none.
  /// As written: `$secret:NAME` within stands for a secret.
  std::vector<std::pair<std::string, std::string>> headers;
  event_mode mode = event_mode::structured;
  bool paused = false;
};
using subscription_ptr = std::shared_ptr<const subscription>;

/// What a client sent, as it is stored. `rules`: an admin sends it; only he may
/// name secrets in headers, since whoever is at the URL learns them.
/// Fails with errc::invalid_request and all faults.
[[nodiscard]] result<json::object>
read_subscription(const std::string& ns, bool rules, const json::value& sent);
/// What was stored.
[[nodiscard]] subscription subscription_of(const std::string& ns,
                                           const std::string& name,
                                           const json::object& body);
/// What is shown of what was stored: no value of a header.
[[nodiscard]] json::object shown_subscription(json::object body);

/// The instance as it is after the turn that an event is of.
struct event_origin {
  const instance_state& of;
  instance_status shown;
};
/// Whether an event of this type is for `who`, who must not be paused.
[[nodiscard]] bool wants(const subscription& who, const event_origin& from,
                         std::string_view type);

/// Replaces each `$secret:NAME` of `text` by what `find` says.
/// Fails as `find` does.
template <class Find>
result<std::string> with_secrets(std::string_view text, const Find& find);

/// The names that stand as `$secret:NAME` in `text`, with where they begin and
/// how long they are with their mark.
struct secret_mention {
  std::size_t at = 0;
  std::size_t length = 0;
  std::string name;
};
[[nodiscard]] std::vector<secret_mention> mentions_in(std::string_view text);

template <class Find>
result<std::string> with_secrets(std::string_view text, const Find& find) {
  std::string out;
  std::size_t from = 0;
  for (const auto& one : mentions_in(text)) {
    out += text.substr(from, one.at - from);
    result<std::string> value = find(one.name);
    if (!value)
      return value.error();
    out += *value;
    from = one.at + one.length;
  }
  out += text.substr(from);
  return out;
}

} // namespace pawl::actors
