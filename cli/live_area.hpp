#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace pawl::cli {

/// The last lines of a terminal, redrawn in place, with lasting lines
/// scrolling away above them. When it is not live it only prints.
class live_area {
public:
  live_area(std::ostream& out, bool live) : out_{out}, live_{live} {}

  /// Prints a lasting line.
  void print(const std::string& line);

  /// Replaces the redrawn lines, each cut to the terminal's width and all of
  /// them to its height; nothing if not live.
  void draw(const std::vector<std::string>& lines);

  /// Removes the redrawn lines.
  void clear();

private:
  std::ostream& out_;
  bool live_;
  std::vector<std::string> shown_;
};

/// Cuts text with colour sequences to `width` columns.
[[nodiscard]] std::string cut_to_width(const std::string& line,
                                       std::size_t width);

} // namespace pawl::cli
