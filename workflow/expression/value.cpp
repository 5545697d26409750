#include "workflow/expression/value.hpp"

#include "workflow/expression/workspace.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace pawl::expression {

std::string_view type_name(const val& v) {
  constexpr std::string_view names[]{"null",   "boolean", "boolean", "number",
                                     "string", "array",   "object"};
  return names[rank(v)];
}

bool identical(const val& a, const val& b) {
  if (a.kind != b.kind)
    return false;
  switch (a.kind) {
  case holds::null:
  case holds::no:
  case holds::yes:
    return true;
  case holds::text:
    return a.text == b.text && a.size == b.size;
  default:
    return a.integer == b.integer; // The bits, whatever they mean.
  }
}

val sorted_keys(workspace& w, const val& object) {
  const auto n = count(object);
  const val made = w.new_array(n);
  auto* const node = const_cast<array_node*>(made.array);
  w.step(n);
  entry e;
  for (pairs all{object}; all.next(e);)
    node->items[node->size++] = e.key;
  node->behind->used = node->size;
  std::sort(node->items, node->items + node->size,
            [](const val& a, const val& b) { return a.view() < b.view(); });
  return made;
}

namespace {

void guard(int depth) {
  if (depth > depth_max)
    throw budget_spent{"The value nests too deeply."};
}

int compare_numbers(const val& a, const val& b) {
  if (a.kind == holds::integer && b.kind == holds::integer)
    return a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
  const double x = a.number();
  const double y = b.number();
  // jq sorts "not a number" below every number, itself included.
  if (std::isnan(x))
    return -1;
  if (std::isnan(y))
    return 1;
  return x < y ? -1 : x > y ? 1 : 0;
}

int compare_arrays(workspace& w, const val& a, const val& b, int depth) {
  const auto n = std::min(count(a), count(b));
  for (std::uint32_t i = 0; i < n; ++i)
    if (const int r = compare(w, item(a, i), item(b, i), depth + 1))
      return r;
  return count(a) < count(b) ? -1 : count(a) > count(b) ? 1 : 0;
}

int compare_objects(workspace& w, const val& a, const val& b, int depth) {
  const val keys = sorted_keys(w, a);
  if (const int r = compare_arrays(w, keys, sorted_keys(w, b), depth))
    return r;
  for (std::uint32_t i = 0; i < count(keys); ++i) {
    val x;
    val y;
    const auto key = item(keys, i).view();
    if (w.find(a, key, x) && w.find(b, key, y))
      if (const int r = compare(w, x, y, depth + 1))
        return r;
  }
  return 0;
}

} // namespace

int compare(workspace& w, const val& a, const val& b, int depth) {
  guard(depth);
  w.step();
  const int ra = rank(a);
  const int rb = rank(b);
  if (ra != rb)
    return ra < rb ? -1 : 1;
  switch (ra) {
  case 3:
    return compare_numbers(a, b);
  case 4:
    w.step(std::min(a.size, b.size) / 64);
    return a.view().compare(b.view());
  case 5:
    return compare_arrays(w, a, b, depth);
  case 6:
    return compare_objects(w, a, b, depth);
  default:
    return 0;
  }
}

bool equal(workspace& w, const val& a, const val& b, int depth) {
  w.step();
  if (a.kind == holds::integer && b.kind == holds::integer)
    return a.integer == b.integer;
  guard(depth);
  if (rank(a) != rank(b))
    return false;
  switch (rank(a)) {
  case 3:
    return a.number() == b.number();
  case 4:
    w.step(a.size / 64);
    return a.view() == b.view();
  case 5: {
    if (count(a) != count(b))
      return false;
    for (std::uint32_t i = 0; i < count(a); ++i)
      if (!equal(w, item(a, i), item(b, i), depth + 1))
        return false;
    return true;
  }
  case 6: {
    if (count(a) != count(b))
      return false;
    entry e;
    for (pairs all{a}; all.next(e);) {
      val other;
      if (!w.find(b, e.key.view(), other)
          || !equal(w, e.value, other, depth + 1))
        return false;
    }
    return true;
  }
  default:
    return true;
  }
}

namespace {

// What `number` is in JSON: no double that an integer can stand for.
json::value number_to_json(double number) {
  if (std::isnan(number))
    return nullptr;
  constexpr double exact = 9007199254740992.0; // 2^53
  if (std::abs(number) < exact && std::trunc(number) == number)
    return static_cast<std::int64_t>(number);
  constexpr double most = std::numeric_limits<double>::max();
  return std::clamp(number, -most, most);
}

} // namespace

void to_json(workspace& w, const val& v, json::value& to, int depth) {
  guard(depth);
  w.step();
  switch (v.kind) {
  case holds::null:
    return;
  case holds::no:
  case holds::yes:
    ::new (&to) json::value(v.kind == holds::yes);
    return;
  case holds::integer:
    ::new (&to) json::value(v.integer);
    return;
  case holds::real:
    ::new (&to) json::value(number_to_json(v.real));
    return;
  case holds::text:
    w.charge(v.size);
    ::new (&to) json::value(json::string_view{v.text, v.size});
    return;
  case holds::array:
  case holds::json_array: {
    const auto n = count(v);
    w.charge(n * sizeof(json::value));
    auto* at
      = (::new (&to) json::value(json::array(n, nullptr)))->get_array().data();
    for (std::uint32_t i = 0; i < n; ++i)
      to_json(w, item(v, i), *at++, depth + 1);
    return;
  }
  case holds::object:
  case holds::json_object:
    break;
  }
  w.charge(count(v) * sizeof(json::key_value_pair));
  auto& out = (::new (&to) json::value(json::object_kind))->get_object();
  out.reserve(count(v));
  entry e;
  for (pairs all{v}; all.next(e);) {
    w.charge(e.key.size);
    const auto at
      = out.emplace(json::string_view{e.key.text, e.key.size}, nullptr).first;
    to_json(w, e.value, at->value(), depth + 1);
  }
}

} // namespace pawl::expression
