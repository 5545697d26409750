#pragma once

#include "actors/gateway.hpp"
#include "storage/store.hpp"
#include "workflow/machine.hpp"
#include "workflow/sensitive.hpp"

#include <optional>
#include <string>

/// What clients read, as API.md has it.
namespace pawl::actors {

/// The path of an instance.
[[nodiscard]] std::string location_of(std::string_view id);

/// One instance. `known` hides what its history has shown; see masker.
[[nodiscard]] json::object
shown_instance(const instance_state& state, const definition& of,
               const std::optional<storage::quarantine>& set_aside,
               redactor_ptr known);
/// The same as text.
[[nodiscard]] std::string
render_instance(const instance_state& state, const definition& of,
                const std::optional<storage::quarantine>& set_aside,
                redactor_ptr known);

/// `allowedActions`, the same as those of the instance.
[[nodiscard]] json::array actions_of(const storage::head& head);

/// One instance of a list, as far as its head tells.
[[nodiscard]] json::object
render_head(const storage::head& head,
            const std::optional<storage::quarantine>& set_aside);

/// One definition, with or without its document.
[[nodiscard]] json::object render_definition(const definition& what,
                                             std::optional<timestamp> created,
                                             bool with_document);

/// One item of a history; `hides` may be null.
[[nodiscard]] history_page::item render_fact(const storage::history_item& of,
                                             const masker* hides = nullptr);

} // namespace pawl::actors
