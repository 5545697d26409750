#include "base/roff.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace pawl {

namespace {

/// Text that roff takes for nothing but text: its lines do not begin with what
/// begins a request, and a dash can be copied out of the page.
std::string escaped(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\''))
      out += "\\&";
    at_start = c == '\n';
    switch (c) {
    case '\\':
      out += "\\e";
      break;
    case '-':
      out += "\\-";
      break;
    case '\'':
      out += "\\(aq";
      break;
    case '`':
      out += "\\(ga";
      break;
    case '^':
      out += "\\(ha";
      break;
    case '~':
      out += "\\(ti";
      break;
    default:
      out.push_back(c);
    }
  }
  return out;
}

/// The same as the argument of a request.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : escaped(text))
    out += c == '"' ? "\\(dq" : std::string{c};
  return out + '"';
}

} // namespace

roff_page::roff_page(std::string_view name, std::string_view section,
                     std::string_view version, std::string_view purpose) {
  std::string upper{name};
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  text_ = fmt::format(".TH {} {} \"\" \"Pawl {}\" \"Pawl\"\n.SH NAME\n{} \\- "
                      "{}\n",
                      upper, section, version, escaped(name), escaped(purpose));
}

void roff_page::section(std::string_view title) {
  text_ += ".SH " + quoted(title) + '\n';
  after_heading_ = true;
}

void roff_page::part(std::string_view title) {
  text_ += ".SS " + quoted(title) + '\n';
  after_heading_ = true;
}

void roff_page::begin_paragraph() {
  text_ += after_heading_ ? "" : ".PP\n";
  after_heading_ = false;
}

void roff_page::paragraph(std::string_view text) {
  begin_paragraph();
  text_ += escaped(text) + '\n';
}

void roff_page::item(std::string_view term, std::string_view rest,
                     std::string_view text) {
  after_heading_ = false;
  text_ += ".TP\n\\fB" + escaped(term) + "\\fR";
  if (!rest.empty())
    text_ += " \\fI" + escaped(rest) + "\\fR";
  text_ += '\n' + escaped(text) + '\n';
}

void roff_page::verbatim(std::string_view text) {
  begin_paragraph();
  text_ += ".nf\n" + escaped(text);
  text_ += text.ends_with('\n') ? ".fi\n" : "\n.fi\n";
}

} // namespace pawl
