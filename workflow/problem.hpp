#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pawl {

/// The DSL's standard errors. Each has a type URI and a usual status.
enum class error_kind : std::uint8_t {
  configuration,
  validation,
  expression,
  authentication,
  authorization,
  timeout,
  communication,
  runtime,
};

/// The type URI of `kind` with the base of DSL 1.0.3, which is what we emit:
/// "https://serverlessworkflow.io/spec/1.0.0/errors/timeout".
[[nodiscard]] std::string error_type(error_kind kind);

/// The status that the DSL gives `kind` (timeout: 408).
[[nodiscard]] std::int64_t error_status(error_kind kind);

/// A short title for people ("Timeout").
[[nodiscard]] std::string_view error_title(error_kind kind);

/// `type` with its base replaced by that of DSL 1.0.3, if it is one of the
/// circulating bases of standard errors; else `type` itself.
[[nodiscard]] std::string normal_error_type(std::string_view type);

/// Whether two error types mean the same over all circulating bases.
[[nodiscard]] bool same_error_type(std::string_view a, std::string_view b);

} // namespace pawl
