#include "workflow/writing.hpp"

#include "workflow/expression/unicode.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace pawl {

namespace {

void take_one(std::string& out, std::string_view text, std::size_t& at) {
  out.push_back(text[at++]);
}

void read_json(std::string& out, std::string_view text, std::size_t& at) {
  if (text[at] != '\\' || !expression::append_escape(out, text, at))
    take_one(out, text, at);
}

/// A number in `digits`, all of it.
std::optional<std::uint32_t> number(std::string_view digits, int base) {
  std::uint32_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return value;
}

void read_percent(std::string& out, std::string_view text, std::size_t& at) {
  constexpr std::size_t size = 3;
  if (text[at] == '%' && at + size <= text.size())
    if (const auto byte = number(text.substr(at + 1, 2), 16)) {
      out.push_back(static_cast<char>(*byte));
      at += size;
      return;
    }
  take_one(out, text, at);
}

void read_form(std::string& out, std::string_view text, std::size_t& at) {
  if (text[at] != '+')
    return read_percent(out, text, at);
  out.push_back(' ');
  ++at;
}

std::optional<std::uint32_t> referred(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 5> named{
    {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [word, meant] : named)
    if (name == word)
      return static_cast<std::uint32_t>(meant);
  if (name.starts_with("#x") || name.starts_with("#X"))
    return number(name.substr(2), 16);
  return name.starts_with('#') ? number(name.substr(1), 10) : std::nullopt;
}

void read_reference(std::string& out, std::string_view text, std::size_t& at) {
  constexpr std::size_t longest = 10;
  if (text[at] == '&') {
    const auto end = text.substr(at, longest).find(';');
    if (end != std::string_view::npos)
      if (const auto c = referred(text.substr(at + 1, end - 1))) {
        expression::append_utf8(out, *c);
        at += end + 1;
        return;
      }
  }
  take_one(out, text, at);
}

void read_broken(std::string& out, std::string_view text, std::size_t& at) {
  if (text[at] == '\n' || text[at] == '\r')
    ++at;
  else
    take_one(out, text, at);
}

/// Without overlaps, in order.
void settle(std::vector<byte_range>& all) {
  std::ranges::sort(all);
  std::vector<byte_range> out;
  for (const auto& each : all)
    if (!out.empty() && each.first < out.back().second)
      out.back().second = std::max(out.back().second, each.second);
    else
      out.push_back(each);
  all = std::move(out);
}

} // namespace

std::span<const writing> writings() {
  static constexpr std::array<writing, 5> all{{
    {read_json, "\\", "\\", true},
    {read_percent, "%", "%"},
    {read_form, "%+", "+"},
    {read_reference, "&", "&"},
    {read_broken, "\r\n", "\r\n"},
  }};
  return all;
}

std::optional<std::string> undone(std::string_view text, const writing& how) {
  if (std::ranges::none_of(how.signs,
                           [&](char c) { return text.find(c) != text.npos; }))
    return std::nullopt;
  const char one = how.starts.front();
  const char other = how.starts.back();
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && text[end] != one && text[end] != other)
      ++end;
    out.append(text, at, end - at);
    at = end;
    if (at < text.size())
      how.read(out, text, at);
  }
  if (out == text)
    return std::nullopt;
  return out;
}

std::vector<byte_range> as_written(std::string_view text, const writing& how,
                                   std::vector<byte_range> meant) {
  settle(meant);
  std::vector<byte_range> out;
  std::string scratch;
  std::size_t passed = 0; // Bytes of what is meant.
  std::size_t begin = 0;
  auto next = meant.begin();
  bool within = false;
  for (std::size_t at = 0; at < text.size() && next != meant.end();) {
    const auto from = at;
    scratch.clear();
    how.read(scratch, text, at);
    passed += scratch.size();
    while (next != meant.end() && next->first < passed) {
      if (!within)
        begin = from;
      within = next->second > passed;
      if (within)
        break;
      out.emplace_back(begin, at);
      ++next;
    }
  }
  return out;
}

} // namespace pawl
