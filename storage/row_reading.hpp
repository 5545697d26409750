#pragma once

#include "storage/database.hpp"

#include <cstddef>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pawl::storage {

/// The rows of `over` in key order, at most `limit`, each as `decode` reads its
/// key and value. Fails as `decode` and scan do, with the first that is wrong.
template <class Decode>
[[nodiscard]] auto
read_rows(const database& db, scan::range over, Decode decode,
          std::size_t limit = std::numeric_limits<std::size_t>::max()) {
  using read = std::invoke_result_t<Decode, std::string_view, std::string_view>;
  std::vector<std::decay_t<decltype(*std::declval<read>())>> out;
  scan rows{db, std::move(over)};
  for (; rows.valid() && out.size() < limit; rows.next()) {
    auto one = decode(rows.key(), rows.value());
    if (!one)
      return result<decltype(out)>{one.error()};
    out.push_back(std::move(*one));
  }
  if (auto s = rows.status(); !s)
    return result<decltype(out)>{s.error()};
  return result<decltype(out)>{std::move(out)};
}

} // namespace pawl::storage
