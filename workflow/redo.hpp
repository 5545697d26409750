#pragma once

#include "workflow/machine.hpp"
#include "workflow/state.hpp"

#include <array>
#include <map>
#include <optional>
#include <string_view>

/// Running a task that is through, or an item of a `for`, once more beside the
/// flow.
namespace pawl {

/// A name that a task gives to those within it: of an item and its index, or of
/// an error that was caught.
struct local_name {
  std::string_view name; ///< "" for none.
  const json::value* value = nullptr;
  std::uint64_t number = 0; ///< If `value` is null.
};

/// What `f` names to the tasks within it.
[[nodiscard]] std::array<local_name, 2>
local_names(const instance_state& s, const definition& of, const frame& f);

/// The redo that `frame` belongs to; 0 if it is part of the flow.
[[nodiscard]] frame_id redo_around(const instance_state& s, frame_id frame);

/// Finds, while a history is folded, what a redo needs to know and the state
/// tells no more: what flowed into the task or the item when it last ran
/// through, what the names around it stood for, and what all items of a
/// concurrent `for` have put out.
class redo_finder {
public:
  redo_finder(std::string task, std::uint32_t item)
      : task_{std::move(task)}, item_{item} {}

  /// Looks at `fact`, which is about to be folded into `s`.
  void before(const instance_state& s, const definition& of, const event& fact);
  /// Looks at `fact`, which has been folded into `s`.
  void after(const instance_state& s, const definition& of, const event& fact);

  /// Fills in `given`, `locals` and `outputs`; leaves them alone if the task
  /// has not run through.
  void tell(requests::redo& wish) const;

private:
  struct entrance {
    datum given;
    datum locals;
  };
  void enter(const instance_state& s, const definition& of, const frame& f,
             const datum& given);
  void leave(frame_id frame);

  std::string task_;
  std::uint32_t item_;
  std::map<frame_id, entrance> open_;
  std::optional<entrance> found_;
  std::map<std::uint32_t, datum> outputs_;
};

} // namespace pawl
