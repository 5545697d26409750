#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

struct definition;

/// Drawings of a definition and of a live instance: what is in them, apart from
/// how it is written down (mermaid.hpp, svg.hpp).
namespace diagram {

class progress;

/// What is said of a figure in a drawing of an instance.
enum class mark : std::uint8_t {
  none,
  done,
  skipped,
  undone, ///< A rollback took it back.
  cancelled,
  suspended,
  waiting,
  running,
  faulted,
  current, ///< The business state that it is in.
};

/// A word ("done") and a sign for it; both "" for none.
[[nodiscard]] std::string_view word_of(mark m);
[[nodiscard]] std::string_view sign_of(mark m);

enum class shape : std::uint8_t {
  task,
  decision,
  box,   ///< Has columns.
  point, ///< Where a flow begins or leaves: "start", "exit".
};

using figure_index = std::uint32_t;

/// Figures below each other, with arrows among themselves only.
struct column {
  std::string title = {};
  std::vector<figure_index> figures = {};
};

struct figure {
  shape form = shape::task;
  std::string name;
  std::string note = {};  ///< What it is: "call http GET".
  std::string place = {}; ///< Pointer of its task; "" if it has none.
  mark as = mark::none;
  std::uint64_t times = 0; ///< How often it was completed.
  std::vector<column> columns = {};
};

/// Between two figures of one column.
struct arrow {
  figure_index from = 0;
  figure_index to = 0;
  std::string label = {};
};

struct picture {
  std::string title;
  std::string summary; ///< What it shows, in a sentence or two.
  bool states = false; ///< Of business states; else of tasks.
  std::vector<figure> figures;
  column top;
  std::vector<arrow> arrows;
};

/// More than these nobody can read, nor any viewer show.
inline constexpr std::size_t figures_max = 2000;
inline constexpr std::size_t arrows_max = 4000;

/// The tasks of `of` as boxes and arrows, marked by `live` unless that is null.
/// Functions are drawn as their call, extensions not at all, a compensation as
/// a note on the task that it undoes.
///
/// Fails with errc::too_large beyond the bounds above.
[[nodiscard]] result<picture> draw_tasks(const definition& of,
                                         const progress* live = nullptr);

/// The business states of `of`, from the initial one on.
///
/// Fails with errc::invalid_request if it has none, errc::too_large.
[[nodiscard]] result<picture> draw_states(const definition& of,
                                          const progress* live = nullptr);

/// `text` in at most `width` columns (a code point above U+1100 counts as two),
/// cut with an ellipsis, with blanks for control characters.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);
/// How many columns `text` takes, counted so.
[[nodiscard]] std::size_t columns_of(std::string_view text);

} // namespace diagram
} // namespace pawl
