#include "workflow/near_miss.hpp"

#include <algorithm>
#include <array>

namespace pawl {

namespace {

constexpr std::size_t word_max = 48;
constexpr std::size_t candidates_max = 256;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// How many letters must be added, dropped, changed or swapped with their
/// neighbour to make `a` of `b`; case does not count.
std::size_t distance(std::string_view a, std::string_view b) {
  using row = std::array<std::size_t, word_max + 1>;
  row before{};
  row last{};
  row now{};
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min(
        {last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2])
          && lower(a[i - 2]) == lower(b[j - 1]))
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before = last;
    last = now;
  }
  return last[b.size()];
}

} // namespace

std::string quoted(std::string_view text) {
  constexpr std::size_t shown_max = 80;
  if (text.size() <= shown_max)
    return "'" + std::string{text} + "'";
  auto end = shown_max; // Never in the middle of a UTF-8 character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80)
    --end;
  return "'" + std::string{text.substr(0, end)} + "...'";
}

std::string did_you_mean(std::string_view word,
                         std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > word_max)
    return {};
  std::string_view best;
  std::size_t nearest = word.size() <= 4 ? 2 : 3; // Closer than this.
  for (const auto candidate :
       candidates.first(std::min(candidates.size(), candidates_max))) {
    const auto longer = std::max(candidate.size(), word.size());
    const auto shorter = std::min(candidate.size(), word.size());
    if (candidate.size() > word_max || longer - shorter >= nearest
        || candidate == word)
      continue;
    if (const auto far = distance(word, candidate); far < nearest) {
      nearest = far;
      best = candidate;
    }
  }
  return best.empty() ? std::string{} : " Did you mean " + quoted(best) + "?";
}

std::string listed(std::span<const std::string_view> names) {
  constexpr std::size_t shown_max = 20;
  const auto count = std::min(names.size(), shown_max);
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0)
      out += i + 1 == names.size() ? " and " : ", ";
    out += quoted(names[i]);
  }
  if (names.size() > count)
    out += " ...";
  return out.empty() ? "nothing" : out;
}

} // namespace pawl
