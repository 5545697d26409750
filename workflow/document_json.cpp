#include "workflow/document.hpp"

#include <cassert>

namespace pawl {

namespace {

/// Finds where each value of a JSON text stands. The text has been parsed
/// already, so it is known to be well-formed and at most 64 levels deep.
class place_scanner {
public:
  explicit place_scanner(std::string_view text) : text_{text} {}

  place_tree scan() {
    skip_space();
    place_tree out;
    out.at = here();
    switch (text_[at_]) {
    case '{':
    case '[':
      scan_children(out);
      break;
    case '"':
      skip_string();
      break;
    default: // A number or a word ends where structure or space begins.
      while (at_ < text_.size()
             && std::string_view{",]} \t\r\n"}.find(text_[at_])
                  == std::string_view::npos)
        ++at_;
    }
    return out;
  }

private:
  [[nodiscard]] place here() const {
    return {line_, static_cast<std::uint32_t>(at_ - line_start_ + 1)};
  }

  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (text_[at_] != ' ' && text_[at_] != '\t'
                 && text_[at_] != '\r') {
        return;
      }
    }
  }

  void skip_string() {
    for (++at_; text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\')
        ++at_;
    ++at_;
  }

  void scan_children(place_tree& out) {
    const bool is_object = text_[at_] == '{';
    ++at_;
    skip_space();
    while (text_[at_] != '}' && text_[at_] != ']') {
      const auto key = here();
      if (is_object) {
        skip_string();
        skip_space();
        assert(text_[at_] == ':');
        ++at_;
      }
      out.children.push_back(scan());
      if (is_object)
        out.children.back().key = key;
      skip_space();
      if (text_[at_] == ',')
        ++at_;
      skip_space();
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
};

/// How many values there are in `tree`.
std::size_t count_nodes(const place_tree& tree) {
  std::size_t n = 1;
  for (const auto& child : tree.children)
    n += count_nodes(child);
  return n;
}

/// The place of a key in `value` that is too long, or nothing.
const place_tree* long_key(const json::value& value, const place_tree& at) {
  const auto child = [&at](std::size_t i) { return &at.children[i]; };
  if (const auto* list = value.if_array())
    for (std::size_t i = 0; i < list->size(); ++i)
      if (const auto* found = long_key((*list)[i], *child(i)))
        return found;
  if (const auto* object = value.if_object())
    for (std::size_t i = 0; i < object->size(); ++i) {
      const auto& member = *(object->begin() + i);
      if (member.key().size() > document_limits::key_bytes)
        return child(i);
      if (const auto* found = long_key(member.value(), *child(i)))
        return found;
    }
  return nullptr;
}

} // namespace

result<document> detail::read_json(std::string_view text) {
  auto value = parse_json(text, document_limits::levels);
  if (!value)
    return value.error();
  document out{std::move(*value), place_scanner{text}.scan(),
               std::string{text}};
  if (count_nodes(out.places) > document_limits::nodes)
    return unreadable(text, {1, 1}, "",
                      "the document has more than 100,000 values");
  if (const auto* at = long_key(out.value, out.places))
    return unreadable(text, at->key, "", "a key has at most 1,024 bytes");
  return out;
}

} // namespace pawl
