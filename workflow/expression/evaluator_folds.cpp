#include "workflow/expression/evaluator.hpp"

#include <utility>

namespace pawl::expression {

// One step of a fold: the update with `x` taken apart, from `state` to `state`.
bool evaluator::update(const code_node& n, const val& x, val& state,
                       to_value to) {
  return match(n.pattern, x, [&] {
    const val before = state;
    state = val{}; // What jq leaves if the update gives nothing.
    return each(n.kids[2], before, [&](const val& v) {
      state = v;
      return to(v);
    });
  });
}

bool evaluator::reduce(const code_node& n, const val& in, to_value to) {
  val source = in; // jq 1.6 has null here from the second initial value on.
  return each(n.kids[1], in, [&](const val& init) {
    val state = init;
    const val from = std::exchange(source, val{});
    const bool fine = each(n.kids[0], from, [&](const val& x) {
      return update(n, x, state, [](const val&) { return true; });
    });
    return fine && to(state);
  });
}

bool evaluator::foreach_loop(const code_node& n, const val& in, to_value to) {
  const auto extract = [&](const val& v) {
    return n.kids[3] == none ? to(v) : each(n.kids[3], v, to);
  };
  val source = in; // As in reduce.
  return each(n.kids[1], in, [&](const val& init) {
    val state = init;
    const val from = std::exchange(source, val{});
    return each(n.kids[0], from,
                [&](const val& x) { return update(n, x, state, extract); });
  });
}

bool evaluator::label(const code_node& n, const val& in, to_value to) {
  const auto mine = labels_++;
  const val before = slots_[n.slot];
  const auto saved = tracking_;
  slots_[n.slot] = val::of(mine);
  const bool more = each(n.kids[0], in, to);
  slots_[n.slot] = before;
  tracking_ = saved;
  return more || left(mine);
}

// Whether what stopped the program is a break to label `mine`, or that same
// break raised again by a `catch error`; then the program goes on.
bool evaluator::left(std::int64_t mine) {
  bool ours = stop_ == stop::leave && leaving_ == mine;
  if (stop_ == stop::error && context_.error.is_object()) {
    val mark;
    ours = count(context_.error) == 1 && w_.find(context_.error, "__jq", mark)
           && mark.is_number() && mark.number() == static_cast<double>(mine);
  }
  if (ours)
    stop_ = stop::running;
  return ours;
}

bool evaluator::match(std::uint32_t pattern, const val& v, then done) {
  const auto& p = c_.patterns[pattern];
  if (p.kind == form::pattern_name) {
    auto& slot = slots_[p.slot];
    const val before = slot;
    slot = v;
    const bool more = done();
    slot = before;
    return more;
  }
  return match_part(p, 0, v, done);
}

bool evaluator::match_part(const code_pattern& p, std::size_t i, const val& v,
                           then done) {
  if (i == p.parts.size())
    return done();
  const auto rest = [&] { return match_part(p, i + 1, v, done); };
  if (p.kind == form::pattern_array) {
    // jq takes the last element first.
    const auto at = p.parts.size() - 1 - i;
    return index_step(
      v, val::of(static_cast<std::int64_t>(at)), false,
      [&](const val& x) { return match(p.parts[at].pattern, x, rest); });
  }
  const auto& part = p.parts[i];
  return subexpression(part.key, v, [&](const val& k) {
    return index_step(v, k, false, [&](const val& x) {
      const val before = part.slot == none ? val{} : slots_[part.slot];
      if (part.slot != none)
        slots_[part.slot] = x;
      const bool more
        = part.pattern == none ? rest() : match(part.pattern, x, rest);
      if (part.slot != none)
        slots_[part.slot] = before;
      return more;
    });
  });
}

} // namespace pawl::expression
