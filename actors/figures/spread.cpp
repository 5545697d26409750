#include "actors/figures/spread.hpp"

#include <algorithm>
#include <cmath>

namespace pawl::actors {

namespace {

constexpr double classes_per_doubling = 4;

std::uint16_t class_of(duration span) {
  if (span < duration{1})
    return 0;
  return static_cast<std::uint16_t>(
    1
    + std::floor(std::log2(static_cast<double>(span.count()))
                 * classes_per_doubling));
}

double begin_of(std::uint16_t number) {
  return number == 0 ? 0 : std::exp2((number - 1) / classes_per_doubling);
}

} // namespace

void spread::add(duration span) {
  span = std::max(span, duration{});
  ++classes_[class_of(span)];
  ++count_;
  total_ += span;
  shortest_ = std::min(shortest_, span);
  longest_ = std::max(longest_, span);
}

void spread::add(const spread& other) {
  for (const auto& [number, count] : other.classes_)
    classes_[number] += count;
  count_ += other.count_;
  total_ += other.total_;
  shortest_ = std::min(shortest_, other.shortest_);
  longest_ = std::max(longest_, other.longest_);
}

std::optional<duration> spread::quantile(double share) const {
  if (count_ == 0)
    return std::nullopt;
  const auto wanted
    = std::max(1.0, std::ceil(share * static_cast<double>(count_)));
  double below = 0;
  for (const auto& [number, count] : classes_) {
    const auto here = static_cast<double>(count);
    if (below + here < wanted) {
      below += here;
      continue;
    }
    const auto from = begin_of(number);
    const auto to = begin_of(static_cast<std::uint16_t>(number + 1));
    const auto at = from + (to - from) * (wanted - below) / here;
    return std::clamp(duration{std::llround(at)}, shortest_, longest_);
  }
  return longest_;
}

} // namespace pawl::actors
