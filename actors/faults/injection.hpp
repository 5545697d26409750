#pragma once

#include "actors/holds/hold.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

/// Injected faults as administrators write them. Pure.
namespace pawl::actors {

namespace injections {
/// An answer of this status, in place of the call.
struct status {
  std::uint32_t code = 503;
  std::string body = {};
};
/// The connection is lost, in place of the call.
struct reset {};
/// The effect begins so much later.
struct latency {
  duration length{};
};
/// The task fails so, in place of its effect.
struct error {
  std::string type;
  std::string title;
  std::uint32_t status = 500;
};
/// The actor that carries the effect out dies.
struct kill {};
} // namespace injections
using injected_action
  = std::variant<injections::status, injections::reset, injections::latency,
                 injections::error, injections::kill>;

struct injection {
  std::string ns = {}; ///< Of the fault itself.
  std::string name = {};
  hold_selector on = {};
  injected_action what = injections::reset{};
  double probability = 1;
  std::optional<std::uint64_t> times = {};
  timestamp until = {};
  std::string reason = {};
};

/// A fault lasts no longer: nobody leaves one behind.
inline constexpr duration injection_length_max = std::chrono::hours{24};

/// What is stored of `sent`. Fails with errc::invalid_request and a fault for
/// each member that cannot be.
[[nodiscard]] result<json::object> checked_injection(const json::value& sent,
                                                     timestamp now);
/// What checked_injection() has let through.
[[nodiscard]] injection injection_of(const std::string& ns,
                                     const std::string& name,
                                     const json::object& body);
/// "status 503", "kill": for logs and metrics.
[[nodiscard]] std::string_view word_for(const injected_action& what);

} // namespace pawl::actors
