#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace pawl::actors {

/// Calls `then` when the last copy is gone, whatever became of the messages
/// that held it: so those who send errands can count how many are out.
[[nodiscard]] inline std::shared_ptr<void>
make_errand(std::function<void()> then) {
  struct held {
    explicit held(std::function<void()> t) : then{std::move(t)} {}
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    ~held() { then(); }
    std::function<void()> then;
  };
  return std::make_shared<held>(std::move(then));
}

} // namespace pawl::actors
