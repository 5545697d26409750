#include "workflow/expression/evaluator.hpp"

#include "workflow/expression/text.hpp"

#include <algorithm>
#include <array>

namespace pawl::expression {

evaluator::evaluator(const code& c, const scope& in, budget& left)
    : c_{c}, w_{left}, context_{w_, in.now, {}, false} {
  if (in.data != nullptr)
    data_ = val::of(*in.data);
  slots_ = static_cast<val*>(w_.take(sizeof(val) * c.slots));
  std::fill_n(slots_, c.slots, val{});
  for (std::size_t i = 0; i < c.variables.size(); ++i)
    for (const auto& v : in.variables)
      if (v.name == c.variables[i].name && v.value != nullptr)
        slots_[i] = val::of(*v.value);
}

bool evaluator::run(to_value to) {
  return each(c_.root, data_, to);
}

bool evaluator::raised() {
  if (context_.nothing) {
    context_.nothing = false;
    return true;
  }
  stop_ = stop::error;
  return false;
}

bool evaluator::raise(std::string_view sentence) {
  context_.raise(sentence);
  return raised();
}

// The direct way: for nodes that give one value, outside of path(..).

bool evaluator::one(std::uint32_t i, const val& in, val& out) {
  const auto& n = c_.nodes[i];
  w_.step();
  switch (n.what) {
  case op::identity:
    out = in;
    return true;
  case op::constant:
    out = n.constant;
    return true;
  case op::load:
    out = slots_[n.slot];
    return true;
  case op::index: {
    val k;
    val t;
    if (!one(n.kids[1], in, k) || !one(n.kids[0], in, t))
      return false;
    return get(context_, t, k, out) || raised();
  }
  case op::pipe: {
    val v;
    return one(n.kids[0], in, v) && one(n.kids[1], v, out);
  }
  case op::call:
    return one_call(n, in, out);
  case op::object:
    return one_object(n, in, out);
  case op::splice:
    return one_splice(n, in, out);
  case op::all_of:
  case op::any_of: {
    val v;
    if (!one(n.kids[0], in, v))
      return false;
    if (v.truthy() == (n.what == op::all_of) && !one(n.kids[1], in, v))
      return false;
    out = val::of(v.truthy());
    return true;
  }
  case op::otherwise:
    return one(n.kids[0], in, out) && (out.truthy() || one(n.kids[1], in, out));
  case op::branch: {
    val v;
    return one(n.kids[0], in, v) && one(n.kids[v.truthy() ? 1 : 2], in, out);
  }
  case op::bind:
    return one_bind(n, in, out);
  case op::reduce:
    return one_reduce(n, in, out);
  default:
    break;
  }
  return each_more(n, in, [&](const val& v) {
    out = v;
    return true;
  });
}

bool evaluator::one_call(const code_node& n, const val& in, val& out) {
  std::array<val, 4> values; // No native function takes more than three.
  values[0] = in;
  for (std::size_t i = n.kids.size(); i > 0; --i)
    if (!one(n.kids[i - 1], in, values[i]))
      return false;
  return n.function->run(context_, values.data(), out) || raised();
}

bool evaluator::one_bind(const code_node& n, const val& in, val& out) {
  val v;
  if (!one(n.kids[0], in, v))
    return false;
  auto& slot = slots_[c_.patterns[n.pattern].slot];
  const val before = slot;
  slot = v;
  const bool fine = one(n.kids[1], in, out);
  slot = before;
  return fine;
}

bool evaluator::one_object(const code_node& n, const val& in, val& out) {
  val made = w_.new_object(static_cast<std::uint32_t>(n.kids.size() / 2));
  for (std::size_t i = 0; i < n.kids.size(); i += 2) {
    val k;
    val v;
    if (!one(n.kids[i], in, k) || !one(n.kids[i + 1], in, v))
      return false;
    if (!k.is_text()) {
      context_.raise("Cannot use " + std::string{type_name(k)} + " ("
                     + excerpt(w_, k) + ") as object key");
      return raised();
    }
    made = w_.with_key(made, k, v);
  }
  out = made;
  return true;
}

bool evaluator::one_splice(const code_node& n, const val& in, val& out) {
  std::string made;
  for (const auto k : n.kids) {
    val piece;
    if (!one(k, in, piece))
      return false;
    w_.charge(piece.size);
    made += piece.view();
  }
  out = w_.text(made);
  return true;
}

bool evaluator::one_reduce(const code_node& n, const val& in, val& out) {
  val state;
  if (!one(n.kids[1], in, state))
    return false;
  const bool fine = each(n.kids[0], in, [&](const val& x) {
    return update(n, x, state, [](const val&) { return true; });
  });
  out = state;
  return fine;
}

// The general way: any number of values, and paths.

bool evaluator::each(std::uint32_t i, const val& in, to_value to) {
  const auto& n = c_.nodes[i];
  if (n.single && !tracking_.on) {
    val v;
    return one(i, in, v) && to(v);
  }
  w_.step();
  switch (n.what) {
  case op::identity:
    return to(in);
  case op::constant:
    return to(n.constant);
  case op::load:
    return to(slots_[n.slot]);
  case op::empty:
    return true;
  case op::pipe:
    return each(n.kids[0], in,
                [&](const val& v) { return each(n.kids[1], v, to); });
  case op::comma:
    return std::ranges::all_of(
      n.kids, [&](std::uint32_t k) { return each(k, in, to); });
  case op::index:
    return index(n, in, to);
  case op::iterate:
    return each(n.kids[0], in,
                [&](const val& v) { return iterate_step(v, n.optional, to); });
  case op::branch:
    return subexpression(n.kids[0], in, [&](const val& v) {
      return each(n.kids[v.truthy() ? 1 : 2], in, to);
    });
  case op::bind:
    return subexpression(n.kids[0], in, [&](const val& v) {
      return match(n.pattern, v, [&] { return each(n.kids[1], in, to); });
    });
  default:
    return each_more(n, in, to);
  }
}

bool evaluator::each_more(const code_node& n, const val& in, to_value to) {
  switch (n.what) {
  case op::slice:
    return slice(n, in, to);
  case op::collect: {
    val made = w_.new_array(4);
    return each(n.kids[0], in,
                [&](const val& v) {
                  made = w_.append(made, v);
                  return true;
                })
           && to(made);
  }
  case op::object:
    return object(n, 0, w_.new_object(4), in, to);
  case op::splice: {
    std::vector<val> values(n.kids.size());
    return operands(n, n.kids.size(), in, values.data(), [&] {
      val made = val::of("");
      for (const auto& v : values)
        made = w_.joined(made.view(), v.view());
      return to(made);
    });
  }
  case op::format:
    return each(n.kids[0], in, [&](const val& v) {
      val made;
      if (!format(context_, v, n.constant.view(), made))
        return raised();
      return to(made);
    });
  case op::call:
    return call(n, in, to);
  case op::all_of:
  case op::any_of:
    return logic(n, in, to);
  case op::otherwise:
    return otherwise(n, in, to);
  case op::attempt:
    return attempt(n, in, to);
  case op::reduce:
    return reduce(n, in, to);
  case op::foreach_loop:
    return foreach_loop(n, in, to);
  case op::label:
    return label(n, in, to);
  case op::leave:
    stop_ = stop::leave;
    leaving_ = slots_[n.slot].integer;
    return false;
  case op::path:
    return path(n, in, to);
  case op::modify:
    return modify(n, in, to);
  case op::descend:
    return descend(in, 0, to);
  case op::walk:
    return walk(n, in, 0, to);
  case op::range:
    return range(n, in, to);
  case op::range_by:
    return range_by(n, in, to);
  default:
    return true;
  }
}

bool evaluator::subexpression(std::uint32_t i, const val& in, to_value to) {
  if (!tracking_.on)
    return each(i, in, to);
  const auto saved = tracking_;
  tracking_.on = false;
  const bool fine = each(i, in, [&](const val& v) {
    const auto inner = tracking_;
    tracking_ = saved;
    const bool more = to(v);
    tracking_ = inner;
    return more;
  });
  tracking_ = saved;
  return fine;
}

// All combinations of the first `upto` operands, the first varying fastest.
bool evaluator::operands(const code_node& n, std::size_t upto, const val& in,
                         val* values, then done) {
  if (upto == 0)
    return done();
  return subexpression(n.kids[upto - 1], in, [&](const val& v) {
    values[upto - 1] = v;
    return operands(n, upto - 1, in, values, done);
  });
}

bool evaluator::object(const code_node& n, std::size_t from, const val& made,
                       const val& in, to_value to) {
  if (from == n.kids.size())
    return to(made);
  return subexpression(n.kids[from], in, [&](const val& k) {
    return subexpression(n.kids[from + 1], in, [&](const val& v) {
      if (!k.is_text())
        return raise("Cannot use " + std::string{type_name(k)} + " ("
                     + excerpt(w_, k) + ") as object key");
      return object(n, from + 2, w_.with_key(made, k, v), in, to);
    });
  });
}

bool evaluator::call(const code_node& n, const val& in, to_value to) {
  std::array<val, 4> values;
  values[0] = in;
  return operands(n, n.kids.size(), in, values.data() + 1, [&] {
    val out;
    if (!n.function->run(context_, values.data(), out))
      return raised();
    const bool leads = tracking_.on && n.function->name == "getpath"
                       && identical(in, tracking_.at);
    if (!leads)
      return to(out);
    const auto saved = tracking_;
    for (std::uint32_t i = 0; i < count(values[1]); ++i)
      tracking_.way
        = new (w_.take(sizeof(link))) link{tracking_.way, item(values[1], i)};
    tracking_.at = out;
    const bool more = to(out);
    tracking_ = saved;
    return more;
  });
}

bool evaluator::logic(const code_node& n, const val& in, to_value to) {
  const bool all = n.what == op::all_of;
  return each(n.kids[0], in, [&](const val& a) {
    if (a.truthy() != all)
      return to(val::of(!all));
    return each(n.kids[1], in,
                [&](const val& b) { return to(val::of(b.truthy())); });
  });
}

bool evaluator::otherwise(const code_node& n, const val& in, to_value to) {
  bool found = false;
  const bool more = each(n.kids[0], in, [&](const val& v) {
    if (!v.truthy())
      return true;
    found = true;
    return to(v);
  });
  return more && (found || each(n.kids[1], in, to));
}

bool evaluator::attempt(const code_node& n, const val& in, to_value to) {
  const auto saved = tracking_;
  if (each(n.kids[0], in, to))
    return true;
  tracking_ = saved;
  if (n.kids[1] == none) { // Swallows a break as well, as jq 1.6 does.
    stop_ = stop::running;
    return true;
  }
  // jq 1.6 lets `catch` see a break as well, as an object.
  const val what
    = stop_ == stop::leave
        ? w_.with_key(w_.new_object(1), val::of("__jq"), val::of(leaving_))
        : context_.error;
  stop_ = stop::running;
  return each(n.kids[1], what, to);
}

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
