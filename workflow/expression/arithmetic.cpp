#include "workflow/expression/functions.hpp"
#include "workflow/expression/text.hpp"

#include <algorithm>
#include <cmath>

namespace pawl::expression {

bool context::raise(std::string_view sentence) {
  error = w.text(sentence);
  return false;
}

bool context::type_error(const val& v, std::string_view sentence) {
  std::string made{type_name(v)};
  made.append(" (").append(excerpt(w, v)).append(") ").append(sentence);
  return raise(made);
}

bool context::type_error(const val& a, const val& b,
                         std::string_view sentence) {
  std::string made{type_name(a)};
  made.append(" (").append(excerpt(w, a)).append(") and ");
  made.append(type_name(b)).append(" (").append(excerpt(w, b)).append(") ");
  made.append(sentence);
  return raise(made);
}

namespace {

bool both_integers(const val& a, const val& b) {
  return a.kind == holds::integer && b.kind == holds::integer;
}

val merge(workspace& w, const val& a, const val& b) {
  val out = w.own_object(a, count(b));
  entry e;
  for (pairs all{b}; all.next(e);) {
    w.step();
    out = w.with_key(out, e.key, e.value);
  }
  return out;
}

val merge_deep(workspace& w, const val& a, const val& b, int depth) {
  if (depth > depth_max)
    throw budget_spent{"The value nests too deeply."};
  val out = a;
  entry e;
  for (pairs all{b}; all.next(e);) {
    w.step();
    val old;
    if (w.find(out, e.key.view(), old) && old.is_object()
        && e.value.is_object())
      out = w.with_key(out, e.key, merge_deep(w, old, e.value, depth + 1));
    else
      out = w.with_key(out, e.key, e.value);
  }
  return out;
}

} // namespace

bool plus(context& c, const val& a, const val& b, val& out) {
  if (a.kind == holds::null) {
    out = b;
  } else if (b.kind == holds::null) {
    out = a;
  } else if (a.is_number() && b.is_number()) {
    std::int64_t sum = 0;
    if (both_integers(a, b)
        && !__builtin_add_overflow(a.integer, b.integer, &sum))
      out = val::of(sum);
    else
      out = val::of(a.number() + b.number());
  } else if (a.is_text() && b.is_text()) {
    out = c.w.joined(a.view(), b.view());
  } else if (a.is_array() && b.is_array()) {
    const auto n = count(b);
    c.w.step(n / 16);
    out = a.kind == holds::array ? a : c.w.own_array(a, n);
    for (std::uint32_t i = 0; i < n; ++i)
      out = c.w.append(out, item(b, i));
  } else if (a.is_object() && b.is_object()) {
    out = merge(c.w, a, b);
  } else {
    return c.type_error(a, b, "cannot be added");
  }
  return true;
}

namespace {

bool f_plus(context& c, const val* in, val& out) {
  return plus(c, in[1], in[2], out);
}

bool f_minus(context& c, const val* in, val& out) {
  const val& a = in[1];
  const val& b = in[2];
  if (a.is_number() && b.is_number()) {
    std::int64_t difference = 0;
    if (both_integers(a, b)
        && !__builtin_sub_overflow(a.integer, b.integer, &difference))
      out = val::of(difference);
    else
      out = val::of(a.number() - b.number());
    return true;
  }
  if (!a.is_array() || !b.is_array())
    return c.type_error(a, b, "cannot be subtracted");
  out = c.w.new_array(count(a));
  for (std::uint32_t i = 0; i < count(a); ++i) {
    const val x = item(a, i);
    bool keep = true;
    for (std::uint32_t k = 0; keep && k < count(b); ++k)
      keep = !equal(c.w, x, item(b, k));
    if (keep)
      out = c.w.append(out, x);
  }
  return true;
}

bool repeat(context& c, const val& text, double times, val& out) {
  const auto more = to_int(times - 1);
  if (more < 0) {
    out = val{};
    return true;
  }
  const auto n = static_cast<std::size_t>(more) + 1;
  c.w.step(n / 16);
  if (text.size != 0 && n > UINT32_MAX / text.size)
    throw budget_spent{"The expression builds too much data."};
  auto* const to = static_cast<char*>(c.w.take(text.size * n));
  for (std::size_t i = 0; i < n; ++i)
    std::copy_n(text.text, text.size, to + i * text.size);
  out = val::of(std::string_view{to, text.size * n});
  return true;
}

bool f_multiply(context& c, const val* in, val& out) {
  const val& a = in[1];
  const val& b = in[2];
  if (a.is_number() && b.is_number()) {
    std::int64_t product = 0;
    // A zero may have to be negative.
    if (both_integers(a, b)
        && !__builtin_mul_overflow(a.integer, b.integer, &product)
        && (product != 0 || (a.integer >= 0 && b.integer >= 0)))
      out = val::of(product);
    else
      out = val::of(a.number() * b.number());
    return true;
  }
  if (a.is_text() && b.is_number())
    return repeat(c, a, b.number(), out);
  if (a.is_number() && b.is_text())
    return repeat(c, b, a.number(), out);
  if (!a.is_object() || !b.is_object())
    return c.type_error(a, b, "cannot be multiplied");
  out = merge_deep(c.w, a, b, 0);
  return true;
}

bool f_divide(context& c, const val* in, val& out) {
  const val& a = in[1];
  const val& b = in[2];
  if (a.is_number() && b.is_number()) {
    if (b.number() == 0)
      return c.type_error(a, b,
                          "cannot be divided because the divisor is zero");
    out = val::of(a.number() / b.number());
    return true;
  }
  if (a.is_text() && b.is_text()) {
    const val split[]{a, b};
    return find_native("split", 1)->run(c, split, out);
  }
  return c.type_error(a, b, "cannot be divided");
}

bool f_mod(context& c, const val* in, val& out) {
  const val& a = in[1];
  const val& b = in[2];
  if (!a.is_number() || !b.is_number())
    return c.type_error(a, b, "cannot be divided (remainder)");
  const auto whole = [](const val& v) {
    return v.kind == holds::integer ? v.integer : to_int64(v.real);
  };
  const auto divisor = whole(b);
  if (divisor == 0)
    return c.type_error(
      a, b, "cannot be divided (remainder) because the divisor is zero");
  out = val::of(divisor == -1 ? std::int64_t{0} : whole(a) % divisor);
  return true;
}

bool f_negate(context& c, const val* in, val& out) {
  if (!in[0].is_number())
    return c.type_error(in[0], "cannot be negated");
  if (in[0].kind == holds::integer && in[0].integer != 0
      && in[0].integer != INT64_MIN)
    out = val::of(-in[0].integer);
  else
    out = val::of(-in[0].number());
  return true;
}

bool f_equal(context& c, const val* in, val& out) {
  out = val::of(equal(c.w, in[1], in[2]));
  return true;
}
bool f_notequal(context& c, const val* in, val& out) {
  out = val::of(!equal(c.w, in[1], in[2]));
  return true;
}
bool f_less(context& c, const val* in, val& out) {
  out = val::of(compare(c.w, in[1], in[2]) < 0);
  return true;
}
bool f_lesseq(context& c, const val* in, val& out) {
  out = val::of(compare(c.w, in[1], in[2]) <= 0);
  return true;
}
bool f_greater(context& c, const val* in, val& out) {
  out = val::of(compare(c.w, in[1], in[2]) > 0);
  return true;
}
bool f_greatereq(context& c, const val* in, val& out) {
  out = val::of(compare(c.w, in[1], in[2]) >= 0);
  return true;
}

constexpr native_entry table[]{
  {"_plus", 2, f_plus},         {"_minus", 2, f_minus},
  {"_multiply", 2, f_multiply}, {"_divide", 2, f_divide},
  {"_mod", 2, f_mod},           {"_negate", 0, f_negate},
  {"_equal", 2, f_equal},       {"_notequal", 2, f_notequal},
  {"_less", 2, f_less},         {"_lesseq", 2, f_lesseq},
  {"_greater", 2, f_greater},   {"_greatereq", 2, f_greatereq},
};

} // namespace

std::span<const native_entry> arithmetic_functions() {
  return table;
}

} // namespace pawl::expression
