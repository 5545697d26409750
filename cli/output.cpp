#include "cli/output.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace pawl::cli {

std::optional<format> parse_format(std::string_view text) {
  if (text == "table")
    return format::table;
  if (text == "json")
    return format::json;
  if (text == "jsonl")
    return format::jsonl;
  if (text == "yaml")
    return format::yaml;
  if (text == "name")
    return format::name;
  return std::nullopt;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
    text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

std::string printable(std::string_view text, std::size_t width) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    // C1 controls are two bytes in UTF-8: 0xC2 0x80 to 0xC2 0x9F.
    if (c == 0xC2 && i + 1 < text.size()
        && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      out.push_back('?');
      ++i;
    } else {
      out.push_back(c < 0x20 || c == 0x7F ? '?' : text[i]);
    }
  }
  if (width == 0 || width_of(out) <= width)
    return out;
  std::size_t seen = 0;
  std::size_t at = 0;
  while (at < out.size()) {
    if ((out[at] & '\xC0') != '\x80' && ++seen == width)
      break;
    ++at;
  }
  out.resize(at);
  return out + "…";
}

std::string lay_out(const table& what) {
  if (what.rows.empty())
    return {};
  std::vector<std::size_t> widths;
  auto measure = [&](const std::vector<std::string>& row) {
    if (widths.size() < row.size())
      widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(printable(row[i])));
  };
  measure(what.header);
  for (const auto& row : what.rows)
    measure(row);
  std::string out;
  auto write = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto cell = printable(row[i]);
      line += cell;
      line.append(widths[i] - width_of(cell) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  if (!what.header.empty())
    write(what.header);
  for (const auto& row : what.rows)
    write(row);
  return out;
}

namespace {

void append_pretty(std::string& out, const json::value& value,
                   std::size_t depth) {
  auto indent = [&](std::size_t levels) { out.append(levels * 2, ' '); };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!first)
        out += ",\n";
      first = false;
      indent(depth + 1);
      append_text(out, json::value(key));
      out += ": ";
      append_pretty(out, member, depth + 1);
    }
    out += '\n';
    indent(depth);
    out += '}';
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += "[\n";
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i != 0)
        out += ",\n";
      indent(depth + 1);
      append_pretty(out, (*array)[i], depth + 1);
    }
    out += '\n';
    indent(depth);
    out += ']';
  } else {
    append_text(out, value);
  }
}

/// Whether a string may stand in YAML without quotes: letters, digits and a few
/// signs, beginning with a letter, and no word that YAML 1.1 or 1.2 takes for
/// another type.
bool plain_in_yaml(std::string_view text) {
  auto letter
    = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto fine = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'
           || c == '.' || c == '/' || c == '@';
  };
  if (text.empty() || !letter(text[0])
      || !std::all_of(text.begin(), text.end(), fine))
    return false;
  std::string lower{text};
  for (auto& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (auto word :
       {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan"})
    if (lower == word)
      return false;
  return true;
}

void append_yaml_scalar(std::string& out, const json::value& value) {
  const auto* text = value.if_string();
  if (text != nullptr && plain_in_yaml(*text))
    out += *text;
  else
    append_text(out, value); // JSON's scalars, [] and {} are YAML's.
}

bool is_block(const json::value& value) {
  return (value.is_object() && !value.get_object().empty())
         || (value.is_array() && !value.get_array().empty());
}

/// Writes the lines of a mapping or sequence, each `depth` levels in; the first
/// one without indentation if `inlined`, behind the dash of a sequence.
void append_yaml_block(std::string& out, const json::value& value,
                       std::size_t depth, bool inlined) {
  auto start = [&] {
    if (!inlined)
      out.append(depth * 2, ' ');
    inlined = false;
  };
  if (const auto* object = value.if_object()) {
    for (const auto& [key, member] : *object) {
      start();
      append_yaml_scalar(out, json::value(key));
      out += ':';
      if (is_block(member)) {
        out += '\n';
        append_yaml_block(out, member, depth + 1, false);
      } else {
        out += ' ';
        append_yaml_scalar(out, member);
        out += '\n';
      }
    }
    return;
  }
  for (const auto& item : value.get_array()) {
    start();
    out += "- ";
    if (is_block(item)) {
      append_yaml_block(out, item, depth + 1, true);
    } else {
      append_yaml_scalar(out, item);
      out += '\n';
    }
  }
}

} // namespace

std::string to_pretty(const json::value& value) {
  std::string out;
  append_pretty(out, value, 0);
  return out + '\n';
}

std::string to_yaml(const json::value& value) {
  std::string out;
  if (is_block(value)) {
    append_yaml_block(out, value, 0, false);
    return out;
  }
  append_yaml_scalar(out, value);
  return out + '\n';
}

std::string to_elapsed(duration span) {
  auto ms = std::max<std::int64_t>(span.count(), 0);
  auto s = ms / 1000;
  if (s < 10)
    return fmt::format("{}.{}s", s, ms % 1000 / 100);
  if (s < 60)
    return fmt::format("{}s", s);
  if (s < 3600)
    return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (s < 86400)
    return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
  return fmt::format("{}d{}h", s / 86400, s / 3600 % 24);
}

const json::value* find_at(const json::value& value,
                           std::initializer_list<const char*> path) {
  const auto* at = &value;
  for (const auto* name : path) {
    const auto* object = at->if_object();
    at = object == nullptr ? nullptr : object->if_contains(name);
    if (at == nullptr)
      return nullptr;
  }
  return at;
}

std::string text_at(const json::value& value,
                    std::initializer_list<const char*> path) {
  const auto* at = find_at(value, path);
  if (at == nullptr || at->is_null())
    return {};
  if (const auto* text = at->if_string())
    return std::string{*text};
  return to_text(*at);
}

std::string painter::wrap(const char* code, std::string_view text) const {
  if (!on_)
    return std::string{text};
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}
std::string painter::bold(std::string_view text) const {
  return wrap("1", text);
}
std::string painter::dim(std::string_view text) const {
  return wrap("2", text);
}
std::string painter::red(std::string_view text) const {
  return wrap("31", text);
}
std::string painter::green(std::string_view text) const {
  return wrap("32", text);
}
std::string painter::yellow(std::string_view text) const {
  return wrap("33", text);
}

} // namespace pawl::cli
