#pragma once

#include "actors/tracing/span.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pawl::actors {

/// How an export has ended.
struct export_outcome {
  std::uint32_t status = 0; ///< Of the answer; 0 if there was none.
  std::string detail;       ///< Why it is no success.
  std::optional<duration> retry_after = {};
  std::uint64_t rejected = 0; ///< Of spans, though the request was taken.
};
[[nodiscard]] bool is_taken(const export_outcome& how);
/// No answer, or one of those after which OTLP/HTTP tries again: 429, 502, 503,
/// 504.
[[nodiscard]] bool is_passing(const export_outcome& how);

/// The spans that wait to leave, and when the next of them may. What finds no
/// room is dropped; what could not be taken for a reason that passes stays, and
/// is tried again after a pause that grows.
///
/// Pure: it knows neither the network nor a clock. Thread safety: none.
class span_queue {
public:
  using steady = std::chrono::steady_clock;
  static constexpr std::size_t batch_max = 512;
  static constexpr duration pause_first{1000};
  static constexpr duration pause_max{60'000};
  static constexpr duration retry_after_max{600'000};

  struct bounds {
    duration every{1000}; ///< A batch that is not full leaves.
    std::size_t max = 8192;
  };
  explicit span_queue(bounds how) : how_{how} {}

  void add(std::vector<trace_span> made, steady::time_point now);
  /// What leaves now, to be settled; empty if nothing does. `hurry`: whatever
  /// is here leaves.
  [[nodiscard]] std::span<const trace_span> next(steady::time_point now,
                                                 bool hurry = false);
  /// What next() gave has fared so.
  void settle(const export_outcome& how, steady::time_point now);
  /// Drops all.
  void give_up();
  /// When next() has something; nothing if only news can change that.
  [[nodiscard]] std::optional<steady::time_point> due() const;
  [[nodiscard]] std::size_t size() const {
    return batch_.size() + waiting_.size();
  }

  struct counts {
    std::uint64_t exported = 0;
    std::uint64_t dropped = 0;  ///< For want of room.
    std::uint64_t rejected = 0; ///< By who was to take them.
  };
  [[nodiscard]] const counts& counted() const { return counted_; }

private:
  const bounds how_;
  std::vector<trace_span> batch_; ///< What leaves, or has failed to.
  std::deque<trace_span> waiting_;
  bool out_ = false;
  std::uint32_t failures_ = 0;
  steady::time_point due_ = {};
  counts counted_;
};

} // namespace pawl::actors
