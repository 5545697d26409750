#pragma once

#include "workflow/definition.hpp"

#include <string>
#include <vector>

namespace pawl::diagram {

/// A list of tasks within a task.
struct part {
  std::string title;
  task_list tasks;
  bool in_order = true; ///< False: one that runs beside others.
};

/// The lists of tasks within `of`, compensations aside.
[[nodiscard]] std::vector<part> parts_of(const task& of);

/// What `of` does, in a few words: "call http GET".
[[nodiscard]] std::string note_of(const task& of, const definition& in);

} // namespace pawl::diagram
