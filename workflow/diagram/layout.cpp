#include "workflow/diagram/layout.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pawl::diagram {

namespace {

constexpr int margin = 16;
constexpr int gap = 32;         ///< Between figures with an arrow ...
constexpr int gap_without = 20; ///< ... and without one.
constexpr int between_columns = 24;
constexpr int padding = 14;      ///< Within a box.
constexpr int title_height = 22; ///< Of columns.
constexpr int track = 14;        ///< Between lines side by side.
constexpr int arrives = 9;       ///< Below the top of a figure.
constexpr int leaves = 22;       ///< The first one; the others below it.
constexpr int leaves_step = 16;

int text_width(std::string_view text, int size) {
  // Somewhat wider than most fonts are on average.
  return static_cast<int>(columns_of(text)) * size * 6 / 10;
}

/// How an arrow goes.
enum class way : std::uint8_t { down, right, left };

/// A column while it is laid out. What is left and right of its axis differs,
/// by the arrows that go around.
struct lane {
  const column* of = nullptr;
  std::vector<std::size_t> arrows = {}; ///< Places in picture::arrows.
  int left = 0;
  int right = 0;
  int height = 0;
  int left_base = 0; ///< From the axis to the first track, on either side.
  int right_base = 0;
  std::vector<int> tops = {};
};

/// Gives lines that run beside each other tracks of their own.
class tracks {
public:
  /// The first track that is free from `a` to `b`.
  int take(std::size_t a, std::size_t b) {
    const auto low = std::min(a, b);
    const auto high = std::max(a, b);
    for (std::size_t t = 0;; ++t) {
      if (t == taken_.size())
        taken_.emplace_back();
      const bool free = std::ranges::none_of(taken_[t], [&](const auto& other) {
        return low <= other.second && other.first <= high;
      });
      if (!free)
        continue;
      taken_[t].emplace_back(low, high);
      return static_cast<int>(t);
    }
  }
  [[nodiscard]] int width() const {
    return static_cast<int>(taken_.size()) * track;
  }

private:
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> taken_;
};

class table {
public:
  explicit table(const picture& of)
      : of_{of}, home_(of.figures.size()), row_(of.figures.size()),
        inner_lanes_(of.figures.size()), leaving_(of.figures.size()),
        ways_(of.arrows.size()), tracks_(of.arrows.size()),
        leave_at_(of.arrows.size()) {
    out_.figures.resize(of.figures.size());
    out_.arrows.resize(of.arrows.size());
  }

  layout make() {
    settle(of_.top);
    for (std::size_t i = 0; i < of_.arrows.size(); ++i)
      sort_in(i);
    measure(0);
    place(0, margin, margin);
    for (std::size_t i = 0; i < of_.arrows.size(); ++i)
      draw(i);
    out_.width = lanes_[0].left + lanes_[0].right + 2 * margin;
    out_.height = lanes_[0].height + 2 * margin;
    return std::move(out_);
  }

private:
  /// Numbers the columns, and the figures in them.
  void settle(const column& what) {
    const auto self = lanes_.size();
    lanes_.push_back({.of = &what});
    for (std::size_t i = 0; i < what.figures.size(); ++i) {
      const auto f = what.figures[i];
      home_[f] = self;
      row_[f] = i;
      for (const auto& inner : of_.figures[f].columns) {
        inner_lanes_[f].push_back(lanes_.size());
        settle(inner);
      }
    }
  }

  void sort_in(std::size_t i) {
    const auto& one = of_.arrows[i];
    auto& in = lanes_[home_[one.from]];
    in.arrows.push_back(i);
    const auto from = row_[one.from];
    const auto to = row_[one.to];
    ways_[i] = to == from + 1 ? way::down : to > from ? way::right : way::left;
    if (ways_[i] != way::down)
      leave_at_[i] = leaves + leaves_step * leaving_[one.from]++;
  }

  void measure(std::size_t which) {
    int half = 0;
    for (const auto f : lanes_[which].of->figures) {
      measure_figure(f);
      half = std::max(half, out_.figures[f].width / 2);
    }
    stack(which);
    lanes_[which].left = lanes_[which].right = half;
    give_tracks(which, way::left);
    give_tracks(which, way::right);
    for (const auto i : lanes_[which].arrows)
      if (ways_[i] == way::down)
        lanes_[which].right = std::max(
          lanes_[which].right, 10 + text_width(of_.arrows[i].label, 11));
  }

  void measure_figure(figure_index which) {
    const auto& f = of_.figures[which];
    auto& to = out_.figures[which];
    const int text
      = std::max(text_width(f.name, 14) + (f.as == mark::none ? 0 : 40),
                 text_width(f.note, 11));
    const int lines
      = leaving_[which] > 0 ? leaves + leaves_step * leaving_[which] : 0;
    if (f.form != shape::box) {
      to.width = f.form == shape::point ? 64 : std::max(96, text + 32);
      to.height = std::max(f.form == shape::point ? 26
                           : f.note.empty()       ? 34
                                                  : 46,
                           lines);
      return;
    }
    int inner = -between_columns;
    int height = 0;
    for (const auto lane_number : inner_lanes_[which]) {
      measure(lane_number);
      const auto& l = lanes_[lane_number];
      inner += between_columns
               + std::max(l.left + l.right, text_width(l.of->title, 11));
      height = std::max(height, l.height);
    }
    to.width = std::max(text + 32, inner + 2 * padding);
    to.height = std::max(
      box_head + (has_titles(f) ? title_height : 0) + height + padding, lines);
  }

  static bool has_titles(const figure& f) {
    return std::ranges::any_of(
      f.columns, [](const column& c) { return !c.title.empty(); });
  }

  /// The figures of a column below each other.
  void stack(std::size_t which) {
    auto& in = lanes_[which];
    const auto& figures = in.of->figures;
    std::vector<bool> led(figures.size() + 1);
    for (const auto i : in.arrows)
      if (ways_[i] == way::down)
        led[row_[of_.arrows[i].from]] = true;
    int y = 0;
    for (std::size_t row = 0; row < figures.size(); ++row) {
      in.tops.push_back(y);
      y += out_.figures[figures[row]].height;
      in.height = y;
      y += led[row] ? gap : gap_without;
    }
  }

  /// Tracks for the arrows that go around on one side, short ones inside.
  void give_tracks(std::size_t which, way side) {
    auto& in = lanes_[which];
    std::vector<std::size_t> all;
    std::ranges::copy_if(in.arrows, std::back_inserter(all),
                         [&](std::size_t i) { return ways_[i] == side; });
    if (all.empty())
      return;
    const auto length = [&](std::size_t i) {
      const auto a = row_[of_.arrows[i].from];
      const auto b = row_[of_.arrows[i].to];
      return a < b ? b - a : a - b;
    };
    std::ranges::stable_sort(all, {}, length);
    tracks free;
    int labels = 0;
    for (const auto i : all) {
      tracks_[i] = free.take(row_[of_.arrows[i].from], row_[of_.arrows[i].to]);
      labels = std::max(labels, text_width(of_.arrows[i].label, 11));
    }
    auto& room = side == way::left ? in.left : in.right;
    auto& base = side == way::left ? in.left_base : in.right_base;
    base = room + track + (labels > 0 ? labels + 4 : 0);
    room = base + free.width();
  }

  void place(std::size_t which, int x, int y) {
    const auto& in = lanes_[which];
    const int axis = x + in.left;
    for (std::size_t row = 0; row < in.of->figures.size(); ++row) {
      const auto f = in.of->figures[row];
      auto& at = out_.figures[f];
      at.x = axis - at.width / 2;
      at.y = y + in.tops[row];
      place_inside(f);
    }
  }

  void place_inside(figure_index which) {
    const auto& f = of_.figures[which];
    const auto& at = out_.figures[which];
    int inner = -between_columns;
    for (const auto l : inner_lanes_[which])
      inner += between_columns + width_of(l);
    int x = at.x + (at.width - inner) / 2;
    const int y = at.y + box_head + (has_titles(f) ? title_height : 0);
    for (const auto l : inner_lanes_[which]) {
      const auto& title = lanes_[l].of->title;
      if (!title.empty())
        out_.titles.push_back(
          {title, {x + width_of(l) / 2, y - title_height / 2}});
      place(l, x + (width_of(l) - lanes_[l].left - lanes_[l].right) / 2, y);
      x += width_of(l) + between_columns;
    }
  }

  [[nodiscard]] int width_of(std::size_t which) const {
    const auto& l = lanes_[which];
    return std::max(l.left + l.right, text_width(l.of->title, 11));
  }

  void draw(std::size_t i) {
    const auto& one = of_.arrows[i];
    const auto& from = out_.figures[one.from];
    const auto& to = out_.figures[one.to];
    auto& line = out_.arrows[i];
    const int axis = from.x + from.width / 2;
    if (ways_[i] == way::down) {
      const int begin = from.y + from.height;
      line.through = {{axis, begin}, {axis, to.y}};
      line.label = {axis + 6, (begin + to.y) / 2 + 4};
      return;
    }
    const auto& in = lanes_[home_[one.from]];
    const int leave = from.y + leave_at_[i];
    const int arrive = to.y + arrives;
    const bool right = ways_[i] == way::right;
    const int side = right ? 1 : -1;
    const int line_x
      = axis
        + side * ((right ? in.right_base : in.left_base) + tracks_[i] * track);
    const int begin = axis + side * (from.width / 2);
    const int end = axis + side * (to.width / 2);
    line.through
      = {{begin, leave}, {line_x, leave}, {line_x, arrive}, {end, arrive}};
    line.label = {begin + side * 6, leave - 4};
    line.label_ends = !right;
  }

  const picture& of_;
  layout out_;
  std::vector<lane> lanes_;
  std::vector<std::size_t> home_; ///< By figure: its lane ...
  std::vector<std::size_t> row_;  ///< ... and its place there.
  std::vector<std::vector<std::size_t>> inner_lanes_; ///< Those of a box.
  std::vector<int> leaving_; ///< By figure: arrows that go around.
  std::vector<way> ways_;    ///< By arrow.
  std::vector<int> tracks_;
  std::vector<int> leave_at_;
};

} // namespace

layout lay_out(const picture& of) {
  return table{of}.make();
}

} // namespace pawl::diagram
