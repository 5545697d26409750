#include "workflow/expression/text.hpp"

#include "workflow/expression/unicode.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace pawl::expression {

namespace {

constexpr int printed_depth_max = 256;
constexpr int parsed_depth_max = 256;

void append_quoted(std::string& out, std::string_view s) {
  constexpr std::string_view hex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : s) {
    const auto b = static_cast<unsigned char>(c);
    switch (c) {
    case '"':
    case '\\':
      out.push_back('\\');
      out.push_back(c);
      break;
    case '\b':
      out += "\\b";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\f':
      out += "\\f";
      break;
    default:
      if (b < 0x20 || b == 0x7F) {
        out += "\\u00";
        out.push_back(hex[b >> 4U]);
        out.push_back(hex[b & 15U]);
      } else {
        out.push_back(c);
      }
    }
  }
  out.push_back('"');
}

// The shortest digits of a positive number, and where its point stands:
// value = 0.DIGITS * 10^point.
std::string digits_of(double d, int& point) {
  std::array<char, 32> buffer{};
  const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                  d, std::chars_format::scientific);
  const std::string_view text{
    buffer.data(), static_cast<std::size_t>(done.ptr - buffer.data())};
  const auto e = text.find('e');
  std::string digits{text.substr(0, 1)};
  if (e > 1)
    digits += text.substr(2, e - 2);
  int exponent = 0;
  const auto from = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + from, text.data() + text.size(), exponent);
  point = exponent + 1;
  return digits;
}

} // namespace

void append_number(std::string& out, double d) {
  constexpr double most = std::numeric_limits<double>::max();
  if (std::isnan(d)) {
    out += "null";
    return;
  }
  if (std::signbit(d))
    out.push_back('-');
  d = std::abs(d);
  if (d == 0) {
    out.push_back('0');
    return;
  }
  int point = 0;
  const auto digits = digits_of(d > most ? most : d, point);
  const int n = static_cast<int>(digits.size());
  if (point <= -4 || point > n + 15) {
    out.push_back(digits[0]);
    if (n > 1)
      out.append(".").append(digits, 1);
    out.push_back('e');
    const int exponent = point - 1;
    out.push_back(exponent < 0 ? '-' : '+');
    if (std::abs(exponent) < 10)
      out.push_back('0');
    out += std::to_string(std::abs(exponent));
  } else if (point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else if (point >= n) {
    out += digits;
    out.append(static_cast<std::size_t>(point - n), '0');
  } else {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out.push_back('.');
    out.append(digits, static_cast<std::size_t>(point));
  }
}

void append_dump(workspace& w, std::string& out, const val& v,
                 std::size_t size_max, int depth) {
  w.step();
  if (out.size() > size_max)
    return;
  if (depth > printed_depth_max) {
    out += "<skipped: too deep>";
    return;
  }
  if (v.kind == holds::integer) {
    out += std::to_string(v.integer);
  } else if (v.kind == holds::real) {
    append_number(out, v.real);
  } else if (v.is_text()) {
    w.charge(v.size);
    append_quoted(out, v.view());
  } else if (v.is_array()) {
    out.push_back('[');
    for (std::uint32_t i = 0; i < count(v) && out.size() <= size_max; ++i) {
      if (i != 0)
        out.push_back(',');
      append_dump(w, out, item(v, i), size_max, depth + 1);
    }
    out.push_back(']');
  } else if (v.is_object()) {
    out.push_back('{');
    entry e;
    bool first = true;
    for (pairs all{v}; out.size() <= size_max && all.next(e); first = false) {
      if (!first)
        out.push_back(',');
      append_quoted(out, e.key.view());
      out.push_back(':');
      append_dump(w, out, e.value, size_max, depth + 1);
    }
    out.push_back('}');
  } else {
    out += v.kind == holds::null ? "null" : v.truthy() ? "true" : "false";
  }
}

val dump(workspace& w, const val& v) {
  std::string out;
  append_dump(w, out, v);
  return w.text(out);
}

val to_text(workspace& w, const val& v) {
  return v.is_text() ? v : dump(w, v);
}

std::string excerpt(workspace& w, const val& v, std::size_t room) {
  std::string out;
  append_dump(w, out, v, room);
  if (out.size() > room - 1)
    out = out.substr(0, room - 4) + "...";
  return out;
}

std::optional<val> parse_number(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+'))
    rest.remove_prefix(1);
  if (rest.empty() || !(digit(rest[0]) || rest[0] == '.'))
    return {};
  if (rest.size() <= 18
      && rest.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t n = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), n);
    if (n == 0 && negative)
      return val::of(-0.0);
    return val::of(negative ? -n : n);
  }
  double d = 0;
  const auto done = std::from_chars(rest.data(), rest.data() + rest.size(), d);
  if (done.ptr != rest.data() + rest.size())
    return {};
  if (done.ec == std::errc::result_out_of_range) {
    // Too large or too small? What stands before the exponent says little, so
    // let the exponent's sign decide.
    const auto e = rest.find_first_of("eE");
    const bool small = e != std::string_view::npos
                         ? rest[e + 1] == '-'
                         : rest[0] == '0' || rest[0] == '.';
    d = small ? 0.0 : std::numeric_limits<double>::infinity();
  } else if (done.ec != std::errc{}) {
    return {};
  }
  return val::of(negative ? -d : d);
}

namespace {

class reader {
public:
  reader(workspace& w, std::string_view text) : w_{w}, text_{text} {}

  bool whole(val& out) {
    space();
    if (at_ == text_.size())
      return fail("Expected JSON value");
    if (!value(out, 0))
      return false;
    space();
    return at_ == text_.size() || fail("Unexpected extra JSON values");
  }

  const char* sentence = "";

private:
  bool fail(const char* why) {
    sentence = why;
    return false;
  }
  void space() {
    while (at_ < text_.size()
           && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r'
               || text_[at_] == '\n'))
      ++at_;
  }
  bool take(char c) {
    space();
    const bool got = at_ < text_.size() && text_[at_] == c;
    at_ += got ? 1 : 0;
    return got;
  }

  bool value(val& out, int depth) {
    w_.step();
    space();
    if (depth > parsed_depth_max)
      return fail("Exceeds depth limit for parsing");
    if (at_ == text_.size())
      return fail("Unfinished JSON term");
    if (text_[at_] == '"')
      return string(out);
    if (take('['))
      return array(out, depth);
    if (take('{'))
      return object(out, depth);
    return literal(out);
  }

  bool literal(val& out) {
    const auto from = at_;
    at_ = std::min(text_.find_first_of(" \t\r\n\"[,]{:}", at_), text_.size());
    const auto word = text_.substr(from, at_ - from);
    if (word == "null")
      out = val{};
    else if (word == "true" || word == "false")
      out = val::of(word == "true");
    else if (word == "nan")
      out = val::of(std::numeric_limits<double>::quiet_NaN());
    else if (const auto n = parse_number(word))
      out = *n;
    else
      return fail("Invalid literal");
    return true;
  }

  bool string(val& out) {
    ++at_;
    std::string got;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\')
        got.push_back(text_[at_++]);
      else if (!append_escape(got, text_, at_))
        return fail("Invalid escape");
    }
    if (at_ == text_.size())
      return fail("Unfinished string");
    ++at_;
    out = w_.text(got);
    return true;
  }

  bool array(val& out, int depth) {
    out = w_.new_array(4);
    if (take(']'))
      return true;
    do {
      val v;
      if (!value(v, depth + 1))
        return false;
      out = w_.append(out, v);
    } while (take(','));
    return take(']') || fail("Unfinished JSON term");
  }

  bool object(val& out, int depth) {
    out = w_.new_object(4);
    if (take('}'))
      return true;
    do {
      val key;
      val v;
      space();
      if (at_ == text_.size() || text_[at_] != '"')
        return fail("Object keys must be strings");
      if (!string(key))
        return false;
      if (!take(':'))
        return fail("Objects must consist of key:value pairs");
      if (!value(v, depth + 1))
        return false;
      out = w_.with_key(out, key, v);
    } while (take(','));
    return take('}') || fail("Unfinished JSON term");
  }

  workspace& w_;
  std::string_view text_;
  std::size_t at_ = 0;
};

} // namespace

bool parse_text(workspace& w, std::string_view text, val& out,
                std::string& sentence) {
  reader r{w, text};
  if (r.whole(out))
    return true;
  sentence
    = std::string{r.sentence} + " (while parsing '" + std::string{text} + "')";
  return false;
}

} // namespace pawl::expression
