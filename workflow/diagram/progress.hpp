#pragma once

#include "workflow/definition.hpp"
#include "workflow/diagram/picture.hpp"
#include "workflow/event.hpp"
#include "workflow/state.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::diagram {

/// How far an instance is, task by task: first its facts are seen, in order,
/// then its state says what it is at.
///
/// A loop shows its last round; what a retry or a rollback goes back behind
/// counts as not done.
/// Thread safety: none. `of` must outlive it.
class progress {
public:
  struct standing {
    mark as = mark::none;
    std::uint64_t times = 0; ///< Completed so often.
  };

  explicit progress(const definition& of);

  void see(const event& fact);
  /// Once, behind the last fact.
  void finish(const instance_state& now);

  [[nodiscard]] const standing& of(task_index which) const {
    return standings_[which];
  }
  /// How the business state `name` is.
  [[nodiscard]] mark of_state(const std::string& name) const;
  /// "01JABC is waiting", once finished.
  [[nodiscard]] const std::string& headline() const { return headline_; }

private:
  /// Where a task is drawn, if it is.
  struct place {
    std::optional<task_index>
      on;                    ///< Its own figure, or that of what it undoes.
    task_index list_end = 0; ///< One behind the last of its list.
  };

  void claim(const task_list& list, std::optional<task_index> owner);
  [[nodiscard]] std::optional<task_index> find(std::string_view pointer) const;
  void set(std::string_view pointer, mark m);
  void forget_from(std::string_view pointer);
  void raise(std::optional<task_index> node, mark m);

  const definition& of_;
  std::vector<place> places_;
  std::vector<standing> standings_;
  std::set<std::string> passed_; ///< Business states.
  std::string state_;
  std::string headline_;
};

} // namespace pawl::diagram
