#pragma once

#include "workflow/definition.hpp"
#include "workflow/event.hpp"
#include "workflow/redactor.hpp"
#include "workflow/state.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The lifecycle CloudEvents of the DSL: what became of workflows and tasks, as
/// other software reads it.
namespace pawl {

/// How much of it.
enum class lifecycle_scope : std::uint8_t { none, workflows, tasks };

/// Facts of one turn, and where they stand.
struct lifecycle_facts {
  std::span<const event> facts;
  sequence first = 1;          ///< The sequence of the first of them.
  timestamp at;                ///< Of their turn.
  const instance_state& after; ///< The instance once they are folded.
  const definition& of;
  redactor_ptr known = nullptr; ///< Hides what must not be shown; see masker.
};

/// The lifecycle CloudEvents of a turn, in the order of its facts. `type` and
/// `data` are those of the specification; `id` is unique below `source` and the
/// same whenever it is made again, `source` is the definition, `subject` the
/// instance. Evaluates nothing; the same facts give the same events.
[[nodiscard]] std::vector<datum> lifecycle_of(const lifecycle_facts& turn,
                                              lifecycle_scope scope);

/// An instance as the lifecycle names it: "orders-01J....shop".
[[nodiscard]] std::string qualified_name(const instance_state& s);

/// Whether `type` is that of a lifecycle CloudEvent.
[[nodiscard]] bool is_lifecycle_type(std::string_view type);

} // namespace pawl
