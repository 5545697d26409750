#include "workflow/expression/functions.hpp"

#include <cmath>
#include <limits>

namespace pawl::expression {

namespace {

using one_argument = double (*)(double);
using two_arguments = double (*)(double, double);

template <one_argument F>
bool unary(context& c, const val* in, val& out) {
  if (!in[0].is_number())
    return c.type_error(in[0], "number required");
  out = val::of(F(in[0].number()));
  return true;
}

// Rounding leaves an integer as it is, however large.
template <one_argument F>
bool rounding(context& c, const val* in, val& out) {
  out = in[0];
  return in[0].kind == holds::integer || unary<F>(c, in, out);
}

template <two_arguments F>
bool binary(context& c, const val* in, val& out) {
  for (const int i : {1, 2})
    if (!in[i].is_number())
      return c.type_error(in[i], "number required");
  out = val::of(F(in[1].number(), in[2].number()));
  return true;
}

bool f_fma(context& c, const val* in, val& out) {
  for (const int i : {1, 2, 3})
    if (!in[i].is_number())
      return c.type_error(in[i], "number required");
  out = val::of(std::fma(in[1].number(), in[2].number(), in[3].number()));
  return true;
}

bool f_infinite(context&, const val*, val& out) {
  out = val::of(std::numeric_limits<double>::infinity());
  return true;
}
bool f_nan(context&, const val*, val& out) {
  out = val::of(std::numeric_limits<double>::quiet_NaN());
  return true;
}
bool f_isinfinite(context&, const val* in, val& out) {
  out = val::of(in[0].is_number() && std::isinf(in[0].number()));
  return true;
}
bool f_isnan(context&, const val* in, val& out) {
  out = val::of(in[0].is_number() && std::isnan(in[0].number()));
  return true;
}
bool f_isnormal(context&, const val* in, val& out) {
  out = val::of(in[0].is_number() && std::isnormal(in[0].number()));
  return true;
}

constexpr native_entry table[]{
  {"acos", 0, unary<::acos>},
  {"acosh", 0, unary<::acosh>},
  {"asin", 0, unary<::asin>},
  {"asinh", 0, unary<::asinh>},
  {"atan", 0, unary<::atan>},
  {"atan2", 2, binary<::atan2>},
  {"atanh", 0, unary<::atanh>},
  {"cbrt", 0, unary<::cbrt>},
  {"ceil", 0, rounding<::ceil>},
  {"copysign", 2, binary<::copysign>},
  {"cos", 0, unary<::cos>},
  {"cosh", 0, unary<::cosh>},
  {"exp", 0, unary<::exp>},
  {"exp2", 0, unary<::exp2>},
  {"expm1", 0, unary<::expm1>},
  {"fabs", 0, unary<::fabs>},
  {"fdim", 2, binary<::fdim>},
  {"floor", 0, rounding<::floor>},
  {"fma", 3, f_fma},
  {"fmax", 2, binary<::fmax>},
  {"fmin", 2, binary<::fmin>},
  {"fmod", 2, binary<::fmod>},
  {"hypot", 2, binary<::hypot>},
  {"infinite", 0, f_infinite},
  {"isinfinite", 0, f_isinfinite},
  {"isnan", 0, f_isnan},
  {"isnormal", 0, f_isnormal},
  {"log", 0, unary<::log>},
  {"log10", 0, unary<::log10>},
  {"log1p", 0, unary<::log1p>},
  {"log2", 0, unary<::log2>},
  {"nan", 0, f_nan},
  {"nearbyint", 0, rounding<::nearbyint>},
  {"pow", 2, binary<::pow>},
  {"remainder", 2, binary<::remainder>},
  {"rint", 0, rounding<::rint>},
  {"round", 0, rounding<::round>},
  {"sin", 0, unary<::sin>},
  {"sinh", 0, unary<::sinh>},
  {"sqrt", 0, unary<::sqrt>},
  {"tan", 0, unary<::tan>},
  {"tanh", 0, unary<::tanh>},
  {"trunc", 0, rounding<::trunc>},
};

} // namespace

std::span<const native_entry> math_functions() {
  return table;
}

} // namespace pawl::expression
