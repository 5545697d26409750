#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Ways in which a text is written inside another one, and their undoing: so
/// that it can be looked for however it was escaped.
///
/// Thread safety: all functions are pure.
namespace pawl {

/// From the first byte to behind the last one.
using byte_range = std::pair<std::size_t, std::size_t>;

/// One way to write text.
struct writing {
  /// Undoes what stands at `at`, which is within `text`: appends to `out` what
  /// is meant and moves `at` behind it, by one byte at least.
  void (*read)(std::string& out, std::string_view text, std::size_t& at);
  /// The one or two bytes at which anything so written begins.
  std::string_view starts;
  /// Bytes of which one must be there, or another way tells the same.
  std::string_view signs;
  /// Whether it is often done more than once: JSON inside a text of JSON.
  bool nests = false;
};

/// JSON's escapes, percent-encoding, that of forms, character references of
/// HTML and XML, and lines broken anywhere.
[[nodiscard]] std::span<const writing> writings();

/// What `text` means if it is written so; nothing if that is `text` itself.
[[nodiscard]] std::optional<std::string> undone(std::string_view text,
                                                const writing& how);

/// `meant`, ranges of undone(text, how), as ranges of `text`; what was written
/// together is covered as a whole.
[[nodiscard]] std::vector<byte_range> as_written(std::string_view text,
                                                 const writing& how,
                                                 std::vector<byte_range> meant);

} // namespace pawl
