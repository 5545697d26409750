#include "workflow/expression/evaluator.hpp"
#include "workflow/expression/text.hpp"

#include <algorithm>
#include <array>

namespace pawl::expression {

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
  case op::field:
    return field(n, in, to);
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
                  w_.push(made, v);
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

} // namespace pawl::expression
