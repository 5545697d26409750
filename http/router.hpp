#pragma once

#include "http/routes.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::http {

/// Finds the route of a request. A HEAD finds the GET.
/// Thread safety: immutable once made.
class router {
public:
  /// Routes among `table`, which must outlive it.
  explicit router(std::span<const route> table);

  struct match {
    const route* found = nullptr;        ///< Null: no route.
    std::vector<std::string_view> names; ///< Views into the segments given.
    std::string allowed; ///< The methods of the path, "" if it is unknown.
  };
  /// Looks `method` and the decoded path `segments` up.
  [[nodiscard]] match find(std::string_view method,
                           const std::vector<std::string>& segments) const;

private:
  struct entry {
    const route* line;
    std::vector<std::string_view> segments;
  };
  std::vector<entry> entries_;
};

} // namespace pawl::http
