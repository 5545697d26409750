#pragma once

#include "trial/suite.hpp"

#include <map>
#include <string>

namespace pawl::trial {

/// What is around an instance in a test: its mocks and the votes that it
/// writes. One thread.
class script final : public surroundings {
public:
  /// Both must outlive it.
  script(const test& what, const definition& of) : test_{what}, of_{of} {}

  /// Fails with how to write a mock, if there is none.
  result<reply> effect(const commands::perform& order) override;
  result<std::optional<act>> attend(const instance_state& s, const frame& waits,
                                    std::size_t nth) override;

private:
  [[nodiscard]] std::string key_of(const task& node) const;

  const test& test_;
  const definition& of_;
  std::map<std::string, std::size_t> next_; ///< By pointer.
};

} // namespace pawl::trial
