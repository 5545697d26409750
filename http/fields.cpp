#include "http/fields.hpp"

#include <algorithm>
#include <charconv>

namespace pawl::http {

namespace {

error bad_field(std::string_view name, std::string_view why) {
  return {errc::malformed,
          "The field " + std::string{name} + " " + std::string{why}};
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || stop != end || text.empty())
    return std::nullopt;
  return value;
}

// Cuts the next element off a list; quoted commas do not occur in what we read.
std::string_view next_element(std::string_view& rest, char mark) {
  const auto end = std::min(rest.find(mark), rest.size());
  const auto element = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return element;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return text.substr(1, text.size() - 2);
  return text;
}

// Cuts an entity tag off the front of `rest`: [W/] "etagc*" (RFC 9110 8.8.3).
// A comma may stand within the quotes.
struct entity_tag {
  bool weak = false;
  std::string_view opaque;
};
std::optional<entity_tag> take_tag(std::string_view& rest) {
  entity_tag tag;
  tag.weak = rest.starts_with("W/");
  if (tag.weak)
    rest.remove_prefix(2);
  if (!rest.starts_with('"'))
    return std::nullopt;
  const auto end = rest.find('"', 1);
  if (end == std::string_view::npos)
    return std::nullopt;
  tag.opaque = rest.substr(1, end - 1);
  rest = trimmed(rest.substr(end + 1));
  const bool legal
    = std::all_of(tag.opaque.begin(), tag.opaque.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
      });
  return legal ? std::optional{tag} : std::nullopt;
}

// The tags of all fields of that name, which make one list (RFC 9110 5.3).
result<std::optional<actors::tags>>
tags_in(const request& from, std::string_view name, bool weak_match) {
  const auto bad = [&] {
    return bad_field(name, "must be `*` or a list of quoted tags as in "
                           "ETag: \"42\", \"43\".");
  };
  actors::tags out;
  std::size_t fields = 0;
  std::size_t tags = 0;
  for (const auto& f : from.fields) {
    if (!same_word(f.name, name))
      continue;
    ++fields;
    auto rest = trimmed(f.value);
    if (rest == "*") {
      out.any = true;
      continue;
    }
    while (!rest.empty()) {
      if (rest.front() == ',') { // An empty element is to be ignored.
        rest = trimmed(rest.substr(1));
        continue;
      }
      const auto tag = take_tag(rest);
      if (!tag || (!rest.empty() && rest.front() != ','))
        return bad();
      ++tags;
      const auto number = whole_number<sequence>(tag->opaque);
      if (number && (weak_match || !tag->weak))
        out.listed.push_back(*number);
    }
  }
  if (fields == 0)
    return std::optional<actors::tags>{};
  if (out.any ? fields > 1 : tags == 0)
    return bad();
  return std::optional{std::move(out)};
}

// The quality that an element of Accept gives: "text/yaml;q=0.5" is 0.5.
double quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto parameter = next_element(parameters, ';');
    if (!starts_with_word(parameter, "q="))
      continue;
    double q = 0;
    const auto text = parameter.substr(2);
    std::from_chars(text.data(), text.data() + text.size(), q);
    return q;
  }
  return 1;
}

} // namespace

result<std::optional<std::chrono::seconds>> prefer_wait(const request& from) {
  for (const auto& f : from.fields) {
    if (!same_word(f.name, "Prefer"))
      continue;
    auto rest = f.value;
    while (!rest.empty()) {
      auto element = next_element(rest, ',');
      element = trimmed(element.substr(0, element.find(';')));
      const auto equals = element.find('=');
      if (!same_word(trimmed(element.substr(0, equals)), "wait"))
        continue;
      const auto value = equals == std::string_view::npos
                           ? std::string_view{}
                           : unquoted(trimmed(element.substr(equals + 1)));
      const auto seconds = whole_number<std::uint32_t>(value);
      if (!seconds)
        return bad_field("Prefer", "needs whole seconds after `wait=`.");
      return std::optional{std::chrono::seconds{*seconds}};
    }
  }
  return std::optional<std::chrono::seconds>{};
}

result<sequence> parse_sequence(std::string_view text) {
  if (const auto number = whole_number<sequence>(text))
    return *number;
  return error{errc::malformed, "A sequence is a whole number from 0."};
}

result<std::optional<actors::tags>> if_match(const request& from) {
  auto found = tags_in(from, "If-Match", false);
  if (found && *found && (*found)->any)
    return std::optional<actors::tags>{};
  return found;
}

result<std::optional<actors::tags>> if_none_match(const request& from) {
  return tags_in(from, "If-None-Match", true);
}

result<std::optional<std::string_view>> idempotency_key(const request& from) {
  if (from.count("Idempotency-Key") == 0)
    return std::optional<std::string_view>{};
  if (from.count("Idempotency-Key") > 1)
    return bad_field("Idempotency-Key", "may stand only once.");
  const auto key = trimmed(from["Idempotency-Key"]);
  const bool printable = std::all_of(
    key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (key.empty() || key.size() > 255 || !printable)
    return bad_field("Idempotency-Key",
                     "must be 1 to 255 printable ASCII characters.");
  return std::optional{key};
}

std::string_view media_type(std::string_view value) {
  return trimmed(value.substr(0, value.find(';')));
}

bool is_json_type(std::string_view type) {
  return same_word(type, "application/json")
         || (type.size() > 5 && same_word(type.substr(type.size() - 5), "+json")
             && starts_with_word(type, "application/"));
}

bool is_yaml_type(std::string_view type) {
  return same_word(type, "application/yaml") || same_word(type, "text/yaml")
         || same_word(type, "application/x-yaml")
         || same_word(type, "text/x-yaml");
}

bool prefers_yaml(std::string_view accept) {
  double yaml = 0;
  double json = 0;
  while (!accept.empty()) {
    auto element = next_element(accept, ',');
    const auto type = media_type(element);
    element.remove_prefix(std::min(element.find(';'), element.size()));
    if (is_yaml_type(type))
      yaml = std::max(yaml, quality(element));
    else if (is_json_type(type))
      json = std::max(json, quality(element));
  }
  return yaml > json;
}

} // namespace pawl::http
