#pragma once

#include "base/time.hpp"
#include "workflow/expression/workspace.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pawl::expression {

/// What a function may use beside its operands, and where its error goes.
struct context {
  workspace& w;
  timestamp now;
  val error;            ///< What jq's `catch` would see.
  bool nothing = false; ///< Set, with false returned, for `error(null)`.

  /// Sets the error to `sentence` and returns false.
  bool raise(std::string_view sentence);
  /// As jq: `TYPE (EXCERPT) sentence`.
  bool type_error(const val& v, std::string_view sentence);
  /// As jq: `TYPE (EXCERPT) and TYPE (EXCERPT) sentence`.
  bool type_error(const val& a, const val& b, std::string_view sentence);
};

/// A function of jq that takes values: its input first, then its arguments.
/// False means that `c.error` is set.
using native_function = bool (*)(context& c, const val* in, val& out);

struct native_entry {
  std::string_view name;
  std::uint8_t arity; ///< Arguments, the input not counted.
  native_function run;
  bool may_be_empty = false; ///< Can set `nothing`.
};

/// The native function `name`/`arity`, or null. Operators are here under jq's
/// own names: "_plus".
[[nodiscard]] const native_entry* find_native(std::string_view name,
                                              std::size_t arity);

/// Whether jq 1.6 has a builtin `name`/`arity`.
[[nodiscard]] bool is_builtin(std::string_view name, std::size_t arity);

/// `t[k]` for every kind of both.
bool get(context& c, const val& t, const val& k, val& out);
/// `t` with `t[k]` set to `v`.
bool set(context& c, const val& t, const val& k, const val& v, val& out);
/// The key of a slice: {"start": from, "end": upto}.
val slice_key(workspace& w, const val& from, const val& upto);

bool get_path(context& c, const val& root, const val& path, val& out);
bool set_path(context& c, const val& root, const val& path, const val& v,
              val& out);
bool delete_paths(context& c, const val& root, const val& paths, val& out);

bool plus(context& c, const val& a, const val& b, val& out);
/// Formats `v` as `@name` does.
bool format(context& c, const val& v, std::string_view name, val& out);

/// A double cast to int as the machine does it for jq: saturating to the
/// least int outside the range.
[[nodiscard]] std::int32_t to_int(double d);
[[nodiscard]] std::int64_t to_int64(double d);

/// The groups of functions, each in a file of its own.
[[nodiscard]] std::span<const native_entry> arithmetic_functions();
[[nodiscard]] std::span<const native_entry> math_functions();
[[nodiscard]] std::span<const native_entry> path_functions();
[[nodiscard]] std::span<const native_entry> string_functions();
[[nodiscard]] std::span<const native_entry> array_functions();
[[nodiscard]] std::span<const native_entry> time_functions();

} // namespace pawl::expression
