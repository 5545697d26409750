#include "base/json.hpp"
#include "config/load.hpp"

#include <fmt/format.h>

namespace pawl::config {

namespace {

constexpr std::string_view preamble
  = "# Every option of pawld with its default. Later wins: this file, the\n"
    "# environment (the variable in brackets), flags (--set key=value).\n"
    "# `pawld --print-config` shows what is in force, `--check-config` "
    "checks.\n"
    "# Sizes: 4096, 64KiB, 1MiB, 2GiB. Times: 100ms, 5s, 10min, 1h, 30d or "
    "PT1H.\n";

constexpr std::size_t width = 78;

/// Breaks `text` into comment lines.
void append_comment(std::string& out, std::string_view indent,
                    std::string_view text) {
  while (!text.empty()) {
    auto length = std::min(text.size(), width - indent.size() - 2);
    if (length < text.size())
      length = text.rfind(' ', length);
    out += fmt::format("{}# {}\n", indent, text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
}

/// The bounds as words: "1KiB to 256MiB".
std::string bounds(const option& which) {
  switch (which.is) {
  case unit::count:
  case unit::bytes:
  case unit::time:
    return fmt::format("{} to {}", number_text(which.is, which.min),
                       number_text(which.is, which.max));
  case unit::word:
    return std::string{which.words};
  case unit::flag:
    return "true, false";
  case unit::text:
  case unit::list:
  case unit::listener:
    break;
  }
  return {};
}

std::string yaml_value(const option& which, const options& in) {
  // A JSON string is a YAML string.
  if (which.is == unit::text)
    return to_text(json::value(value_text(which, in)));
  // The slot of a const value is only read.
  const auto place = which.at(const_cast<options&>(in)); // NOLINT
  const auto* texts = std::get_if<std::vector<std::string>*>(&place);
  if (texts == nullptr)
    return value_text(which, in);
  json::array list;
  for (const auto& one : **texts)
    list.emplace_back(one);
  return to_text(json::value(std::move(list)));
}

void append_option(std::string& out, const option& which, const options& in) {
  const auto dot = which.key.find('.');
  const bool grouped = dot != std::string_view::npos;
  const std::string_view indent = grouped ? "  " : "";
  auto comment = std::string{which.help};
  if (const auto limits = bounds(which); !limits.empty())
    comment += fmt::format(" ({})", limits);
  if (which.reloadable)
    comment += " Reloaded by SIGHUP.";
  comment += fmt::format(" [{}]", environment_name(which));
  append_comment(out, indent, comment);
  out += fmt::format("{}{}: {}\n", indent,
                     grouped ? which.key.substr(dot + 1) : which.key,
                     yaml_value(which, in));
}

} // namespace

std::string to_yaml(const options& chosen) {
  std::string out{preamble};
  std::string_view group;
  for (const auto& each : catalogue()) {
    const auto dot = each.key.find('.');
    const auto here
      = dot == std::string_view::npos ? "" : each.key.substr(0, dot);
    if (here != group || here.empty())
      out += '\n';
    if (here != group)
      out += fmt::format("{}:\n", here);
    group = here;
    append_option(out, each, chosen);
  }
  return out;
}

} // namespace pawl::config
