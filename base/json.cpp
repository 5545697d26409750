#include "base/json.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace pawl {

namespace {

/// Builds a value from the parser's events and refuses what strict JSON for
/// exchange (RFC 7493) refuses but Boost.JSON lets pass.
class strict_handler {
public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  explicit strict_handler(const char* text) : text_{text} {}

  /// What the handler itself found wrong, with the offset it lies at.
  struct finding {
    std::string pointer;
    std::string detail;
    std::size_t offset = 0;
  };
  [[nodiscard]] const std::optional<finding>& found() const { return found_; }

  /// The value; legal once after a parse without fault.
  json::value release() { return std::move(root_); }

  /// The pointer of the place the parser has reached.
  [[nodiscard]] std::string here() const {
    std::string out;
    for (const auto& level : open_) {
      if (!level.is_object)
        out = pointer_join(out, std::to_string(level.list.size()));
      else if (level.has_key)
        out = pointer_join(out, level.key);
    }
    return out;
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    open_.emplace_back();
    open_.back().is_object = true;
    return true;
  }
  bool on_object_end(std::size_t, json::error_code& ec) {
    return close(std::move(open_.back().map), ec);
  }
  bool on_array_begin(json::error_code&) {
    open_.emplace_back();
    return true;
  }
  bool on_array_end(std::size_t, json::error_code& ec) {
    return close(std::move(open_.back().list), ec);
  }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    parts_.append(s.data(), s.size());
    return true;
  }
  bool on_key(json::string_view s, std::size_t n, json::error_code&) {
    auto& level = open_.back();
    level.key.assign(whole(s, n));
    level.has_key = true;
    level.key_offset = n == s.size()
                         ? static_cast<std::size_t>(s.data() - text_)
                         : std::string_view::npos;
    parts_.clear();
    return true;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) {
    parts_.append(s.data(), s.size());
    return true;
  }
  bool on_string(json::string_view s, std::size_t n, json::error_code& ec) {
    json::value text(json::string(whole(s, n)));
    parts_.clear();
    return put(std::move(text), ec);
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t n, json::string_view, json::error_code& ec) {
    return put(json::value(n), ec);
  }
  bool on_uint64(std::uint64_t n, json::string_view, json::error_code& ec) {
    return put(json::value(n), ec);
  }
  bool on_double(double n, json::string_view s, json::error_code& ec) {
    // Boost.JSON 1.81 may be off by one in the last place; from_chars is not.
    double exact = n;
    const auto end = s.data() + s.size();
    if (std::from_chars(s.data(), end, exact).ec != std::errc{})
      exact = n; // Too small becomes 0, too large infinity.
    if (!std::isfinite(exact))
      return refuse("the number lies outside a double's range",
                    static_cast<std::size_t>(s.data() - text_), ec);
    return put(json::value(exact), ec);
  }
  bool on_bool(bool b, json::error_code& ec) { return put(json::value(b), ec); }
  bool on_null(json::error_code& ec) { return put(json::value(nullptr), ec); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

private:
  /// An array or object whose end has not come.
  struct open_level {
    json::object map;
    json::array list;
    std::string key;
    bool is_object = false;
    std::size_t key_offset = 0;
    bool has_key = false; ///< Whether `key` was read already.
  };

  std::string_view whole(json::string_view last, std::size_t total) {
    if (last.size() == total)
      return {last.data(), last.size()};
    parts_.append(last.data(), last.size());
    return parts_;
  }

  /// Puts a value that is complete into what is open around it.
  bool put(json::value&& v, json::error_code& ec) {
    if (open_.empty()) {
      root_ = std::move(v);
      return true;
    }
    auto& level = open_.back();
    if (!level.is_object) {
      level.list.push_back(std::move(v));
      return true;
    }
    if (level.map.emplace(level.key, std::move(v)).second)
      return true;
    return refuse(
      fmt::format("the key '{}' stands here a second time", level.key),
      level.key_offset, ec);
  }

  template <class Container>
  bool close(Container&& container, json::error_code& ec) {
    json::value done(std::forward<Container>(container)); // Braces: a list.
    open_.pop_back();
    return put(std::move(done), ec);
  }

  bool refuse(std::string detail, std::size_t offset, json::error_code& ec) {
    found_ = finding{here(), std::move(detail), offset};
    ec = json::error::syntax;
    return false;
  }

  const char* text_;
  std::vector<open_level> open_;
  std::string parts_; ///< A string or key that came in several parts.
  json::value root_;
  std::optional<finding> found_;
};

struct place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// Counts columns in characters, as an editor does.
place place_of(std::string_view text, std::size_t offset) {
  place at;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n')
      at = {at.line + 1, 1};
    else if ((static_cast<std::uint8_t>(c) & 0xC0) != 0x80)
      ++at.column;
  }
  return at;
}

std::string sentence_for(const json::error_code& ec, std::size_t depth_max) {
  if (ec == json::error::incomplete)
    return "the JSON text ends too early";
  if (ec == json::error::too_deep)
    return fmt::format("arrays and objects nest deeper than {} levels",
                       depth_max);
  if (ec == json::error::extra_data)
    return "something stands behind the JSON value";
  return "this is not JSON: " + ec.message();
}

constexpr auto must_escape = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c)
    table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

void append_escape(std::string& out, char c) {
  constexpr std::string_view plain = "\"\\\b\f\n\r\t";
  constexpr std::string_view letter = "\"\\bfnrt";
  out.push_back('\\');
  if (const auto at = plain.find(c); at != std::string_view::npos) {
    out.push_back(letter[at]);
    return;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  out.append("u00");
  out.push_back(digits[static_cast<std::uint8_t>(c) >> 4]);
  out.push_back(digits[static_cast<std::uint8_t>(c) & 15]);
}

void append_string(std::string& out, std::string_view s) {
  out.push_back('"');
  std::size_t clean = 0; // Where the run that needs no escape began.
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (!must_escape[static_cast<std::uint8_t>(s[i])])
      continue;
    out.append(s.substr(clean, i - clean));
    append_escape(out, s[i]);
    clean = i + 1;
  }
  out.append(s.substr(clean));
  out.push_back('"');
}

template <class Integer>
void append_integer(std::string& out, Integer n) {
  const fmt::format_int text{n};
  out.append(text.data(), text.size());
}

void append_double(std::string& out, double d) {
  if (!std::isfinite(d)) {
    out.append("null");
    return;
  }
  const auto begin = out.size();
  fmt::format_to(std::back_inserter(out), "{}", d);
  if (out.find_first_of(".e", begin) == std::string::npos)
    out.append(".0");
}

/// What to_text and to_canonical_text do differently.
enum class style : std::uint8_t { as_is, canonical };

template <style Style>
void append_value(std::string& out, const json::value& v);

template <style Style>
void append_object(std::string& out, const json::object& object) {
  char before = '{';
  const auto member = [&](const json::key_value_pair& kv) {
    out.push_back(before);
    before = ',';
    append_string(out, {kv.key().data(), kv.key().size()});
    out.push_back(':');
    append_value<Style>(out, kv.value());
  };
  if constexpr (Style == style::canonical) {
    std::vector<const json::key_value_pair*> sorted;
    sorted.reserve(object.size());
    for (const auto& kv : object)
      sorted.push_back(&kv);
    std::sort(sorted.begin(), sorted.end(),
              [](auto* a, auto* b) { return a->key() < b->key(); });
    for (const auto* kv : sorted)
      member(*kv);
  } else {
    for (const auto& kv : object)
      member(kv);
  }
  if (before == '{')
    out.push_back('{');
  out.push_back('}');
}

template <style Style>
void append_number(std::string& out, double d) {
  constexpr double exact_max = 9007199254740992.0; // 2^53
  if (Style == style::canonical && std::abs(d) < exact_max
      && d == std::trunc(d))
    append_integer(out, static_cast<std::int64_t>(d));
  else
    append_double(out, d);
}

template <style Style>
void append_value(std::string& out,
                  const json::value& v) { // NOLINT(misc-no-recursion)
  switch (v.kind()) {
  case json::kind::null:
    out.append("null");
    return;
  case json::kind::bool_:
    out.append(v.get_bool() ? "true" : "false");
    return;
  case json::kind::int64:
    return append_integer(out, v.get_int64());
  case json::kind::uint64:
    return append_integer(out, v.get_uint64());
  case json::kind::double_:
    return append_number<Style>(out, v.get_double());
  case json::kind::string:
    return append_string(out, {v.get_string().data(), v.get_string().size()});
  case json::kind::object:
    return append_object<Style>(out, v.get_object());
  case json::kind::array:
    break;
  }
  char before = '[';
  for (const auto& element : v.get_array()) {
    out.push_back(before);
    before = ',';
    append_value<Style>(out, element);
  }
  out.append(before == '[' ? "[]" : "]");
}

} // namespace

datum make_datum(json::value value) {
  return std::make_shared<const json::value>(std::move(value));
}

const datum& null_datum() {
  static const datum null = make_datum(nullptr);
  return null;
}

result<json::value> parse_json(std::string_view text, std::size_t depth_max) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<strict_handler> parser{options, text.data()};
  json::error_code ec;
  auto offset = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && offset < text.size())
    ec = json::error::extra_data;
  if (!ec)
    return parser.handler().release();
  auto pointer = parser.handler().here();
  auto detail = sentence_for(ec, depth_max);
  if (const auto& found = parser.handler().found()) {
    pointer = found->pointer;
    detail = found->detail;
    offset = std::min(found->offset, offset);
  }
  const auto at = place_of(text, offset);
  auto summary
    = fmt::format("line {}, column {}: {}", at.line, at.column, detail);
  return error{errc::malformed,
               std::move(summary),
               {{std::move(pointer), at.line, at.column, std::move(detail)}}};
}

void append_text(std::string& out, const json::value& value) {
  append_value<style::as_is>(out, value);
}

std::string to_text(const json::value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

std::string to_canonical_text(const json::value& value) {
  std::string out;
  append_value<style::canonical>(out, value);
  return out;
}

std::string pointer_join(std::string_view base, std::string_view token) {
  std::string out{base};
  out.push_back('/');
  for (const char c : token) {
    if (c == '~')
      out.append("~0");
    else if (c == '/')
      out.append("~1");
    else
      out.push_back(c);
  }
  return out;
}

} // namespace pawl
