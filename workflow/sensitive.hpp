#pragma once

#include "workflow/redactor.hpp"
#include "workflow/state.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What must not be shown of an instance, though it may work with it:
/// `document.metadata.redact`, and `x-sensitive: true` in the schemas of the
/// workflow and of its tasks.
///
/// Both stand in definition::sensitive as JSON Pointers: "/input/card",
/// "/output/card" and "/context/card" of the workflow, and, behind the pointer
/// of a task, "/do/0/login/input/name" and "/do/0/login/output/token". `*`
/// stands for any item or member, `**` for any number of them.
///
/// Thread safety: all functions are pure.
namespace pawl {

/// Where a value of this JSON Schema is sensitive: pointers behind `root`. All
/// of it (`root` itself), if the schema is too large to be searched.
[[nodiscard]] std::vector<std::string>
sensitive_places(const json::value& schema, const std::string& root);

/// Adds to `out` what stands in `value` at the places of `of` below `root`.
void take_sensitive(const definition& of, std::string_view root,
                    const json::value& value, json::array& out);

/// Takes what is sensitive out of what a schema says against `value`, whose
/// places are those below `root`.
void hide_sensitive(const definition& of, std::string_view root,
                    const json::value& value, std::vector<fault>& faults);

/// Hides what is sensitive of one instance: the places themselves, and their
/// values wherever else they stand, as redact() finds them.
class masker {
public:
  /// `known` hides what the history has shown (sensitive_memory); without, only
  /// values that `s` still holds are known.
  masker(const instance_state& s, const definition& of,
         redactor_ptr known = nullptr);

  /// Whether there is nothing to be hidden.
  [[nodiscard]] bool idle() const { return places_ == nullptr; }
  /// The instance as the API shows it.
  [[nodiscard]] json::object instance(json::object shown) const;
  /// The member `data` of an item of its history, which is about `task`, a
  /// pointer, or "".
  [[nodiscard]] json::object fact(std::string_view type, std::string_view task,
                                  json::object data) const;
  /// One run of a task.
  [[nodiscard]] json::object run(json::object shown) const;
  /// A lifecycle CloudEvent.
  [[nodiscard]] json::value lifecycle(json::value told) const;
  /// Anything else that tells of it.
  [[nodiscard]] json::value anything(json::value shown) const;

private:
  void hide_task(std::string_view task, json::object& data) const;

  const std::vector<std::string>* places_ = nullptr; ///< Null for none.
  redactor_ptr known_;
};

} // namespace pawl
