#pragma once

#include "access/binding.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::access {

/// What a route of the API needs of who asks.
enum class need : std::uint8_t {
  open = 1, ///< Nothing.
  view,     ///< viewer, operator, author or admin of the place.
  view_all, ///< As view, of all namespaces and definitions.
  operate,  ///< operator or admin of the place.
  send,     ///< As operate, or an operator bound to types of events.
  write,    ///< author or admin of the place.
  work,     ///< worker of the queue, or admin.
  approve,  ///< approver of the group, or admin.
  decide,   ///< approver of some group, operator or admin of the place.
  consult,  ///< As view, or approver of some group.
  rule      ///< admin of all namespaces.
};

/// The least role that satisfies `what`: what a refusal names.
[[nodiscard]] std::string_view role_for(need what);

/// The places where somebody may do something. A place is a namespace, maybe
/// narrowed to definitions or to types of events.
class scope {
public:
  /// Everything, everywhere.
  static scope all() {
    scope out;
    out.all_ = true;
    return out;
  }
  /// Nothing.
  scope() = default;
  /// Where `roles` satisfy `what`; `of` is the queue or the group that is
  /// meant, "" for any.
  scope(const std::vector<binding>& roles, need what, std::string_view of = {});

  [[nodiscard]] bool is_all() const { return all_; }
  [[nodiscard]] bool is_empty() const { return !all_ && places_.empty(); }
  /// Whether it holds for the workflow `definition` of `ns` and its instances.
  [[nodiscard]] bool covers(std::string_view ns,
                            std::string_view definition) const;
  /// Whether it holds for all that is in `ns`.
  [[nodiscard]] bool covers_all_of(std::string_view ns) const;
  /// Whether an event of `type` may be sent to the workflow `definition` of
  /// `ns`; "" for whoever listens there.
  [[nodiscard]] bool covers_event(std::string_view ns,
                                  std::string_view definition,
                                  std::string_view type) const;
  /// The namespaces in which it holds somewhere, each once; absent if it holds
  /// in all.
  [[nodiscard]] std::optional<std::vector<std::string>> namespaces() const;

private:
  struct place {
    std::string ns; ///< "*" for all.
    std::vector<std::string> definitions;
    std::vector<std::string> event_types;
    [[nodiscard]] bool is_in(std::string_view wanted) const {
      return ns == "*" || ns == wanted;
    }
  };
  bool all_ = false;
  std::vector<place> places_;
};

/// What a request comes with: who asks, from where, for what, and where that is
/// allowed. What the control plane does for a request that has none is neither
/// limited nor recorded.
struct mandate {
  std::string who = {};    ///< "token:4f1c (ci)", "uid:1000", "loopback".
  std::string from = {};   ///< "127.0.0.1", "unix".
  std::string action = {}; ///< operationId of the route.
  std::string role = {};   ///< What `may` stands for, in a refusal.
  std::string why = {};    ///< The reason given beside the request's body.
  scope sees = {};         ///< What is there for who asks; the rest is not.
  scope may = {};          ///< Where the action is allowed.
};
using mandate_ptr = std::shared_ptr<const mandate>;

/// Whether who comes with `by` sees all there is.
[[nodiscard]] inline bool sees_all(const mandate_ptr& by) {
  return by == nullptr || by->sees.is_all();
}
[[nodiscard]] inline bool sees(const mandate_ptr& by, std::string_view ns,
                               std::string_view definition) {
  return by == nullptr || by->sees.covers(ns, definition);
}
[[nodiscard]] inline bool may(const mandate_ptr& by, std::string_view ns,
                              std::string_view definition) {
  return by == nullptr || by->may.covers(ns, definition);
}

} // namespace pawl::access
