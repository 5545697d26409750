#include "workflow/expression/functions.hpp"
#include "workflow/expression/text.hpp"
#include "workflow/expression/unicode.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pawl::expression {

namespace {

bool f_length(context& c, const val* in, val& out) {
  const val& v = in[0];
  if (v.is_array() || v.is_object()) {
    out = val::of(std::int64_t{count(v)});
  } else if (v.is_text()) {
    c.w.step(v.size / 16);
    out = val::of(static_cast<std::int64_t>(count_code_points(v.view())));
  } else if (v.kind == holds::integer && v.integer != INT64_MIN) {
    out = val::of(std::abs(v.integer));
  } else if (v.is_number()) {
    out = val::of(std::abs(v.number()));
  } else if (v.kind == holds::null) {
    out = val::of(std::int64_t{0});
  } else {
    return c.type_error(v, "has no length");
  }
  return true;
}

bool f_type(context&, const val* in, val& out) {
  out = val::of(type_name(in[0]));
  return true;
}
bool f_not(context&, const val* in, val& out) {
  out = val::of(!in[0].truthy());
  return true;
}

val numbers_below(workspace& w, std::uint32_t n) {
  val made = w.new_array(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    w.step();
    made = w.append(made, val::of(std::int64_t{i}));
  }
  return made;
}

bool f_keys_unsorted(context& c, const val* in, val& out) {
  if (in[0].is_array()) {
    out = numbers_below(c.w, count(in[0]));
    return true;
  }
  if (!in[0].is_object())
    return c.type_error(in[0], "has no keys");
  out = c.w.new_array(count(in[0]));
  entry e;
  for (pairs all{in[0]}; all.next(e);) {
    c.w.step();
    out = c.w.append(out, e.key);
  }
  return true;
}
bool f_keys(context& c, const val* in, val& out) {
  if (!in[0].is_object())
    return f_keys_unsorted(c, in, out);
  out = sorted_keys(c.w, in[0]);
  return true;
}

// Whether something can be iterated: else jq's `.[]` fails.
bool iterable(context& c, const val& v) {
  if (v.is_array() || v.is_object())
    return true;
  return c.raise("Cannot iterate over " + std::string{type_name(v)} + " ("
                 + excerpt(c.w, v) + ")");
}

template <class Visit>
bool each_item(context& c, const val& v, Visit visit) {
  if (!iterable(c, v))
    return false;
  if (v.is_array()) {
    for (std::uint32_t i = 0; i < count(v); ++i) {
      c.w.step();
      if (!visit(item(v, i)))
        return false;
    }
    return true;
  }
  entry e;
  for (pairs all{v}; all.next(e);) {
    c.w.step();
    if (!visit(e.value))
      return false;
  }
  return true;
}

bool f_add(context& c, const val* in, val& out) {
  out = val{};
  std::string text; // Joins texts at once, lest a long list cost its square.
  bool texts = false;
  const bool fine = each_item(c, in[0], [&](const val& v) {
    if (v.is_text() && (texts || out.is_text())) {
      if (!texts)
        text = out.view();
      texts = true;
      c.w.charge(v.size);
      text += v.view();
      return true;
    }
    if (texts && v.kind == holds::null)
      return true;
    if (texts)
      out = c.w.text(text);
    texts = false;
    const val left = out;
    return plus(c, left, v, out);
  });
  if (texts)
    out = c.w.text(text);
  return fine;
}

bool f_join(context& c, const val* in, val& out) {
  std::string text;
  bool first = true;
  const bool fine = each_item(c, in[0], [&](const val& v) {
    // jq: (if . == null then "" else . + $x end) + (text of $i).
    if (!first) {
      if (in[1].is_text())
        text += in[1].view();
      else if (val ignored; !plus(c, val::of(text), in[1], ignored))
        return false;
    }
    first = false;
    if (v.is_text())
      text += v.view();
    else if (v.is_number() || v.kind == holds::yes || v.kind == holds::no)
      append_dump(c.w, text, v);
    else if (val ignored; v.truthy() && !plus(c, val::of(text), v, ignored))
      return false;
    c.w.charge(v.size + in[1].size);
    return true;
  });
  if (fine)
    out = c.w.text(text);
  return fine;
}

bool flatten_into(context& c, const val& v, const val& levels, int depth,
                  val& out) {
  if (depth > depth_max)
    throw budget_spent{"The value nests too deeply."};
  return each_item(c, v, [&](const val& x) {
    if (!x.is_array() || (levels.is_number() && levels.number() == 0)) {
      out = c.w.append(out, x);
      return true;
    }
    if (!levels.is_number())
      return c.type_error(levels, val::of(std::int64_t{1}),
                          "cannot be subtracted");
    return flatten_into(c, x, val::of(levels.number() - 1), depth + 1, out);
  });
}
bool f_flatten_by(context& c, const val* in, val& out) {
  if (compare(c.w, in[1], val::of(std::int64_t{0})) < 0)
    return c.raise("flatten depth must not be negative");
  out = c.w.new_array(4);
  return flatten_into(c, in[0], in[1], 0, out);
}
bool f_flatten(context& c, const val* in, val& out) {
  out = c.w.new_array(4);
  return flatten_into(c, in[0], val::of(std::int64_t{-1}), 0, out);
}

// The indices of `keys` in their order, equal ones as they came.
std::vector<std::uint32_t> order_of(context& c, const val& keys) {
  std::vector<std::uint32_t> order(count(keys));
  c.w.charge(order.size() * sizeof(std::uint32_t));
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) {
                     return compare(c.w, item(keys, a), item(keys, b)) < 0;
                   });
  return order;
}

bool sorted(context& c, const val& values, const val& keys, val& out) {
  out = c.w.new_array(count(values));
  for (const auto i : order_of(c, keys))
    out = c.w.append(out, item(values, i));
  return true;
}
bool f_sort(context& c, const val* in, val& out) {
  if (!in[0].is_array())
    return c.type_error(in[0], "cannot be sorted, as it is not an array");
  return sorted(c, in[0], in[0], out);
}
bool same_size(context& c, const val* in) {
  if (in[0].is_array() && in[1].is_array() && count(in[0]) == count(in[1]))
    return true;
  return c.type_error(in[0], in[1],
                      "cannot be sorted, as they are not both arrays");
}
bool f_sort_by(context& c, const val* in, val& out) {
  return same_size(c, in) && sorted(c, in[0], in[1], out);
}

bool f_group_by(context& c, const val* in, val& out) {
  if (!same_size(c, in))
    return false;
  out = c.w.new_array(4);
  val group;
  val key;
  for (const auto i : order_of(c, in[1])) {
    const val k = item(in[1], i);
    const bool same = group.is_array() && equal(c.w, key, k);
    if (!same) {
      if (group.is_array())
        out = c.w.append(out, group);
      group = c.w.new_array(2);
      key = k;
    }
    group = c.w.append(group, item(in[0], i));
  }
  if (group.is_array())
    out = c.w.append(out, group);
  return true;
}

bool extreme(context& c, const val& values, const val& keys, bool least,
             val& out) {
  if (!values.is_array() || !keys.is_array())
    return c.type_error(values, keys, "cannot be iterated over");
  if (count(values) != count(keys))
    return c.type_error(values, keys, "have wrong length");
  out = val{};
  val best;
  for (std::uint32_t i = 0; i < count(values); ++i) {
    const val k = item(keys, i);
    // Of equal ones min takes the first and max the last, as jq does.
    if (i == 0 || (compare(c.w, k, best) < 0) == least) {
      best = k;
      out = item(values, i);
    }
  }
  return true;
}
bool f_min(context& c, const val* in, val& out) {
  return extreme(c, in[0], in[0], true, out);
}
bool f_max(context& c, const val* in, val& out) {
  return extreme(c, in[0], in[0], false, out);
}
bool f_min_by(context& c, const val* in, val& out) {
  return extreme(c, in[0], in[1], true, out);
}
bool f_max_by(context& c, const val* in, val& out) {
  return extreme(c, in[0], in[1], false, out);
}

bool contains(context& c, const val& a, const val& b, int depth) {
  if (depth > depth_max)
    throw budget_spent{"The value nests too deeply."};
  c.w.step();
  if (rank(a) != rank(b))
    return false;
  if (a.is_object()) {
    entry e;
    for (pairs all{b}; all.next(e);) {
      val mine;
      if (!c.w.find(a, e.key.view(), mine)
          || !contains(c, mine, e.value, depth + 1))
        return false;
    }
    return true;
  }
  if (a.is_array()) {
    for (std::uint32_t i = 0; i < count(b); ++i) {
      bool found = false;
      for (std::uint32_t k = 0; !found && k < count(a); ++k)
        found = contains(c, item(a, k), item(b, i), depth + 1);
      if (!found)
        return false;
    }
    return true;
  }
  if (!a.is_text())
    return equal(c.w, a, b);
  c.w.step(a.size / 16);
  const auto until_nul
    = [](std::string_view s) { return s.substr(0, s.find('\0')); };
  return until_nul(a.view()).find(until_nul(b.view()))
         != std::string_view::npos;
}
bool f_contains(context& c, const val* in, val& out) {
  if (rank(in[0]) != rank(in[1]))
    return c.type_error(in[0], in[1], "cannot have their containment checked");
  out = val::of(contains(c, in[0], in[1], 0));
  return true;
}

bool f_error(context& c, const val* in, val&) {
  c.error = in[1];
  c.nothing = in[1].kind == holds::null;
  return false;
}
bool f_error_self(context& c, const val* in, val&) {
  c.error = in[0];
  c.nothing = in[0].kind == holds::null;
  return false;
}

constexpr native_entry table[]{
  {"length", 0, f_length},
  {"type", 0, f_type},
  {"not", 0, f_not},
  {"keys", 0, f_keys},
  {"keys_unsorted", 0, f_keys_unsorted},
  {"add", 0, f_add},
  {"join", 1, f_join},
  {"flatten", 0, f_flatten},
  {"flatten", 1, f_flatten_by},
  {"sort", 0, f_sort},
  {"_sort_by_impl", 1, f_sort_by},
  {"_group_by_impl", 1, f_group_by},
  {"min", 0, f_min},
  {"max", 0, f_max},
  {"_min_by_impl", 1, f_min_by},
  {"_max_by_impl", 1, f_max_by},
  {"contains", 1, f_contains},
  {"error", 1, f_error, true},
  {"error", 0, f_error_self, true},
};

} // namespace

std::span<const native_entry> array_functions() {
  return table;
}

} // namespace pawl::expression
