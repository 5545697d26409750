#pragma once

#include "actors/context.hpp"

namespace pawl::actors {

/// What holds have to do with one instance, from turn to turn.
///
/// It is a part of the instance actor and runs within it.
class instance_holds {
public:
  explicit instance_holds(const instance_key& who) : who_{who} {}

  /// What the next turn of `flow` must take from the world.
  [[nodiscard]] turn_context before_turn(const context& ctx,
                                         const machine& flow, timestamp at);
  /// Whether `flow`, as it stands after the turn, would go on but for a hold.
  [[nodiscard]] bool keep(const machine& flow) const;
  /// Whether nothing of it moves by itself, not even its timers.
  [[nodiscard]] bool keep_all(const machine& flow) const;
  /// After the turn: rests on the holds that keep `flow`. False if one of them
  /// has gone: it must look again.
  [[nodiscard]] bool rest(context& ctx, const machine& flow) const;
  /// The effect of a frame was not begun. False as above.
  [[nodiscard]] bool rest(context& ctx, const effect_ended& e) const;
  /// What a list shows: an instance that only a hold keeps is waiting.
  [[nodiscard]] instance_status shown(const machine& flow,
                                      bool effects_are_out) const;

private:
  const instance_key& who_;
  turn_holds are_; ///< As of the last turn.
  std::set<std::string, std::less<>> tasks_;
};

} // namespace pawl::actors
