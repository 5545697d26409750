#include "workflow/document.hpp"

#include <algorithm>

namespace pawl {

namespace {

/// The bytes of the UTF-8 character at the front of `text`, 0 if it is none.
std::size_t character_size(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail
    = [&byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
  const auto b0 = byte(0);
  const auto b1 = byte(1);
  if (b0 < 0x80)
    return 1;
  if (b0 >= 0xC2 && b0 <= 0xDF)
    return tail(1) ? 2 : 0;
  if (b0 >= 0xE0 && b0 <= 0xEF) {
    const bool overlong = b0 == 0xE0 && b1 < 0xA0;
    const bool surrogate = b0 == 0xED && b1 > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (b0 >= 0xF0 && b0 <= 0xF4) {
    const bool overlong = b0 == 0xF0 && b1 < 0x90;
    const bool beyond = b0 == 0xF4 && b1 > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

place place_of_offset(std::string_view text, std::size_t offset) {
  const auto head = text.substr(0, offset);
  const auto line = std::count(head.begin(), head.end(), '\n') + 1;
  const auto newline = head.rfind('\n');
  const auto start = newline == std::string_view::npos ? 0 : newline + 1;
  return {static_cast<std::uint32_t>(line),
          static_cast<std::uint32_t>(offset - start + 1)};
}

/// Refuses bytes that are not UTF-8, and control characters.
result<> check_characters(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto size = character_size(text.substr(at));
    const auto byte = static_cast<unsigned char>(text[at]);
    if (size == 0)
      return detail::unreadable(text, place_of_offset(text, at), "",
                                "the text is not valid UTF-8 here");
    if (byte == 0)
      return detail::unreadable(text, place_of_offset(text, at), "",
                                "a NUL character cannot stand in a document");
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
      return detail::unreadable(text, place_of_offset(text, at), "",
                                "a control character cannot stand here; "
                                "write it as an escape in double quotes");
    at += size;
  }
  return {};
}

} // namespace

place in_characters(std::string_view text, place at) {
  if (at.line == 0 || at.column == 0)
    return at;
  std::size_t start = 0;
  for (std::uint32_t line = 1; line < at.line; ++line) {
    start = text.find('\n', start);
    if (start == std::string_view::npos)
      return at;
    ++start;
  }
  const auto bytes = text.substr(start, at.column - 1);
  const auto tails = std::count_if(bytes.begin(), bytes.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
  });
  return {at.line, at.column - static_cast<std::uint32_t>(tails)};
}

error detail::unreadable(std::string_view text, place at, std::string pointer,
                         std::string detail) {
  const auto shown = in_characters(text, at);
  error e{errc::malformed, detail};
  e.faults.push_back(
    {std::move(pointer), shown.line, shown.column, std::move(detail)});
  return e;
}

result<document> read_document(std::string_view text) {
  if (text.size() > document_limits::text_bytes)
    return error{errc::too_large, "a workflow document has at most 1 MiB"};
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  if (auto clean = check_characters(text); !clean)
    return clean.error();
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return detail::unreadable(text, {1, 1}, "", "the document is empty");
  if (text[first] != '{')
    return detail::read_yaml(text);
  auto as_json = detail::read_json(text);
  if (as_json)
    return as_json;
  // A flow mapping of YAML starts like JSON; but who writes a brace first
  // most likely means JSON, so its fault is the one to show.
  if (auto as_yaml = detail::read_yaml(text); as_yaml)
    return as_yaml;
  return as_json;
}

} // namespace pawl
