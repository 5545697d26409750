#include "workflow/expression/evaluator.hpp"
#include "workflow/expression/text.hpp"

#include <algorithm>
#include <utility>

namespace pawl::expression {

bool evaluator::astray(const val& v, std::string_view near) {
  std::string sentence = "Invalid path expression ";
  sentence.append(near).append(excerpt(w_, v, 30));
  return raise(sentence);
}

bool evaluator::field(const code_node& n, const val& in, to_value to) {
  return each(n.kids[0], in, [&](const val& t) {
    return index_step(t, n.constant, n.optional, to);
  });
}

bool evaluator::index(const code_node& n, const val& in, to_value to) {
  return subexpression(n.kids[1], in, [&](const val& k) {
    return each(n.kids[0], in,
                [&](const val& t) { return index_step(t, k, n.optional, to); });
  });
}

bool evaluator::index_step(const val& t, const val& k, bool optional,
                           to_value to) {
  if (tracking_.on && !identical(t, tracking_.at))
    return astray(t,
                  "near attempt to access element " + excerpt(w_, k) + " of ");
  val v;
  if (!get(context_, t, k, v))
    return optional || raised();
  if (!tracking_.on)
    return to(v);
  const auto saved = tracking_;
  tracking_.way = new (w_.take(sizeof(link))) link{saved.way, k};
  tracking_.at = v;
  const bool more = to(v);
  tracking_ = saved;
  return more;
}

bool evaluator::iterate_step(const val& v, bool optional, to_value to) {
  if (tracking_.on && !identical(v, tracking_.at))
    return astray(v, "near attempt to iterate through ");
  if (!v.is_array() && !v.is_object())
    return optional
           || raise("Cannot iterate over " + std::string{type_name(v)} + " ("
                    + excerpt(w_, v) + ")");
  const auto saved = tracking_;
  const auto visit = [&](const val& key, const val& x) {
    w_.step();
    if (!saved.on)
      return to(x);
    tracking_.way = new (w_.take(sizeof(link))) link{saved.way, key};
    tracking_.at = x;
    const bool more = to(x);
    tracking_ = saved;
    return more;
  };
  if (v.is_array()) {
    for (std::uint32_t i = 0; i < count(v); ++i)
      if (!visit(val::of(std::int64_t{i}), item(v, i)))
        return false;
    return true;
  }
  entry e;
  for (pairs all{v}; all.next(e);)
    if (!visit(e.key, e.value))
      return false;
  return true;
}

bool evaluator::slice(const code_node& n, const val& in, to_value to) {
  return subexpression(n.kids[1], in, [&](const val& from) {
    return subexpression(n.kids[2], in, [&](const val& upto) {
      const val key = slice_key(w_, from, upto);
      return each(n.kids[0], in, [&](const val& t) {
        return index_step(t, key, n.optional, to);
      });
    });
  });
}

val evaluator::path_value(const link* way) {
  std::uint32_t length = 0;
  for (const auto* l = way; l != nullptr; l = l->before)
    ++length;
  w_.step(length);
  val made = w_.new_array(length);
  for (std::uint32_t i = 0; i < length; ++i)
    w_.push(made, val{});
  for (const auto* l = way; l != nullptr; l = l->before)
    made.array->items[--length] = l->key;
  return made;
}

// Hands out each path that `body` takes from `in`; the receiver runs outside.
bool evaluator::each_path(std::uint32_t body, const val& in, to_value to) {
  const auto saved = tracking_;
  tracking_ = {true, nullptr, in};
  const bool more = each(body, in, [&](const val& v) {
    if (!identical(v, tracking_.at))
      return astray(v, "with result ");
    const auto inner = tracking_;
    const val made = path_value(inner.way);
    tracking_ = saved;
    const bool on = to(made);
    tracking_ = inner;
    return on;
  });
  tracking_ = saved;
  return more;
}

bool evaluator::path(const code_node& n, const val& in, to_value to) {
  return each_path(n.kids[0], in, to);
}

// One step of `|=`: the value at `where` becomes the first result of `update`,
// or goes if there is none.
bool evaluator::modify_at(std::uint32_t update, const val& where, val& state) {
  const val before = std::exchange(state, val{}); // As jq, if all fails.
  val old;
  if (!get_path(context_, before, where, old))
    return raised();
  const auto mine = labels_++;
  val made;
  const bool went_on = each(update, old, [&](const val& v) {
    if (!set_path(context_, before, where, v, made))
      return raised();
    stop_ = stop::leave;
    leaving_ = mine;
    return false;
  });
  if (went_on) {
    const val paths = w_.append(w_.new_array(1), where);
    return delete_paths(context_, before, paths, state) || raised();
  }
  if (!left(mine))
    return false;
  state = made;
  return true;
}

bool evaluator::modify(const code_node& n, const val& in, to_value to) {
  const auto saved = tracking_;
  val state = in;
  const bool fine = each_path(n.kids[0], in, [&](const val& where) {
    const auto outer = tracking_;
    tracking_.on = false;
    const bool more = modify_at(n.kids[1], where, state);
    tracking_ = outer;
    return more;
  });
  tracking_ = saved;
  return fine && to(state);
}

bool evaluator::descend(const val& v, int depth, to_value to) {
  if (depth > depth_max)
    throw budget_spent{"The value nests too deeply."};
  w_.step();
  return to(v) && iterate_step(v, true, [&](const val& x) {
           return descend(x, depth + 1, to);
         });
}

bool evaluator::walk(const code_node& n, const val& v, int depth, to_value to) {
  if (depth > depth_max)
    throw budget_spent{"The value nests too deeply."};
  w_.step();
  if (!v.is_array() && !v.is_object())
    return each(n.kids[0], v, to);
  val state = v.is_array() ? w_.new_array(count(v)) : w_.new_object(count(v));
  const auto child = [&](const val& key, const val& x) {
    const val before = state;
    if (v.is_object())
      state = val{};
    return walk(n, x, depth + 1, [&](const val& y) {
      if (v.is_array())
        state = w_.append(state, y);
      else if (before.kind == holds::null)
        state = w_.with_key(w_.new_object(1), key, y);
      else
        state = w_.with_key(before, key, y);
      return true;
    });
  };
  if (v.is_array()) {
    for (std::uint32_t i = 0; i < count(v); ++i)
      if (!child(val{}, item(v, i)))
        return false;
  } else {
    entry e;
    for (pairs all{v}; all.next(e);)
      if (!child(e.key, e.value))
        return false;
  }
  return each(n.kids[0], state, to);
}

bool evaluator::range(const code_node& n, const val& in, to_value to) {
  return each(n.kids[0], in, [&](const val& from) {
    return each(n.kids[1], in, [&](const val& upto) {
      if (!from.is_number() || !upto.is_number())
        return raise("Range bounds must be numeric");
      const val by = val::of(std::int64_t{1});
      const double end = upto.number();
      val at = from;
      while (!(at.number() >= end)) {
        w_.step();
        if (!to(at))
          return false;
        if (!plus(context_, val{at}, by, at))
          return raised();
      }
      return true;
    });
  });
}

bool evaluator::range_by(const code_node& n, const val& in, to_value to) {
  return subexpression(n.kids[0], in, [&](const val& from) {
    return subexpression(n.kids[1], in, [&](const val& upto) {
      return subexpression(n.kids[2], in, [&](const val& by) {
        return count_by(from, upto, by, to);
      });
    });
  });
}

bool evaluator::count_by(const val& from, const val& upto, const val& by,
                         to_value to) {
  const int sign = compare(w_, by, val::of(std::int64_t{0}));
  if (sign == 0)
    return true;
  for (val at = from; compare(w_, at, upto) * sign < 0;) {
    w_.step();
    if (!to(at))
      return false;
    if (!plus(context_, val{at}, by, at))
      return raised();
  }
  return true;
}

} // namespace pawl::expression
