#include "workflow/schema/node.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pawl::schemas {

namespace {

/// A whole number of 64 bits as a sign and a size, so that signed and unsigned
/// compare.
struct whole {
  bool negative = false;
  std::uint64_t size = 0;
};

whole whole_of(const json::value& n) {
  if (n.is_uint64())
    return {false, n.get_uint64()};
  const auto i = n.get_int64();
  return i < 0 ? whole{true, ~static_cast<std::uint64_t>(i) + 1}
               : whole{false, static_cast<std::uint64_t>(i)};
}

int sign(bool less, bool more) {
  return less ? -1 : more ? 1 : 0;
}

/// Compares a whole number with a double without rounding either.
int compare(const whole& a, double b) {
  constexpr double two_64 = 18446744073709551616.0;
  if (b >= two_64)
    return -1;
  if (b <= -two_64)
    return 1;
  if (a.negative != (b < 0))
    return a.negative ? -1 : (a.size == 0 && b == 0 ? 0 : 1);
  const auto floor = std::floor(std::fabs(b));
  const auto size = static_cast<std::uint64_t>(floor);
  const auto larger = sign(a.size<size, a.size> size);
  const auto by_size = larger != 0 ? larger : sign(floor < std::fabs(b), false);
  return a.negative ? -by_size : by_size;
}

} // namespace

bool is_whole(double n) {
  return std::floor(n) == n;
}

int compare_numbers(const json::value& a, const json::value& b) {
  if (a.is_double() && b.is_double())
    return sign(a.get_double() < b.get_double(),
                a.get_double() > b.get_double());
  if (b.is_double())
    return compare(whole_of(a), b.get_double());
  if (a.is_double())
    return -compare(whole_of(b), a.get_double());
  const auto x = whole_of(a);
  const auto y = whole_of(b);
  if (x.negative != y.negative)
    return x.negative ? -1 : 1;
  const auto by_size = sign(x.size<y.size, x.size> y.size);
  return x.negative ? -by_size : by_size;
}

bool is_multiple(const json::value& n, const json::value& of) {
  if (!n.is_double() && !of.is_double())
    return whole_of(of).size != 0 && whole_of(n).size % whole_of(of).size == 0;
  const auto x = n.to_number<double>();
  const auto y = of.to_number<double>();
  const auto times = x / y;
  if (!std::isfinite(times))
    return std::fmod(x, y) == 0;
  // 0.0075 is a multiple of 0.0001, though not in binary.
  const auto off = std::fabs(times - std::round(times));
  return off <= std::numeric_limits<double>::epsilon()
                  * std::max(1.0, std::fabs(times));
}

bool same_value(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number())
    return compare_numbers(a, b) == 0;
  if (a.kind() != b.kind())
    return false;
  if (const auto* list = a.if_array()) {
    const auto& other = b.get_array();
    return std::equal(list->begin(), list->end(), other.begin(), other.end(),
                      same_value);
  }
  if (const auto* object = a.if_object()) {
    const auto& other = b.get_object();
    return object->size() == other.size()
           && std::all_of(object->begin(), object->end(),
                          [&other](const auto& each) {
                            const auto found = other.find(each.key());
                            return found != other.end()
                                   && same_value(each.value(), found->value());
                          });
  }
  return a == b;
}

} // namespace pawl::schemas
