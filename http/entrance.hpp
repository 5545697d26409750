#pragma once

#include "http/dispatch.hpp"

#include <variant>

namespace pawl::http {

/// Who asks, and what goes with his request to the daemon.
struct entrance {
  access::caller_ptr who = nullptr; ///< Null: nobody was asked.
  access::mandate_ptr by = nullptr; ///< Null: no limits, nothing to record.
};

/// The one place where it is decided whether a request may be made at all: who
/// is at the other end (`from` and the field Authorization), and whether he has
/// what the route needs anywhere. Where he has it travels on in the mandate.
/// Otherwise answers 401, 403, or 429 to who tries one bad token after another.
[[nodiscard]] std::variant<entrance, response>
enter(const service& serve, const request& message, const target& where,
      const router::match& route, const access::peer& from);

} // namespace pawl::http
