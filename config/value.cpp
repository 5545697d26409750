#include "base/json.hpp"
#include "base/overload.hpp"
#include "config/options.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <optional>

namespace pawl::config {

namespace {

/// A suffix and what it stands for.
struct scale {
  std::string_view suffix;
  std::uint64_t factor;
};

constexpr scale byte_scales[] = {
  {"TiB", 1ULL << 40},
  {"GiB", 1ULL << 30},
  {"MiB", 1ULL << 20},
  {"KiB", 1ULL << 10},
  {"", 1},
  {"B", 1},
};

constexpr scale time_scales[] = {
  {"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1},
};

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Takes the digits at the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t n = 0;
  const auto* end = text.data() + text.size();
  const auto got = std::from_chars(text.data(), end, n);
  if (got.ec != std::errc{})
    return std::nullopt;
  text = {got.ptr, static_cast<std::size_t>(end - got.ptr)};
  return n;
}

std::optional<std::uint64_t> multiply(std::uint64_t n, std::uint64_t factor) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(n, factor, &product))
    return std::nullopt;
  return product;
}

/// "64MiB" and the like: digits and one of the suffixes.
std::optional<std::uint64_t> parse_scaled(std::string_view text,
                                          std::span<const scale> scales) {
  const auto n = take_number(text);
  if (!n)
    return std::nullopt;
  for (const auto& each : scales)
    if (trim(text) == each.suffix)
      return multiply(*n, each.factor);
  return std::nullopt;
}

/// ISO 8601 without months and years, which have no fixed length.
std::optional<std::uint64_t> parse_iso(std::string_view text) {
  if (!text.starts_with('P') || text.size() < 3)
    return std::nullopt;
  text.remove_prefix(1);
  std::uint64_t total = 0;
  std::string_view units = "WDTHMS"; // What may still come, in order.
  while (!text.empty()) {
    if (text[0] == 'T') {
      const auto at = units.find('T');
      if (at == std::string_view::npos || text.size() == 1)
        return std::nullopt;
      units.remove_prefix(at + 1);
      text.remove_prefix(1);
    }
    const auto n = take_number(text);
    const auto at = text.empty() ? std::string_view::npos : units.find(text[0]);
    const auto boundary = units.find('T');
    if (!n || at == std::string_view::npos
        || (boundary != std::string_view::npos && at >= boundary))
      return std::nullopt;
    std::uint64_t factor = 0;
    switch (text[0]) {
    case 'W':
      factor = 604'800'000;
      break;
    case 'D':
      factor = 86'400'000;
      break;
    case 'H':
      factor = 3'600'000;
      break;
    case 'M':
      factor = 60'000;
      break;
    default:
      factor = 1000;
      break;
    }
    const auto part = multiply(*n, factor);
    if (!part || __builtin_add_overflow(total, *part, &total))
      return std::nullopt;
    units.remove_prefix(at + 1);
    text.remove_prefix(1);
  }
  return total;
}

std::string scaled_text(std::uint64_t n, std::span<const scale> scales) {
  for (const auto& each : scales)
    if (n >= each.factor && n % each.factor == 0)
      return fmt::format("{}{}", n / each.factor, each.suffix);
  return fmt::format("{}{}", n, scales.back().suffix);
}

std::string_view example(unit is) {
  switch (is) {
  case unit::bytes:
    return "a size, like 64MiB";
  case unit::time:
    return "a time, like 500ms, 5s, 10min or PT1H";
  default:
    return "a whole number";
  }
}

result<std::uint64_t> parse_number(const option& which, std::string_view text) {
  std::optional<std::uint64_t> n;
  if (which.is == unit::bytes)
    n = parse_scaled(text, byte_scales);
  else if (which.is == unit::time)
    n = text.starts_with('P') ? parse_iso(text)
                              : parse_scaled(text, time_scales);
  else if (auto rest = text; (n = take_number(rest)) && !rest.empty())
    n = std::nullopt;
  if (!n)
    return error{errc::malformed,
                 fmt::format("{} must be {}, not '{}'", which.key,
                             example(which.is), text.substr(0, 64))};
  if (*n < which.min || *n > which.max)
    return error{errc::malformed,
                 fmt::format("{} must lie between {} and {}, not at {}",
                             which.key, number_text(which.is, which.min),
                             number_text(which.is, which.max), text)};
  return *n;
}

template <class Number>
result<> set_number(const option& which, Number& to, std::string_view text) {
  const auto n = parse_number(which, text);
  if (!n)
    return n.error();
  if constexpr (std::is_same_v<Number, duration>)
    to = duration{static_cast<std::int64_t>(*n)};
  else
    to = static_cast<Number>(*n);
  return {};
}

error wrong_word(const option& which, std::string_view text) {
  return {errc::malformed,
          fmt::format("{} must be one of {}, not '{}'", which.key,
                      which.is == unit::flag ? "true, false" : which.words,
                      text.substr(0, 64))};
}

bool port_ok(std::string_view text) {
  const auto port = take_number(text);
  return port && text.empty() && *port <= 65'535;
}

/// Whether `text` is ADDR:PORT, [ADDR6]:PORT or unix:PATH. The address itself
/// is checked by who opens it.
bool listener_ok(std::string_view text) {
  if (text.starts_with("unix:"))
    return text.size() > 5 && text.size() <= 5 + 107; // sun_path
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0
      || !port_ok(text.substr(colon + 1)))
    return false;
  const auto host = text.substr(0, colon);
  return host.find(':') == std::string_view::npos
         || (host.starts_with('[') && host.ends_with(']'));
}

/// Splits at commas; what is empty between two is kept, to be refused.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    all.emplace_back(trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return all;
}

/// Whether `text` is one of `words`, which are joined by ", ".
bool is_word(std::string_view words, std::string_view text) {
  const auto all = split(words);
  return std::find(all.begin(), all.end(), text) != all.end();
}

/// Whether `text` begins with an address like [::1].
bool begins_with_ipv6(std::string_view text) {
  const auto end = text.find(']');
  const auto inner = text.substr(1, end == text.npos ? 0 : end - 1);
  return inner.find(':') != inner.npos
         && inner.find_first_not_of("0123456789abcdefABCDEF:.") == inner.npos;
}

/// The items of a list: a JSON array of texts, or texts between commas.
std::optional<std::vector<std::string>> items_of(std::string_view text) {
  if (!text.starts_with('[') || begins_with_ipv6(text))
    return split(text);
  const auto list = parse_json(text);
  if (!list || !list->is_array())
    return std::nullopt;
  std::vector<std::string> all;
  for (const auto& one : list->get_array()) {
    if (!one.is_string())
      return std::nullopt;
    all.emplace_back(one.get_string());
  }
  return all;
}

result<> set_list(const option& which, std::vector<std::string>& to,
                  std::string_view text) {
  auto items = items_of(text);
  if (!items)
    return error{errc::malformed,
                 fmt::format("{} takes texts with commas between, like a,b, or "
                             "a JSON array, like [\"a\",\"b\"], not '{}'",
                             which.key, text.substr(0, 128))};
  auto& all = *items;
  if (all.empty() && which.is == unit::listener)
    return error{errc::malformed,
                 fmt::format("{} needs at least one address", which.key)};
  for (const auto& one : all) {
    if (which.is == unit::listener && !listener_ok(one))
      return error{errc::malformed,
                   fmt::format("{} takes ADDR:PORT or unix:PATH, not '{}'",
                               which.key, one.substr(0, 128))};
    if (one.empty())
      return error{errc::malformed,
                   fmt::format("{} must not hold an empty text", which.key)};
  }
  to = std::move(all);
  return {};
}

/// As items_of() reads it: with commas, or as JSON where those would not do.
std::string list_text(const std::vector<std::string>& list) {
  auto plain = fmt::format("{}", fmt::join(list, ", "));
  if (items_of(plain) == list)
    return plain;
  return to_text(json::value(json::array(list.begin(), list.end())));
}

} // namespace

std::optional<duration> parse_time(std::string_view text) {
  const auto n
    = text.starts_with('P') ? parse_iso(text) : parse_scaled(text, time_scales);
  if (!n || *n > static_cast<std::uint64_t>(duration::max().count()))
    return std::nullopt;
  return duration{static_cast<std::int64_t>(*n)};
}

const option* find_option(std::string_view key) {
  std::string name{key};
  std::replace(name.begin(), name.end(), '-', '_');
  for (const auto& each : catalogue())
    if (each.key == name)
      return &each;
  return nullptr;
}

std::string environment_name(const option& which) {
  std::string name{"PAWL_"};
  for (const char c : which.key)
    name.push_back(
      c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c));
  return name;
}

std::string number_text(unit is, std::uint64_t n) {
  if (is == unit::bytes)
    return scaled_text(n, byte_scales);
  if (is == unit::time)
    return scaled_text(n, time_scales);
  return fmt::format("{}", n);
}

std::string value_text(const option& which, const options& in) {
  // The slot of a const value is only read.
  const auto place = which.at(const_cast<options&>(in)); // NOLINT
  return std::visit(
    overload{
      [&](const std::uint32_t* n) { return number_text(which.is, *n); },
      [&](const std::uint64_t* n) { return number_text(which.is, *n); },
      [&](const duration* d) {
        return number_text(which.is, static_cast<std::uint64_t>(d->count()));
      },
      [](const bool* flag) { return std::string{*flag ? "true" : "false"}; },
      [](const std::string* text) { return *text; },
      [](const std::vector<std::string>* list) { return list_text(*list); },
      [](const log::level* l) { return std::string{log::to_text(*l)}; },
      [](const torn_tail* t) {
        return std::string{*t == torn_tail::cut ? "cut" : "ask"};
      }},
    place);
}

result<> set_value(const option& which, options& in, std::string_view text) {
  text = trim(text);
  const auto number = [&](auto* n) { return set_number(which, *n, text); };
  return std::visit(
    overload{[&](std::uint32_t* n) { return number(n); },
             [&](std::uint64_t* n) { return number(n); },
             [&](duration* d) { return number(d); },
             [&](bool* flag) -> result<> {
               if (text != "true" && text != "false")
                 return wrong_word(which, text);
               *flag = text == "true";
               return {};
             },
             [&](std::string* to) -> result<> {
               if (which.is == unit::word && !is_word(which.words, text))
                 return wrong_word(which, text);
               *to = text;
               return {};
             },
             [&](std::vector<std::string>* list) {
               return set_list(which, *list, text);
             },
             [&](log::level* l) -> result<> {
               const auto parsed = log::parse_level(text);
               if (!parsed)
                 return wrong_word(which, text);
               *l = *parsed;
               return {};
             },
             [&](torn_tail* t) -> result<> {
               if (text != "cut" && text != "ask")
                 return wrong_word(which, text);
               *t = text == "cut" ? torn_tail::cut : torn_tail::ask;
               return {};
             }},
    which.at(in));
}

} // namespace pawl::config
