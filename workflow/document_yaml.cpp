#include "workflow/document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>

namespace pawl {

namespace {

/// Thrown through yaml-cpp to stop it: its parser has no other way to end.
struct refusal {
  place at;
  std::string pointer;
  std::string detail;
};

place place_of(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1),
          static_cast<std::uint32_t>(mark.column + 1)};
}

/// Stands for a `?` of a text: a byte that is in no UTF-8.
constexpr char question = '\xFA';

/// yaml-cpp ends a plain text within {} or [] at every `?`. Only one that
/// stands alone means something to YAML, so those that touch a word are hidden
/// from it. Wherever they stand, in quotes or comments too, they come back as
/// they were.
std::string with_questions_hidden(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto is_one_of = [&](std::string_view set, std::size_t at) {
    return at < text.size() && set.find(text[at]) != std::string_view::npos;
  };
  std::string out{text};
  for (auto at = text.find('?'); at != std::string_view::npos;
       at = text.find('?', at + 1)) {
    const bool begins
      = at == 0 || is_one_of(blank, at - 1) || is_one_of("[{,", at - 1);
    const bool ends = at + 1 == text.size() || is_one_of(blank, at + 1)
                      || is_one_of(",[]{}", at + 1);
    if (!begins || !ends)
      out[at] = question;
  }
  return out;
}

/// What yaml-cpp read, as it was: hidden question marks are shown, and the
/// escapes \N and \_ are made whole, which it reads as one byte that is no
/// character of UTF-8.
std::string as_written(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  int tails = 0; // Of the character under way.
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (tails > 0)
      --tails;
    else if (c == question) {
      out += '?';
      continue;
    } else if (byte == 0x85 || byte == 0xA0)
      out += '\xC2';
    else if (byte >= 0xC0)
      tails = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    out += c;
  }
  return out;
}

/// A value and where it stands, with what an alias to it will cost.
struct located {
  json::value value;
  place_tree places;
  std::size_t nodes = 1;
  std::size_t bytes = 0;
  std::size_t levels = 0; ///< 0 for a scalar.
};

/// A mapping or sequence that is being read.
struct open_node {
  located node;
  YAML::anchor_t anchor = 0;
  std::optional<std::string> key; ///< The key that waits for its value.
  place key_at;
};

/// Builds JSON from the parser's events, so that depth, size and duplicates are
/// checked before memory is spent on them.
class yaml_builder final : public YAML::EventHandler {
public:
  located take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key())
      refuse(mark, "a key must be text; put it in quotes");
    scalar(mark, anchor, nullptr);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& scanned) override {
    const auto text = as_written(scanned);
    if (expects_key()) {
      if (tag == "?" && text == "<<")
        refuse(mark, "merge keys (<<) belong to YAML 1.1 and are not "
                     "supported; write the members out, or use an alias for "
                     "the whole value");
      if (anchor != 0)
        remember(anchor, scalar_node(mark, json::value(text)));
      open_key(mark, text);
      return;
    }
    scalar(mark, anchor, resolve(mark, tag, text));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      refuse(mark, "an alias cannot stand within its own anchor");
    auto copy = known->second;
    if (expects_key()) {
      const auto* text = copy.value.if_string();
      if (text == nullptr)
        refuse(mark, "a key must be text; this alias is not");
      open_key(mark, {text->data(), text->size()});
      return;
    }
    if (stack_.size() + copy.levels > document_limits::levels)
      refuse(mark, "the document has more than 64 levels");
    charge(mark, copy.nodes, copy.bytes);
    copy.places.at = place_of(mark);
    place_value(std::move(copy));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, "tag:yaml.org,2002:seq", json::array{});
    stack_.back().anchor = anchor;
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, "tag:yaml.org,2002:map", json::object{});
    stack_.back().anchor = anchor;
  }
  void OnMapEnd() override { close(); }

private:
  [[nodiscard]] bool expects_key() const {
    return !stack_.empty() && stack_.back().node.value.is_object()
           && !stack_.back().key;
  }

  /// The pointer of the value that comes next.
  [[nodiscard]] std::string pointer() const {
    std::string out;
    for (const auto& open : stack_) {
      if (const auto* list = open.node.value.if_array())
        out += '/' + std::to_string(list->size());
      else if (open.key)
        out = pointer_join(out, *open.key);
    }
    return out;
  }

  [[noreturn]] void refuse(const YAML::Mark& mark, std::string detail) const {
    throw refusal{place_of(mark), pointer(), std::move(detail)};
  }

  void charge(const YAML::Mark& mark, std::size_t nodes, std::size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > document_limits::nodes)
      refuse(mark, "the document has more than 100,000 values once its "
                   "aliases are expanded");
    if (bytes_ > document_limits::expanded_bytes)
      refuse(mark, "the document is larger than 8 MiB once its aliases are "
                   "expanded");
  }

  [[nodiscard]] json::value resolve(const YAML::Mark& mark,
                                    const std::string& tag,
                                    const std::string& text) const {
    if (tag == "!" || tag == "tag:yaml.org,2002:str")
      return json::value(text);
    const std::string_view core = "tag:yaml.org,2002:";
    const auto kind = tag == "?" ? std::string_view{"?"}
                      : tag.starts_with(core)
                        ? std::string_view{tag}.substr(core.size())
                        : std::string_view{};
    if (kind != "?" && kind != "int" && kind != "float" && kind != "bool"
        && kind != "null")
      refuse(mark, "the tag '" + as_written(tag.substr(0, 100))
                     + "' is not supported");
    auto value = detail::resolve_scalar(text);
    if (!value)
      refuse(mark, value.error().detail);
    const bool fits
      = kind == "?"
        || (kind == "int" && value->is_number() && !value->is_double())
        || (kind == "float" && value->is_number())
        || (kind == "bool" && value->is_bool())
        || (kind == "null" && value->is_null());
    if (!fits)
      refuse(mark, "the value does not fit its tag");
    return std::move(*value);
  }

  static located scalar_node(const YAML::Mark& mark, json::value value) {
    located out;
    const auto* text = value.if_string();
    out.bytes = text != nullptr ? text->size() : 0;
    out.value = std::move(value);
    out.places.at = place_of(mark);
    return out;
  }

  void scalar(const YAML::Mark& mark, YAML::anchor_t anchor,
              json::value value) {
    auto node = scalar_node(mark, std::move(value));
    charge(mark, 1, node.bytes);
    if (anchor != 0)
      remember(anchor, node);
    place_value(std::move(node));
  }

  void open_key(const YAML::Mark& mark, const std::string& text) {
    auto& top = stack_.back();
    if (text.size() > document_limits::key_bytes)
      refuse(mark, "a key has at most 1,024 bytes");
    charge(mark, 0, text.size());
    top.key = text;
    top.key_at = place_of(mark);
    if (top.node.value.get_object().contains(text))
      refuse(mark, "the key '" + text.substr(0, 100)
                     + "' stands here for the second time");
  }

  void open(const YAML::Mark& mark, const std::string& tag,
            std::string_view core_tag, json::value empty) {
    if (expects_key())
      refuse(mark, "a key must be text, not a list or a mapping");
    if (stack_.size() >= document_limits::levels)
      refuse(mark, "the document has more than 64 levels");
    if (!tag.empty() && tag != "?" && tag != "!" && tag != core_tag)
      refuse(mark, "the tag '" + as_written(tag.substr(0, 100))
                     + "' is not supported");
    charge(mark, 1, 0);
    open_node node;
    node.node.value = std::move(empty);
    node.node.places.at = place_of(mark);
    stack_.push_back(std::move(node));
  }

  void close() {
    auto done = std::move(stack_.back());
    stack_.pop_back();
    ++done.node.levels;
    if (done.anchor != 0) {
      // The copy is charged as an alias is: nested anchors would otherwise
      // multiply what is kept.
      nodes_ += done.node.nodes;
      bytes_ += done.node.bytes;
      remember(done.anchor, done.node);
    }
    place_value(std::move(done.node));
  }

  void remember(YAML::anchor_t anchor, located node) {
    anchors_.insert_or_assign(anchor, std::move(node));
  }

  void place_value(located node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& top = stack_.back();
    top.node.nodes += node.nodes;
    top.node.bytes += node.bytes;
    top.node.levels = std::max(top.node.levels, node.levels);
    if (auto* list = top.node.value.if_array()) {
      list->push_back(std::move(node.value));
    } else {
      node.places.key = top.key_at;
      top.node.value.get_object().emplace(*top.key, std::move(node.value));
      top.key.reset();
    }
    top.node.places.children.push_back(std::move(node.places));
  }

  located root_;
  std::vector<open_node> stack_;
  std::map<YAML::anchor_t, located> anchors_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

/// Whether a `?` stands in `text` at `at`.
bool is_question(std::string_view text, place at) {
  for (; at.line > 1; --at.line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return at.column <= text.size() && text[at.column - 1] == '?';
}

/// Whether brackets nest so deep that yaml-cpp's scanner, which looks ahead
/// without bound, would spend its time and memory on them. Brackets within
/// texts count too: a thousand that never close do not come by chance.
bool nests_absurdly(std::string_view text) {
  constexpr std::size_t open_max = 1000;
  std::size_t open = 0;
  for (const char c : text) {
    if ((c == '[' || c == '{') && ++open > open_max)
      return true;
    if ((c == ']' || c == '}') && open > 0)
      --open;
  }
  return false;
}

} // namespace

result<document> detail::read_yaml(std::string_view text) {
  if (nests_absurdly(text))
    return unreadable(text, {1, 1}, "", "the document has more than 64 levels");
  std::istringstream in{with_questions_hidden(text)};
  yaml_builder builder;
  try {
    YAML::Parser parser{in};
    if (!parser.HandleNextDocument(builder))
      return unreadable(text, {1, 1}, "", "the document is empty");
    auto root = builder.take();
    yaml_builder second;
    if (parser.HandleNextDocument(second))
      return unreadable(text, second.take().places.at, "",
                        "a second YAML document stands here; give one alone");
    return document{std::move(root.value), std::move(root.places),
                    std::string{text}};
  } catch (const refusal& why) {
    return unreadable(text, why.at, why.pointer, why.detail);
  } catch (const YAML::Exception& why) {
    const auto at = why.mark.is_null() ? place{1, 1} : place_of(why.mark);
    if (is_question(text, at))
      return unreadable(text, at, "",
                        "a '?' that stands alone begins a key in YAML, and no "
                        "key can begin here; if it belongs to a text, put the "
                        "text in quotes");
    return unreadable(text, at, "",
                      "the YAML does not parse: " + as_written(why.msg));
  }
}

} // namespace pawl
