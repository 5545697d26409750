#include "base/bytes.hpp"
#include "workflow/expression/functions.hpp"
#include "workflow/expression/text.hpp"
#include "workflow/expression/unicode.hpp"

#include <algorithm>
#include <cmath>

namespace pawl::expression {

namespace {

std::string escaped(std::string_view s, char quote_1, std::string_view to_1,
                    std::string_view rest_from = {},
                    std::span<const std::string_view> rest_to = {}) {
  std::string out;
  out.reserve(s.size());
  for (const char c : s) {
    const auto i = rest_from.find(c);
    if (c == quote_1)
      out += to_1;
    else if (i != std::string_view::npos)
      out += rest_to[i];
    else if (c == '\0')
      out += "\\0";
    else
      out.push_back(c);
  }
  return out;
}

bool row(context& c, const val& v, bool commas, val& out) {
  constexpr std::string_view tabs[]{"\\r", "\\n", "\\\\"};
  if (!v.is_array())
    return c.type_error(v, commas ? "cannot be csv-formatted, only array"
                                  : "cannot be tsv-formatted, only array");
  std::string line;
  for (std::uint32_t i = 0; i < count(v); ++i) {
    c.w.step();
    const val x = item(v, i);
    if (i != 0)
      line.push_back(commas ? ',' : '\t');
    if (x.is_array() || x.is_object())
      return c.type_error(x, "is not valid in a csv row");
    if (x.is_text() && commas)
      line += '"' + escaped(x.view(), '"', "\"\"") + '"';
    else if (x.is_text())
      line += escaped(x.view(), '\t', "\\t", "\r\n\\", tabs);
    else if (x.kind != holds::null
             && !(x.kind == holds::real && std::isnan(x.real)))
      append_dump(c.w, line, x);
    c.w.charge(x.size);
  }
  out = c.w.text(line);
  return true;
}

bool shell(context& c, const val& v, val& out) {
  std::string line;
  const auto n = v.is_array() ? count(v) : 1;
  for (std::uint32_t i = 0; i < n; ++i) {
    c.w.step();
    const val x = v.is_array() ? item(v, i) : v;
    if (i != 0)
      line.push_back(' ');
    if (x.is_array() || x.is_object())
      return c.type_error(x, "can not be escaped for shell");
    if (x.is_text())
      line += '\'' + escaped(x.view(), '\'', "'\\''") + '\'';
    else
      append_dump(c.w, line, x);
    c.w.charge(x.size);
  }
  out = c.w.text(line);
  return true;
}

std::string uri_escaped(std::string_view s) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  constexpr std::string_view plain
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
  std::string out;
  out.reserve(s.size());
  for (const char c : s) {
    const auto b = static_cast<unsigned char>(c);
    if (plain.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(hex[b >> 4U]);
      out.push_back(hex[b & 15U]);
    }
  }
  return out;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decoded(context& c, const val& v, val& out) {
  std::string got;
  std::uint32_t code = 0;
  int have = 0;
  for (const char ch : v.view()) {
    if (ch == '=')
      break;
    const int digit = base64_digit(ch);
    if (digit < 0)
      return c.type_error(v, "is not valid base64 data");
    code = code << 6U | static_cast<std::uint32_t>(digit);
    if (++have == 4) {
      for (const int shift : {16, 8, 0})
        got.push_back(static_cast<char>(code >> shift));
      have = 0;
      code = 0;
    }
  }
  if (have == 1)
    return c.type_error(v, "trailing base64 byte found");
  if (have == 2)
    got.push_back(static_cast<char>(code >> 4U));
  if (have == 3) {
    got.push_back(static_cast<char>(code >> 10U));
    got.push_back(static_cast<char>(code >> 2U));
  }
  out = c.w.text(repair_utf8(got));
  return true;
}

} // namespace

bool format(context& c, const val& v, std::string_view name, val& out) {
  constexpr std::string_view html[]{"&lt;", "&gt;", "&apos;", "&quot;"};
  if (name == "text") {
    out = to_text(c.w, v);
    return true;
  }
  if (name == "json") {
    out = dump(c.w, v);
    return true;
  }
  if (name == "csv" || name == "tsv")
    return row(c, v, name == "csv", out);
  if (name == "sh")
    return shell(c, v, out);
  const bool known
    = name == "html" || name == "uri" || name == "base64" || name == "base64d";
  if (!known)
    return c.raise(std::string{name} + " is not a valid format");
  const val text = to_text(c.w, v);
  c.w.step(text.size / 16);
  c.w.charge(text.size * 3ULL);
  if (name == "base64d")
    return base64_decoded(c, text, out);
  out = c.w.text(name == "html"
                   ? escaped(text.view(), '&', "&amp;", "<>'\"", html)
                 : name == "uri" ? uri_escaped(text.view())
                                 : to_base64(text.view()));
  return true;
}

namespace {

bool f_format(context& c, const val* in, val& out) {
  if (!in[1].is_text())
    return c.type_error(in[1], "is not a valid format");
  return format(c, in[0], in[1].view(), out);
}

bool f_tostring(context& c, const val* in, val& out) {
  out = to_text(c.w, in[0]);
  return true;
}
bool f_tojson(context& c, const val* in, val& out) {
  out = dump(c.w, in[0]);
  return true;
}
bool f_fromjson(context& c, const val* in, val& out) {
  if (!in[0].is_text())
    return c.type_error(in[0], "only strings can be parsed");
  std::string sentence;
  return parse_text(c.w, in[0].view(), out, sentence) || c.raise(sentence);
}
bool f_tonumber(context& c, const val* in, val& out) {
  out = in[0];
  if (in[0].is_number())
    return true;
  std::string sentence;
  if (in[0].is_text()) {
    // jq reads up to the first NUL only.
    const auto text = in[0].view().substr(0, in[0].view().find('\0'));
    if (!parse_text(c.w, text, out, sentence))
      return c.raise(sentence);
    if (out.is_number())
      return true;
  }
  return c.type_error(in[0], "cannot be parsed as a number");
}

bool f_startswith(context& c, const val* in, val& out) {
  if (!in[0].is_text() || !in[1].is_text())
    return c.raise("startswith() requires string inputs");
  out = val::of(in[0].view().starts_with(in[1].view()));
  return true;
}
bool f_endswith(context& c, const val* in, val& out) {
  if (!in[0].is_text() || !in[1].is_text())
    return c.raise("endswith() requires string inputs");
  out = val::of(in[0].view().ends_with(in[1].view()));
  return true;
}
bool f_ltrimstr(context&, const val* in, val& out) {
  out = in[0];
  if (in[0].is_text() && in[1].is_text()
      && in[0].view().starts_with(in[1].view()))
    out = val::of(in[0].view().substr(in[1].size));
  return true;
}
bool f_rtrimstr(context&, const val* in, val& out) {
  out = in[0];
  if (in[0].is_text() && in[1].is_text()
      && in[0].view().ends_with(in[1].view()))
    out = val::of(in[0].view().substr(0, in[0].size - in[1].size));
  return true;
}

bool f_split(context& c, const val* in, val& out) {
  if (!in[0].is_text() || !in[1].is_text())
    return c.raise("split input and separator must be strings");
  const auto s = in[0].view();
  const auto by = in[1].view();
  out = c.w.new_array(4);
  c.w.step(s.size() / 16);
  if (by.empty()) {
    for (std::size_t at = 0; at < s.size();) {
      c.w.step();
      const auto from = at;
      (void)next_code_point(s, at);
      out = c.w.append(out, val::of(s.substr(from, at - from)));
    }
    return true;
  }
  for (std::size_t at = 0; at < s.size();) {
    c.w.step();
    const auto end = std::min(s.find(by, at), s.size());
    out = c.w.append(out, val::of(s.substr(at, end - at)));
    if (end + by.size() == s.size())
      out = c.w.append(out, val::of(""));
    at = end + by.size();
  }
  return true;
}

bool f_explode(context& c, const val* in, val& out) {
  if (!in[0].is_text())
    return c.raise("explode input must be a string");
  out = c.w.new_array(in[0].size);
  const auto s = in[0].view();
  for (std::size_t at = 0; at < s.size();) {
    c.w.step();
    out = c.w.append(out, val::of(std::int64_t{next_code_point(s, at)}));
  }
  return true;
}

bool f_implode(context& c, const val* in, val& out) {
  if (!in[0].is_array())
    return c.raise("implode input must be an array");
  std::string made;
  for (std::uint32_t i = 0; i < count(in[0]); ++i) {
    c.w.step();
    const val x = item(in[0], i);
    if (!x.is_number())
      return c.type_error(
        x, "can't be imploded, unicode codepoint needs to be numeric");
    append_utf8(made, static_cast<std::uint32_t>(to_int(x.number())));
  }
  out = c.w.text(made);
  return true;
}

bool f_strindices(context& c, const val* in, val& out) {
  if (!in[0].is_text() || !in[1].is_text())
    return c.raise("_strindices input must be a string");
  const auto s = in[0].view();
  const auto what = in[1].view();
  out = c.w.new_array(4);
  if (what.empty()) // libjq never ends here.
    throw budget_spent{"An empty string stands everywhere."};
  c.w.step(s.size() / 16);
  for (auto at = s.find(what); at != std::string_view::npos;
       at = s.find(what, at + what.size())) {
    c.w.step();
    out = c.w.append(out, val::of(static_cast<std::int64_t>(at)));
  }
  return true;
}

// The letters from `first` on become those from `other` on.
bool change_case(context& c, const val* in, val& out, char first, char other) {
  if (!in[0].is_text())
    return c.raise("explode input must be a string");
  out = c.w.text(in[0].view());
  auto* const text = const_cast<char*>(out.text);
  for (std::uint32_t i = 0; i < out.size; ++i)
    if (text[i] >= first && text[i] < first + 26)
      text[i] = static_cast<char>(text[i] - first + other);
  return true;
}
bool f_downcase(context& c, const val* in, val& out) {
  return change_case(c, in, out, 'A', 'a');
}
bool f_upcase(context& c, const val* in, val& out) {
  return change_case(c, in, out, 'a', 'A');
}

bool f_utf8bytelength(context& c, const val* in, val& out) {
  if (!in[0].is_text())
    return c.type_error(in[0], "only strings have UTF-8 byte length");
  out = val::of(std::int64_t{in[0].size});
  return true;
}

constexpr native_entry table[]{
  {"format", 1, f_format},          {"tostring", 0, f_tostring},
  {"tojson", 0, f_tojson},          {"fromjson", 0, f_fromjson},
  {"tonumber", 0, f_tonumber},      {"startswith", 1, f_startswith},
  {"endswith", 1, f_endswith},      {"ltrimstr", 1, f_ltrimstr},
  {"rtrimstr", 1, f_rtrimstr},      {"split", 1, f_split},
  {"explode", 0, f_explode},        {"implode", 0, f_implode},
  {"_strindices", 1, f_strindices}, {"ascii_downcase", 0, f_downcase},
  {"ascii_upcase", 0, f_upcase},    {"utf8bytelength", 0, f_utf8bytelength},
};

} // namespace

std::span<const native_entry> string_functions() {
  return table;
}

} // namespace pawl::expression
