#pragma once

#include "cli/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pawl::cli {

/// Which of `ids` the text means: the one that equals it, else the only one
/// that begins with it.
/// Fails with not_found (`what` says of what there is none), or with usage and
/// the candidates when it is several.
[[nodiscard]] outcome<std::string>
choose_id(std::string_view text, const std::vector<std::string>& ids,
          std::string_view what = "instance");

/// The full id of the instance that the user means by an id or a prefix of
/// one; asks the daemon only if the text is no full ULID.
/// Fails as choose_id, and as any call.
[[nodiscard]] outcome<std::string> resolve_id(session& s,
                                              const std::string& text);

/// As choose_id among the `id` of each of `items`.
[[nodiscard]] outcome<std::string>
choose_among(std::string_view text, const std::vector<json::value>& items,
             std::string_view what);

} // namespace pawl::cli
