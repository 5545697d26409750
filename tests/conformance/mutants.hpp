#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pawl::conformance {

/// Changes documents at random: drops, renames, retypes, adds and moves parts.
/// The same seed changes the same document in the same way.
class mutator {
public:
  /// Parts and names are taken from `examples`, which must outlive it.
  mutator(const std::vector<json::value>& examples, std::uint64_t seed);

  /// `document` with one change, or two.
  [[nodiscard]] json::value change(json::value document);

private:
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_);
  }
  void collect(const json::value& value);
  void change_once(json::value& document);
  void change_member(json::object& object);
  void change_item(json::array& list);
  [[nodiscard]] json::value other_value();
  [[nodiscard]] std::string other_name(std::string_view name);

  std::mt19937_64 random_;
  std::vector<const json::value*> parts_;
  std::vector<std::string> names_;
};

} // namespace pawl::conformance
