#include "workflow/expression/functions.hpp"
#include "workflow/expression/text.hpp"
#include "workflow/expression/unicode.hpp"

#include <algorithm>
#include <climits>
#include <cmath>

namespace pawl::expression {

std::int32_t to_int(double d) {
  return d > -2147483649.0 && d < 2147483648.0 ? static_cast<std::int32_t>(d)
                                               : INT_MIN;
}

std::int64_t to_int64(double d) {
  return d >= -9223372036854775808.0 && d < 9223372036854775808.0
           ? static_cast<std::int64_t>(d)
           : INT64_MIN;
}

namespace {

struct range {
  std::uint32_t from = 0;
  std::uint32_t upto = 0;
};

// The elements that slice `key` means of something `size` long.
bool parse_slice(context& c, std::uint32_t size, const val& key, range& out) {
  val from;
  val upto;
  if (!c.w.find(key, "start", from) || !c.w.find(key, "end", upto))
    return false;
  if (from.kind == holds::null)
    from = val::of(std::int64_t{0});
  if (upto.kind == holds::null)
    upto = val::of(std::int64_t{size});
  if (!from.is_number() || !upto.is_number())
    return false;
  double start = from.number();
  double end = upto.number();
  start = start < 0 ? start + size : start;
  end = end < 0 ? end + size : end;
  start = start < 0 ? 0 : start > size ? size : start;
  const auto first = static_cast<std::int64_t>(std::isnan(start) ? 0 : start);
  auto last = end > size ? std::int64_t{size} : std::int64_t{to_int(end)};
  if (static_cast<double>(last) < end)
    ++last; // Up to 1.5 means up to 2.
  last = std::clamp<std::int64_t>(last, first, size);
  out = {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)};
  return true;
}

bool get_slice(context& c, const val& t, const val& key, val& out) {
  range r;
  if (t.is_array()) {
    if (!parse_slice(c, count(t), key, r))
      return c.raise("Start and end indices of an array slice must be numbers");
    out = c.w.slice(t, r.from, r.upto);
    return true;
  }
  c.w.step(t.size / 16);
  const auto size = count_code_points(t.view());
  if (!parse_slice(c, static_cast<std::uint32_t>(size), key, r))
    return c.raise("Start and end indices of an string slice must be numbers");
  const auto from = code_point_offset(t.view(), r.from);
  const auto upto = code_point_offset(t.view(), r.upto);
  out = val::of(t.view().substr(from, upto - from));
  return true;
}

bool get_item(const val& t, const val& k, val& out) {
  out = val{};
  const double d = k.number();
  if (!(d >= INT_MIN && d <= INT_MAX) || std::trunc(d) != d)
    return true;
  auto i = static_cast<std::int64_t>(d);
  if (i < 0)
    i += count(t);
  if (i >= 0 && i < count(t))
    out = item(t, static_cast<std::uint32_t>(i));
  return true;
}

// Where `part` lies within `t`, both arrays; a quirk of jq is kept: a part
// that reaches over the end may match nulls.
bool indexes(context& c, const val& t, const val& part, val& out) {
  out = c.w.new_array(4);
  for (std::uint32_t i = 0; i < count(t); ++i) {
    std::int64_t found = -1;
    for (std::uint32_t k = 0; k < count(part); ++k) {
      const bool there = i + k < count(t);
      const bool same = there && equal(c.w, item(t, i + k), item(part, k));
      if (!same)
        found = -1;
      else if (k == 0 && found == -1)
        found = i;
    }
    if (found > -1)
      out = c.w.append(out, val::of(found));
  }
  return true;
}

} // namespace

val slice_key(workspace& w, const val& from, const val& upto) {
  val made = w.new_object(2);
  made = w.with_key(made, val::of("start"), from);
  return w.with_key(made, val::of("end"), upto);
}

bool get(context& c, const val& t, const val& k, val& out) {
  if (t.is_object() && k.is_text()) {
    if (!c.w.find(t, k.view(), out))
      out = val{};
    return true;
  }
  if (t.is_array() && k.is_number())
    return get_item(t, k, out);
  if ((t.is_array() || t.is_text()) && k.is_object())
    return get_slice(c, t, k, out);
  if (t.is_array() && k.is_array())
    return indexes(c, t, k, out);
  if (t.kind == holds::null
      && (k.is_text() || k.is_number() || k.is_object())) {
    out = val{};
    return true;
  }
  std::string sentence = "Cannot index ";
  sentence += type_name(t);
  if (k.is_text() && k.size < 30)
    sentence.append(" with string \"").append(k.view()).append("\"");
  else
    sentence.append(" with ").append(type_name(k));
  return c.raise(sentence);
}

namespace {

bool set_slice(context& c, const val& t, const val& key, const val& v,
               val& out) {
  range r;
  if (!parse_slice(c, count(t), key, r))
    return c.raise("Start and end indices of an array slice must be numbers");
  if (!v.is_array())
    return c.raise("A slice of an array can only be assigned another array");
  out = c.w.slice(t, 0, r.from);
  for (std::uint32_t i = 0; i < count(v); ++i)
    out = c.w.append(out, item(v, i));
  for (std::uint32_t i = r.upto; i < count(t); ++i)
    out = c.w.append(out, item(t, i));
  c.w.step(count(out));
  return true;
}

} // namespace

bool set(context& c, const val& t, const val& k, const val& v, val& out) {
  const bool fresh = t.kind == holds::null;
  if (k.is_text() && (t.is_object() || fresh)) {
    out = c.w.with_key(fresh ? c.w.new_object(1) : t, k, v);
    return true;
  }
  if (k.is_number() && (t.is_array() || fresh)) {
    const val array = fresh ? c.w.new_array(1) : t;
    std::int64_t i = to_int(k.number());
    if (i < 0)
      i += count(array);
    if (i < 0)
      return c.raise("Out of bounds negative array index");
    out = c.w.with_item(array, static_cast<std::uint32_t>(i), v);
    return true;
  }
  if (k.is_object() && (t.is_array() || fresh))
    return set_slice(c, fresh ? c.w.new_array(1) : t, k, v, out);
  return c.raise("Cannot update field at " + std::string{type_name(k)}
                 + " index of " + std::string{type_name(t)});
}

bool get_path(context& c, const val& root, const val& path, val& out) {
  if (!path.is_array())
    return c.raise("Path must be specified as an array");
  out = root;
  c.w.step(count(path));
  for (std::uint32_t i = 0; i < count(path); ++i)
    if (val next; get(c, out, item(path, i), next))
      out = next;
    else
      return false;
  return true;
}

namespace {

struct assignment {
  const val& path;
  const val& value;
};

// `root` changed by what stands from level `from` of the path on.
bool set_below(context& c, const val& root, const assignment& what,
               std::uint32_t from, val& out) {
  c.w.step();
  if (from == count(what.path)) {
    out = what.value;
    return true;
  }
  const val key = item(what.path, from);
  val inner;
  val changed;
  return get(c, root, key, inner)
         && set_below(c, inner, what, from + 1, changed)
         && set(c, root, key, changed, out);
}

} // namespace

bool set_path(context& c, const val& root, const val& path, const val& v,
              val& out) {
  if (!path.is_array())
    return c.raise("Path must be specified as an array");
  if (count(path) > depth_max)
    throw budget_spent{"The path is too long."};
  return set_below(c, root, {path, v}, 0, out);
}

namespace {

// Deletes `keys`, sorted, from `t`.
bool delete_items(context& c, const val& t, const val& keys, val& out) {
  std::vector<range> gone;
  const auto n = count(t);
  for (std::uint32_t i = 0; i < count(keys); ++i) {
    const val k = item(keys, i);
    range r;
    if (k.is_number()) {
      const std::int64_t at = k.number() < 0
                                ? std::int64_t{to_int(k.number())} + n
                                : std::int64_t{to_int(k.number())};
      if (at >= 0 && at < n)
        gone.push_back(
          {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at) + 1});
    } else if (!k.is_object()) {
      return c.raise("Cannot delete " + std::string{type_name(k)}
                     + " element of array");
    } else if (!parse_slice(c, n, k, r)) {
      return c.raise("Start and end indices of an array slice must be numbers");
    } else {
      gone.push_back(r);
    }
  }
  std::vector<bool> dead(n);
  c.w.step(n / 16);
  for (const auto& r : gone) {
    c.w.step((r.upto - r.from) / 16);
    std::fill(dead.begin() + r.from, dead.begin() + r.upto, true);
  }
  out = c.w.new_array(n);
  for (std::uint32_t i = 0; i < n; ++i)
    if (!dead[i])
      out = c.w.append(out, item(t, i));
  return true;
}

bool delete_keys(context& c, const val& t, const val& keys, val& out) {
  out = t;
  if (t.kind == holds::null || count(keys) == 0)
    return true;
  if (t.is_array())
    return delete_items(c, t, keys, out);
  if (!t.is_object())
    return c.raise("Cannot delete fields from " + std::string{type_name(t)});
  for (std::uint32_t i = 0; i < count(keys); ++i) {
    const val k = item(keys, i);
    if (!k.is_text())
      return c.raise("Cannot delete " + std::string{type_name(k)}
                     + " field of object");
    out = c.w.without_key(out, k.view());
  }
  return true;
}

// Of the sorted `paths` those that agree in their first `level` keys.
struct alike {
  const val& paths;
  range which;
  std::uint32_t level;
};

bool delete_sorted(context& c, const val& root, const alike& of, val& out) {
  const auto& [paths, which, level] = of;
  c.w.step();
  if (level > depth_max)
    throw budget_spent{"The path is too long."};
  out = root;
  val keys = c.w.new_array(4);
  for (std::uint32_t i = which.from; i < which.upto;) {
    const val path = item(paths, i);
    const val key = item(path, level);
    std::uint32_t j = i;
    while (j < which.upto && equal(c.w, key, item(item(paths, j), level)))
      ++j;
    if (j == i)
      ++j; // A key that is not equal to itself (nan) stands alone.
    if (count(path) == level + 1) {
      keys = c.w.append(keys, key);
    } else {
      val inner;
      val changed;
      if (!get(c, out, key, inner))
        return false;
      if (inner.kind != holds::null
          && !(delete_sorted(c, inner, {paths, {i, j}, level + 1}, changed)
               && set(c, out, key, changed, out)))
        return false;
    }
    i = j;
  }
  return delete_keys(c, val{out}, keys, out);
}

bool f_getpath(context& c, const val* in, val& out) {
  return get_path(c, in[0], in[1], out);
}
bool f_setpath(context& c, const val* in, val& out) {
  return set_path(c, in[0], in[1], in[2], out);
}
bool f_delpaths(context& c, const val* in, val& out) {
  return delete_paths(c, in[0], in[1], out);
}

bool f_has(context& c, const val* in, val& out) {
  const val& t = in[0];
  const val& k = in[1];
  val ignored;
  if (t.kind == holds::null) {
    out = val::of(false);
  } else if (t.is_object() && k.is_text()) {
    out = val::of(c.w.find(t, k.view(), ignored));
  } else if (t.is_array() && k.is_number()) {
    const auto i = to_int(k.number());
    out = val::of(i >= 0 && static_cast<std::uint32_t>(i) < count(t));
  } else {
    return c.raise("Cannot check whether " + std::string{type_name(t)}
                   + " has a " + std::string{type_name(k)} + " key");
  }
  return true;
}

constexpr native_entry table[]{
  {"getpath", 1, f_getpath},
  {"setpath", 2, f_setpath},
  {"delpaths", 1, f_delpaths},
  {"has", 1, f_has},
};

} // namespace

bool delete_paths(context& c, const val& root, const val& paths, val& out) {
  if (!paths.is_array())
    return c.raise("Paths must be specified as an array");
  const val sorted = c.w.own_array(paths);
  auto* const items = sorted.array->items;
  std::stable_sort(
    items, items + count(sorted),
    [&c](const val& a, const val& b) { return compare(c.w, a, b) < 0; });
  for (std::uint32_t i = 0; i < count(sorted); ++i)
    if (!item(sorted, i).is_array())
      return c.raise("Path must be specified as array, not "
                     + std::string{type_name(item(sorted, i))});
  out = root;
  if (count(sorted) == 0)
    return true;
  if (count(item(sorted, 0)) == 0) {
    out = val{};
    return true;
  }
  return delete_sorted(c, root, {sorted, {0, count(sorted)}, 0}, out);
}

std::span<const native_entry> path_functions() {
  return table;
}

} // namespace pawl::expression
