#include "workflow/expression/token.hpp"

#include "workflow/expression/unicode.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace pawl::expression {

namespace {

constexpr std::array keywords{"as",    "import", "include", "module",  "def",
                              "if",    "then",   "else",    "elif",    "and",
                              "or",    "end",    "reduce",  "foreach", "try",
                              "catch", "label",  "break",   "__loc__"};

// The longest first, as the scanner takes the longest match.
constexpr std::array<std::string_view, 32> symbols{
  "?//", "//=", "!=", "==", "//", "|=", "+=", "-=", "*=", "/=", "%=",
  "<=",  ">=",  "..", ".",  "?",  "=",  ";",  ",",  ":",  "|",  "+",
  "-",   "*",   "/",  "%",  "$",  "<",  ">",  "[",  "{",  "("};

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool in_name(char c) {
  return starts_name(c) || is_digit(c);
}

class scanner {
public:
  explicit scanner(std::string_view text) : text_{text} {}

  result<std::vector<token>> run() {
    while (at_ < text_.size()) {
      const bool in_string = !open_.empty() && open_.back() == '"';
      if (auto bad = in_string ? string_piece() : plain())
        return *std::move(bad);
    }
    if (!open_.empty())
      return fault_at(text_, static_cast<std::uint32_t>(at_),
                      open_.back() == '"'
                        ? "The string is not closed."
                        : std::string{"A bracket '"}
                            + (open_.back() == 's' ? '(' : open_.back())
                            + "' is not closed.");
    add(token_kind::end, at_, "");
    return std::move(tokens_);
  }

private:
  using failure = std::optional<error>;

  void add(token_kind kind, std::size_t place, std::string_view text) {
    tokens_.push_back(
      {kind, static_cast<std::uint32_t>(place), std::string{text}});
  }

  [[nodiscard]] failure bad(std::size_t place, std::string detail) const {
    return fault_at(text_, static_cast<std::uint32_t>(place),
                    std::move(detail));
  }

  failure plain() {
    const char c = text_[at_];
    if (c == ' ' || c == '\n' || c == '\t') {
      ++at_;
      return {};
    }
    if (c == '#') {
      while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r')
        ++at_;
      return {};
    }
    if (c == '"') {
      open_.push_back('"');
      add(token_kind::string_open, at_++, "\"");
      return {};
    }
    if (starts_name(c))
      return name();
    if (c == '@' && at_ + 1 < text_.size() && in_name(text_[at_ + 1]))
      return word(token_kind::format, 1);
    if (c == '.' && at_ + 1 < text_.size() && starts_name(text_[at_ + 1]))
      return word(token_kind::field, 1);
    if (is_number())
      return number();
    if (c == ')' || c == ']' || c == '}')
      return close(c);
    return symbol();
  }

  failure word(token_kind kind, std::size_t skip) {
    const std::size_t from = at_;
    at_ += skip;
    while (at_ < text_.size() && in_name(text_[at_]))
      ++at_;
    add(kind, from, text_.substr(from + skip, at_ - from - skip));
    return {};
  }

  failure name() {
    const std::size_t from = at_;
    while (at_ < text_.size()) {
      if (in_name(text_[at_]))
        ++at_;
      else if (text_.substr(at_).starts_with("::") && at_ + 2 < text_.size()
               && starts_name(text_[at_ + 2]))
        at_ += 2;
      else
        break;
    }
    const auto got = text_.substr(from, at_ - from);
    const bool known = std::ranges::find(keywords, got) != keywords.end();
    add(known ? token_kind::keyword : token_kind::name, from, got);
    return {};
  }

  // "." alone and ".." are symbols; any longer run of digits and dots is an
  // attempt at a number.
  [[nodiscard]] bool is_number() const {
    std::size_t end = at_;
    bool digit = false;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.'))
      digit |= is_digit(text_[end++]);
    return digit || end - at_ > 2;
  }

  failure number() {
    const std::size_t from = at_;
    while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.'))
      ++at_;
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      std::size_t end = at_ + 1;
      if (end < text_.size() && (text_[end] == '+' || text_[end] == '-'))
        ++end;
      if (end < text_.size() && is_digit(text_[end])) {
        at_ = end;
        while (at_ < text_.size() && is_digit(text_[at_]))
          ++at_;
      }
    }
    add(token_kind::number, from, text_.substr(from, at_ - from));
    return {};
  }

  failure close(char c) {
    const char wanted = c == ')' ? '(' : c == ']' ? '[' : '{';
    const bool splice = c == ')' && !open_.empty() && open_.back() == 's';
    if (!splice && (open_.empty() || open_.back() != wanted))
      return bad(at_, std::string{"The bracket '"} + c + "' closes nothing.");
    open_.pop_back();
    add(splice ? token_kind::splice_close : token_kind::symbol, at_,
        text_.substr(at_, 1));
    ++at_;
    return {};
  }

  failure symbol() {
    const auto rest = text_.substr(at_);
    for (const auto& s : symbols)
      if (rest.starts_with(s)) {
        if (s == "(" || s == "[" || s == "{")
          open_.push_back(s[0]);
        add(token_kind::symbol, at_, s);
        at_ += s.size();
        return {};
      }
    return bad(at_, "This character cannot stand here.");
  }

  failure string_piece() {
    const std::size_t from = at_;
    if (text_[at_] == '"') {
      open_.pop_back();
      add(token_kind::string_close, at_++, "\"");
      return {};
    }
    if (text_.substr(at_).starts_with("\\(")) {
      open_.push_back('s');
      add(token_kind::splice_open, at_, "\\(");
      at_ += 2;
      return {};
    }
    std::string got;
    while (at_ < text_.size() && text_[at_] != '"'
           && !text_.substr(at_).starts_with("\\(")) {
      if (text_[at_] != '\\')
        got.push_back(text_[at_++]);
      else if (!append_escape(got, text_, at_))
        return bad(at_, "This is no valid escape in a string.");
    }
    add(token_kind::string_text, from, repair_utf8(got));
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<token> tokens_;
  std::string open_; // Brackets not closed yet; '"' and 's' for strings.
};

} // namespace

result<std::vector<token>> scan(std::string_view text) {
  return scanner{text}.run();
}

error fault_at(std::string_view text, std::uint32_t place, std::string detail) {
  const auto before = text.substr(0, place);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto start = before.rfind('\n');
  const auto column
    = start == std::string_view::npos ? place + 1 : place - start;
  fault one{.pointer = "",
            .line = static_cast<std::uint32_t>(line),
            .column = static_cast<std::uint32_t>(column),
            .detail = detail};
  return {errc::invalid_definition, std::move(detail), {std::move(one)}};
}

} // namespace pawl::expression
