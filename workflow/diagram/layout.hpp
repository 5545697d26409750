#pragma once

#include "workflow/diagram/picture.hpp"

#include <string>
#include <vector>

namespace pawl::diagram {

/// Where everything is, in pixels from the upper left corner.
struct spot {
  int x = 0;
  int y = 0;
};
struct area {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

/// An arrow as a line through `through`, at right angles; its head is at the
/// last of them.
struct route {
  std::vector<spot> through = {};
  spot label = {};
  bool label_ends = false; ///< `label` is where its text ends, not begins.
};

/// The title of a column, in the middle above it.
struct caption {
  std::string text;
  spot at;
};

struct layout {
  std::vector<area> figures; ///< As picture::figures.
  std::vector<route> arrows; ///< As picture::arrows.
  std::vector<caption> titles;
  int width = 0;
  int height = 0;
};

/// The height of the lines of text at the top of a box.
inline constexpr int box_head = 44;

/// Lays `of` out: the figures of a column below each other, the columns of a
/// box side by side, arrows to the next figure straight down, others around
/// what is between: forward on the right, backward on the left.
[[nodiscard]] layout lay_out(const picture& of);

} // namespace pawl::diagram
