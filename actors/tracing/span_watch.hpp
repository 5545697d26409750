#pragma once

#include "actors/tracing/span.hpp"
#include "workflow/machine.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::actors {

/// Whether spans are made of the instance: not if it was started within a trace
/// whose head has said that it is not recorded.
[[nodiscard]] bool is_recorded(const instance_state& s);

/// Marks the `traceparent` that leaves with an effect of the instance as one
/// of a trace that is recorded, if it begins here.
void mark_recorded(std::string& traceparent, const instance_state& s);

/// Follows one instance from turn to turn, and makes spans of what has ended.
/// A part of the instance actor; pure.
///
/// The span of a task whose effect goes out is the one that the effect knows as
/// its parent (workflow/trace.hpp). All ids follow from what is stored, so that
/// a task may begin under one daemon and end under the next.
class span_watch {
public:
  /// The instance was loaded as `flow` has it, before any turn.
  void begin(const machine& flow);
  /// What has ended with `facts`, which are committed and folded into `flow`.
  [[nodiscard]] std::vector<trace_span>
  after(std::span<const event> facts, timestamp at, const machine& flow);

private:
  struct open_task {
    std::string id;
    std::string parent;
    task_index node = 0;
    timestamp begun = {};
    std::uint32_t attempt = 1;
    bool told = false;  ///< Its span was made: the instance had faulted.
    bool stood = false; ///< A pause stopped the effect; it begins anew.
  };
  struct turn;

  void look(const event& fact, turn& now);
  void open(const events::task_started& x, turn& now);
  void end(frame_id frame, std::string_view how, const json::value* error,
           turn& now);
  void settle(turn& now);
  void end_instance(turn& now);
  [[nodiscard]] std::string parent_of(frame_id frame, const turn& now) const;

  std::map<frame_id, open_task> open_;
};

} // namespace pawl::actors
