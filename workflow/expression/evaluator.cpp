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

bool evaluator::one_step(const code_node& n, const val& in, val& out) {
  w_.step();
  switch (n.what) {
  case op::field: {
    val t;
    if (!one(n.kids[0], in, t))
      return false;
    if (t.kind != holds::json_object)
      return get(context_, t, n.constant, out) || raised();
    if (!w_.find(t, n.constant.view(), out))
      out = val{};
    return true;
  }
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
  w_.step(n.kids.size() / 2);
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
    w_.put(made, k, v);
  }
  out = made;
  return true;
}

bool evaluator::one_splice(const code_node& n, const val& in, val& out) {
  w_.step(n.kids.size());
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

} // namespace pawl::expression
