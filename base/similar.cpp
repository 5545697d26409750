#include "base/similar.hpp"

#include <algorithm>
#include <numeric>

namespace pawl {

namespace {

constexpr std::size_t length_max = 64;

/// How many letters must change to turn `a` into `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

} // namespace

std::string most_similar(std::string_view wrong,
                         const std::vector<std::string>& names) {
  wrong = wrong.substr(0, length_max);
  std::string best;
  auto best_distance = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  for (const auto& name : names)
    if (const auto d = distance(wrong, name); d < best_distance) {
      best = name;
      best_distance = d;
    }
  return best;
}

} // namespace pawl
