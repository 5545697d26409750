#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

namespace pawl::http {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

void append_field(std::string& out, std::string_view name,
                  std::string_view value) {
  out.append(name).append(": ");
  for (char c : value)
    out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c);
  out.append("\r\n");
}

// The bytes of the UTF-8 sequence at the front of `text`; 0 if it is none.
std::size_t sequence_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80)
    return lead == 0 ? 0 : 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length)
    return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80)
      return 0;
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  const auto second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)
      || (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

} // namespace

std::string_view request::operator[](std::string_view name) const {
  for (const auto& f : fields)
    if (same_word(f.name, name))
      return f.value;
  return {};
}

std::size_t request::count(std::string_view name) const {
  return static_cast<std::size_t>(
    std::count_if(fields.begin(), fields.end(),
                  [&](const field& f) { return same_word(f.name, name); }));
}

response json_response(unsigned status, std::string body) {
  return {.status = status,
          .type = "application/json",
          .body = std::move(body),
          .fields = {}};
}

std::string head_bytes(const response& answer, framing how,
                       std::string_view date) {
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ").append(std::to_string(answer.status));
  out.append(" ").append(reason_phrase(answer.status)).append("\r\n");
  append_field(out, "Server", "pawl");
  append_field(out, "Date", date);
  append_field(out, "Cache-Control", "no-store");
  append_field(out, "X-Content-Type-Options", "nosniff");
  if (!answer.type.empty())
    append_field(out, "Content-Type", answer.type);
  for (const auto& [name, value] : answer.fields)
    append_field(out, name, value);
  if (how.chunked)
    append_field(out, "Transfer-Encoding", "chunked");
  else if (answer.status != 204 && answer.status != 304)
    append_field(out, "Content-Length", std::to_string(answer.body.size()));
  if (!how.keep_alive)
    append_field(out, "Connection", "close");
  out.append("\r\n");
  return out;
}

std::string_view reason_phrase(unsigned status) {
  static constexpr std::pair<unsigned, std::string_view> phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
  };
  for (const auto& [code, phrase] : phrases)
    if (code == status)
      return phrase;
  return "Unknown";
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size()
         && std::equal(a.begin(), a.end(), b.begin(),
                       [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_word(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size()
         && same_word(text.substr(0, prefix.size()), prefix);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool clean_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = sequence_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string http_date(long long unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  // The daemon never calls setlocale, so the names are English.
  const auto length = std::strftime(text.data(), text.size(),
                                    "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text.data(), length};
}

} // namespace pawl::http
