#include "cli/live_area.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace pawl::cli {
namespace {

struct size {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

size terminal_size() {
  winsize w{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0
      || w.ws_row == 0)
    return {};
  return {w.ws_col, w.ws_row};
}

} // namespace

std::string cut_to_width(const std::string& line, std::size_t width) {
  std::string out;
  std::size_t columns = 0;
  bool escape = false;
  for (char c : line) {
    if (c == '\x1b')
      escape = true;
    bool begins_column = !escape && (c & '\xC0') != '\x80';
    if (begins_column && ++columns > width)
      return out + "\x1b[0m";
    out.push_back(c);
    if (escape && c == 'm')
      escape = false;
  }
  return out;
}

void live_area::print(const std::string& line) {
  auto lines = shown_;
  clear();
  out_ << line << '\n';
  if (live_)
    draw(lines);
  out_.flush();
}

void live_area::draw(const std::vector<std::string>& lines) {
  if (!live_)
    return;
  auto [columns, rows] = terminal_size();
  auto count = std::min(lines.size(), rows > 1 ? rows - 1 : 1);
  std::vector<std::string> next;
  for (std::size_t i = 0; i < count; ++i)
    next.push_back(cut_to_width(lines[i], columns - 1));
  if (next == shown_)
    return;
  clear();
  for (const auto& line : next)
    out_ << line << '\n';
  out_.flush();
  shown_ = std::move(next);
}

void live_area::clear() {
  if (!shown_.empty())
    out_ << fmt::format("\x1b[{}F\x1b[J", shown_.size()) << std::flush;
  shown_.clear();
}

} // namespace pawl::cli
