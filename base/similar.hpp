#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pawl {

/// What somebody who wrote `wrong` most probably meant: the one of `names` that
/// fewest changed letters make of it, "" if more than a third of them, and
/// more than two, would have to change.
[[nodiscard]] std::string most_similar(std::string_view wrong,
                                       const std::vector<std::string>& names);

} // namespace pawl
