#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "cli/output.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pawl::cli {

/// One thing that happened, worth a line.
struct progress_line {
  enum class tone : std::uint8_t { quiet, good, bad, wait, plain };
  tone how = tone::plain;
  std::string time; ///< "12:00:01.123"
  std::string text;
  /// The live area shows it already: only for output without one.
  bool only_plain = false;
};

/// What an instance is doing, folded from its history. Pure: it asks no clock.
class progress {
public:
  /// Folds one item of the history; an item seen already changes nothing.
  void apply(const json::value& item);

  /// The lines since the last call.
  [[nodiscard]] std::vector<progress_line> take_lines();

  /// The instance and its active tasks as a tree, for redrawing in place.
  [[nodiscard]] std::vector<std::string> live(timestamp now,
                                              const painter& paint) const;

  /// The sequence of the last item folded, 0 for none.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

  /// "running", "suspended", ... as far as the history says.
  [[nodiscard]] const std::string& status() const { return status_; }

  /// Whether the last item ended the instance.
  [[nodiscard]] bool ended() const;

private:
  struct frame {
    std::int64_t parent = 0;
    std::string name; ///< Last part of the pointer.
    std::string path; ///< "review/callReviewer"
    std::string attempt;
    std::string visit;
    timestamp since;
    std::optional<timestamp> until; ///< Of a wait or a backoff.
    std::string waits_for;          ///< "wait", "backoff"
    bool has_children = false;
  };
  using line = progress_line;

  void apply_instance(const std::string& kind, const json::value& item);
  void apply_task(const std::string& kind, const json::value& item);
  void start(const json::value& item);
  void retry(const json::value& item, std::int64_t id, timestamp now);
  void arm(const json::value& item);
  void add(line::tone how, const json::value& item, const std::string& text,
           bool only_plain = false);
  void close(std::int64_t id, bool itself);
  void draw(std::vector<std::string>& out, std::int64_t parent,
            std::size_t depth, timestamp now, const painter& paint) const;

  std::uint64_t sequence_ = 0;
  std::string id_;
  std::string workflow_;
  std::string status_ = "pending";
  std::optional<timestamp> started_;
  std::map<std::int64_t, frame> frames_;
  std::map<std::int64_t, std::int64_t> timers_; ///< Timer to frame.
  std::vector<line> lines_;
  std::size_t completed_ = 0;
};

} // namespace pawl::cli
