#include "workflow/next_task.hpp"

#include "workflow/planner.hpp"

namespace pawl {

const task* next_task(const instance_state& s, const definition& of,
                      const frame& f) {
  if (f.at == phase::entering)
    return &of.tasks[*f.node];
  if (f.at != phase::ready || owns_lanes(of, f)
      || (s.rollback && s.rollback->scope == f.id))
    return nullptr;
  const auto body = body_of(of, f);
  return f.cursor < body.size() ? &of.tasks[body[f.cursor]] : nullptr;
}

} // namespace pawl
