#pragma once

#include "workflow/state.hpp"

#include <string>
#include <vector>

/// What must not be shown of an instance, though it may work with it:
/// `document.metadata.redact`, and `x-sensitive: true` in the schemas of the
/// workflow's input and output and of what tasks export.
///
/// Thread safety: all functions are pure.
namespace pawl {

/// Where a value of this JSON Schema is sensitive: JSON Pointers behind `root`;
/// `*` stands for any item or member.
[[nodiscard]] std::vector<std::string>
sensitive_places(const json::value& schema, const std::string& root);

/// Hides what is sensitive of one instance: the places themselves, and their
/// values wherever else they stand, as redact() finds them.
class masker {
public:
  masker(const instance_state& s, const definition& of);

  /// Whether there is nothing to be hidden.
  [[nodiscard]] bool idle() const { return places_ == nullptr; }
  /// The instance as the API shows it.
  [[nodiscard]] json::object instance(json::object shown) const;
  /// The member `data` of an item of its history.
  [[nodiscard]] json::object fact(std::string_view type,
                                  json::object data) const;
  /// Anything else that tells of it.
  [[nodiscard]] json::value anything(json::value shown) const;

private:
  const std::vector<std::string>* places_ = nullptr; ///< Null for none.
  json::array values_;
};

} // namespace pawl
