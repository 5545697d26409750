#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace pawl::actors {

/// Collects all that is wrong with the body of a kept thing, each with its
/// place, so that whoever sent it is told once.
class body_checker {
public:
  /// `refusal` is what the error says as a whole.
  explicit body_checker(std::string refusal)
      : no_{errc::invalid_request, std::move(refusal)} {}

  [[nodiscard]] bool fine() const { return no_.faults.empty(); }
  [[nodiscard]] error fault() && { return std::move(no_); }

  void blame(std::string pointer, std::string detail) {
    no_.faults.push_back({std::move(pointer), 0, 0, std::move(detail)});
  }

  /// Blames each member of `in`, which stands at `at`, that is none of `known`.
  void only(const json::object& in, const std::string& at,
            std::initializer_list<std::string_view> known);

private:
  error no_;
};

} // namespace pawl::actors
