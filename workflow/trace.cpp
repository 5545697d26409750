#include "workflow/trace.hpp"

#include "base/random.hpp"

#include <algorithm>

namespace pawl {

namespace {

constexpr std::size_t version_end = 3; // "00-"
constexpr std::size_t trace_size = 32;
constexpr std::size_t span_at = version_end + trace_size + 1;
constexpr std::size_t span_size = 16;
constexpr std::size_t flags_at = span_at + span_size + 1;
constexpr std::size_t whole = flags_at + 2;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool is_nothing(std::string_view id) {
  return std::ranges::all_of(id, [](char c) { return c == '0'; });
}

// FNV-1a, stirred: the ids need not be secret, only spread.
std::uint64_t hash_of(std::string_view text, std::uint64_t salt) {
  std::uint64_t h = 0xcbf29ce484222325ULL ^ salt;
  for (const unsigned char c : text)
    h = (h ^ c) * 0x100000001b3ULL;
  return split_mix{h}() | 1; // All zeros is no id.
}

std::string hex(std::uint64_t n) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(span_size, '0');
  for (auto at = out.rbegin(); at != out.rend(); ++at, n >>= 4U)
    *at = digits[n & 15U];
  return out;
}

std::string name_of(const instance_state& s) {
  return s.ns + "/" + s.id + "/" + to_text(s.created);
}

} // namespace

bool is_traceparent(std::string_view text) {
  return text.size() == whole && text.starts_with("00-")
         && text[span_at - 1] == '-' && text[flags_at - 1] == '-'
         && is_hex(text.substr(version_end, trace_size))
         && is_hex(text.substr(span_at, span_size))
         && is_hex(text.substr(flags_at))
         && !is_nothing(text.substr(version_end, trace_size))
         && !is_nothing(text.substr(span_at, span_size));
}

std::string trace_of(const instance_state& s) {
  if (!s.traceparent.empty())
    return s.traceparent.substr(version_end, trace_size);
  const auto name = name_of(s);
  return hex(hash_of(name, 1)) + hex(hash_of(name, 2));
}

std::string span_of(std::string_view effect_key, std::uint32_t attempt) {
  return hex(hash_of(effect_key, 3 + std::uint64_t{attempt}));
}

std::string span_of(const instance_state& s) {
  return hex(hash_of(name_of(s), 0));
}

std::string traceparent_of(const instance_state& s, std::string_view effect_key,
                           std::uint32_t attempt) {
  const auto flags = s.traceparent.empty()
                       ? std::string_view{"00"}
                       : std::string_view{s.traceparent}.substr(flags_at);
  return "00-" + trace_of(s) + "-" + span_of(effect_key, attempt) + "-"
         + std::string{flags};
}

} // namespace pawl
