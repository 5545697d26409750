#include "actors/figures/sizes.hpp"

#include "storage/store.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

namespace pawl::actors {

namespace {

constexpr std::size_t series_max = 500;
/// No namespace has such a name.
constexpr const char* others = "(others)";

} // namespace

std::string size_metrics(const storage::store& of) {
  std::vector<std::pair<std::uint64_t, std::string>> all;
  for (const auto& [ns, bytes] : of.namespace_bytes())
    all.emplace_back(bytes, ns);
  if (all.size() > series_max) {
    std::ranges::sort(all, std::greater{});
    std::uint64_t rest = 0;
    for (auto i = series_max; i < all.size(); ++i)
      rest += all[i].first;
    all.resize(series_max);
    all.emplace_back(rest, others);
  }
  std::string out = "# HELP pawl_namespace_bytes Histories and snapshots of "
                    "the instances of a namespace, before compression.\n"
                    "# TYPE pawl_namespace_bytes gauge\n";
  for (const auto& [bytes, ns] : all)
    fmt::format_to(std::back_inserter(out),
                   "pawl_namespace_bytes{{namespace=\"{}\"}} {}\n", ns, bytes);
  return out;
}

} // namespace pawl::actors
