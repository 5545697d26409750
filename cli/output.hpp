#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "cli/failure.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::cli {

/// How data is written to stdout (-o).
enum class format : std::uint8_t { table, json, jsonl, yaml, name };

/// "table", "json", ... Nothing for another text.
[[nodiscard]] std::optional<format> parse_format(std::string_view text);

/// Columns for a person.
struct table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

/// Lays a table out: columns two blanks apart, no blanks at a line's end, the
/// header only if there are rows. Control characters are shown as '?', so that
/// nothing stored in the daemon can drive a terminal.
[[nodiscard]] std::string lay_out(const table& what);

/// `text` with control characters shown as '?', cut to `width` columns
/// (0: not cut) with an ellipsis.
[[nodiscard]] std::string printable(std::string_view text,
                                    std::size_t width = 0);

/// How many columns UTF-8 `text` takes, counting a code point as one.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// JSON indented by two blanks, members in their order, with a newline.
[[nodiscard]] std::string to_pretty(const json::value& value);

/// YAML in block style that reads back as the same value, with a newline.
[[nodiscard]] std::string to_yaml(const json::value& value);

/// "0.4s", "12s", "3m05s", "2h10m", "4d3h".
[[nodiscard]] std::string to_elapsed(duration span);

/// The text at a path of member names, "" if there is none: text_at(v,
/// {"workflow", "name"}). A value that is not a string comes as JSON.
[[nodiscard]] std::string text_at(const json::value& value,
                                  std::initializer_list<const char*> path);

/// The value at a path of member names, or a null pointer.
[[nodiscard]] const json::value*
find_at(const json::value& value, std::initializer_list<const char*> path);

/// Colours, or nothing when they are off.
class painter {
public:
  explicit painter(bool on) : on_{on} {}
  [[nodiscard]] std::string bold(std::string_view text) const;
  [[nodiscard]] std::string dim(std::string_view text) const;
  [[nodiscard]] std::string red(std::string_view text) const;
  [[nodiscard]] std::string green(std::string_view text) const;
  [[nodiscard]] std::string yellow(std::string_view text) const;
  [[nodiscard]] bool on() const { return on_; }

private:
  [[nodiscard]] std::string wrap(const char* code, std::string_view text) const;
  bool on_;
};

} // namespace pawl::cli
