#include "workflow/problem.hpp"

#include <array>

namespace pawl {

namespace {

constexpr std::string_view base_1_0_3
  = "https://serverlessworkflow.io/spec/1.0.0/errors/";

/// The specification's two bases and the two of its conformance kit.
constexpr std::array<std::string_view, 4> bases{
  base_1_0_3,
  "https://open-workflow-specification.org/spec/1.0.0/errors/",
  "https://serverlessworkflow.io/dsl/errors/types/",
  "https://open-workflow-specification.org/dsl/errors/types/",
};

struct standard {
  std::string_view name;
  std::string_view title;
  std::int64_t status;
};

/// In the order of error_kind.
constexpr std::array<standard, 8> standards{{
  {"configuration", "Configuration Error", 400},
  {"validation", "Validation Error", 400},
  {"expression", "Expression Error", 400},
  {"authentication", "Authentication Error", 401},
  {"authorization", "Authorization Error", 403},
  {"timeout", "Timeout Error", 408},
  {"communication", "Communication Error", 500},
  {"runtime", "Runtime Error", 500},
}};

const standard& of(error_kind kind) {
  return standards[static_cast<std::size_t>(kind)];
}

/// What stands behind a known base, else nothing.
std::string_view known_suffix(std::string_view type) {
  for (const auto base : bases)
    if (type.starts_with(base))
      return type.substr(base.size());
  return {};
}

} // namespace

std::string error_type(error_kind kind) {
  return std::string{base_1_0_3}.append(of(kind).name);
}

std::int64_t error_status(error_kind kind) {
  return of(kind).status;
}

std::string_view error_title(error_kind kind) {
  return of(kind).title;
}

std::string normal_error_type(std::string_view type) {
  const auto name = known_suffix(type);
  return name.empty() ? std::string{type}
                      : std::string{base_1_0_3}.append(name);
}

bool same_error_type(std::string_view a, std::string_view b) {
  if (a == b)
    return true;
  const auto name = known_suffix(a);
  return !name.empty() && name == known_suffix(b);
}

} // namespace pawl
