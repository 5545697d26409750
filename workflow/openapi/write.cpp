#include "workflow/openapi/write.hpp"

#include "workflow/near_miss.hpp"
#include "workflow/uri.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cctype>

namespace pawl::openapi {

namespace {

constexpr std::string_view reserved = ":/?#[]@!$&'()*+,;=";
/// In a query or a form these would end the value or mean something else.
constexpr std::string_view reserved_in_query = ":/?[]@!$'()*,;";
constexpr int depth_max = 16;

enum class coding : std::uint8_t { none, uri, query_reserved, path_reserved };

std::string encoded(std::string_view text, coding how) {
  if (how == coding::none)
    return std::string{text};
  std::string out;
  append_encoded(out, text,
                 how == coding::query_reserved  ? reserved_in_query
                 : how == coding::path_reserved ? reserved
                                                : std::string_view{});
  return out;
}

bool flat(const json::value& value) {
  const auto plain
    = [](const json::value& inner) { return !inner.is_structured(); };
  if (const auto* list = value.if_array())
    return std::ranges::all_of(*list, plain);
  if (const auto* members = value.if_object())
    return std::ranges::all_of(*members,
                               [&](const auto& m) { return plain(m.value()); });
  return true;
}

/// The texts of a list, or the names and values of an object in turn; with
/// `paired`, the members as "name=value".
std::vector<std::string> texts_of(const json::value& value, bool paired,
                                  coding how) {
  std::vector<std::string> out;
  if (const auto* list = value.if_array()) {
    for (const auto& item : *list)
      out.push_back(encoded(plain_text(item), how));
  } else if (const auto* members = value.if_object()) {
    for (const auto& [name, inner] : *members) {
      auto text = encoded(plain_text(inner), how);
      if (paired) {
        out.push_back(encoded(name, how) + '=' + text);
      } else {
        out.push_back(encoded(name, how));
        out.push_back(std::move(text));
      }
    }
  } else {
    out.push_back(encoded(plain_text(value), how));
  }
  return out;
}

std::string join(const std::vector<std::string>& parts,
                 std::string_view between) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0)
      out += between;
    out += parts[i];
  }
  return out;
}

/// RFC 9110: what the name of a header consists of.
bool is_token(unsigned char c) {
  return std::isalnum(c) != 0
         || std::string_view{"!#$%&'*+-.^_`|~"}.find(static_cast<char>(c))
              != std::string_view::npos;
}

/// What stands between values; encoded where it must be.
std::string_view separator(style how, coding code) {
  const bool raw = code == coding::none;
  switch (how) {
  case style::space:
    return raw ? " " : "%20";
  case style::pipe:
    return raw ? "|" : "%7C";
  case style::tab:
    return raw ? "\t" : "%09";
  default:
    return ",";
  }
}

std::string matrix_text(const parameter& rule, const json::value& value,
                        coding how) {
  const auto name = ';' + encoded(rule.name, coding::uri);
  if (!rule.explode || !value.is_structured()) {
    const auto text = join(texts_of(value, false, how), ",");
    return text.empty() ? name : name + '=' + text;
  }
  std::string out;
  for (const auto& text : texts_of(value, true, how))
    out += value.is_array() ? name + '=' + text : ';' + text;
  return out;
}

result<> append_deep(const std::string& name, const json::value& value,
                     coding how, int depth, pairs& out) {
  if (depth > depth_max)
    return error{errc::invalid_input, "a parameter of the style deepObject has "
                                      "more than 16 levels"};
  if (const auto* members = value.if_object()) {
    for (const auto& [key, inner] : *members)
      if (auto done
          = append_deep(name + "%5B" + encoded(key, coding::uri) + "%5D", inner,
                        how, depth + 1, out);
          !done)
        return done;
    return {};
  }
  if (const auto* list = value.if_array()) {
    for (const auto& inner : *list)
      if (auto done = append_deep(name, inner, how, depth + 1, out); !done)
        return done;
    return {};
  }
  if (!value.is_null())
    out.emplace_back(name, encoded(plain_text(value), how));
  return {};
}

} // namespace

error misfit(const parameter& rule, std::string_view why) {
  return {errc::invalid_input,
          "the parameter " + quoted(rule.name) + ' ' + std::string{why}};
}

std::string plain_text(const json::value& value) {
  const auto* text = value.if_string();
  return text == nullptr ? to_text(value)
                         : std::string{text->data(), text->size()};
}

std::string bare_type(std::string_view media_type) {
  std::string out{media_type.substr(0, media_type.find(';'))};
  std::erase(out, ' ');
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return out;
}

bool is_json(std::string_view bare_type) {
  return bare_type.ends_with("/json") || bare_type.ends_with("+json");
}

result<std::string> path_text(const parameter& rule, const json::value& value) {
  const auto how = rule.allow_reserved ? coding::path_reserved : coding::uri;
  if (!rule.media_type.empty())
    return encoded(plain_text(value), how);
  if (!flat(value))
    return misfit(rule, "has a value in a value, which no path can hold");
  if (rule.how == style::matrix)
    return matrix_text(rule, value, how);
  const auto texts = texts_of(value, rule.explode, how);
  if (rule.how == style::label)
    return '.' + join(texts, rule.explode ? "." : ",");
  auto out = join(texts, separator(rule.how, how));
  // An empty segment would be another path.
  if (out.empty())
    return misfit(rule, "is empty, which a path cannot hold");
  if (out == "." || out == "..")
    return misfit(rule, "is a step of a path rather than a value");
  return out;
}

result<std::string> header_text(const parameter& rule,
                                const json::value& value) {
  if (!std::ranges::all_of(rule.name, is_token))
    return broken("the header " + quoted(rule.name)
                  + " has a name that no header can have");
  std::string out;
  if (!rule.media_type.empty()) {
    out = plain_text(value);
  } else if (!flat(value)) {
    return misfit(rule, "has a value in a value, which no header can hold");
  } else {
    out = join(texts_of(value, rule.explode, coding::none),
               separator(rule.how, coding::none));
  }
  if (std::ranges::any_of(out, [](unsigned char c) {
        return (c < 0x20 && c != '\t') || c == 0x7f;
      }))
    return misfit(rule, "holds a character that no header can hold");
  return out;
}

result<> append_pairs(const parameter& rule, const json::value& value,
                      pairs& out) {
  const auto how = rule.allow_reserved ? coding::query_reserved : coding::uri;
  const auto name = encoded(rule.name, coding::uri);
  if (!rule.media_type.empty()) {
    out.emplace_back(name, encoded(plain_text(value), how));
    return {};
  }
  if (rule.how == style::deep_object)
    return append_deep(name, value, how, 0, out);
  if (!flat(value))
    return misfit(rule, "has a value in a value, which only the style "
                        "deepObject can hold");
  if (!rule.explode || !value.is_structured()) {
    out.emplace_back(
      name, join(texts_of(value, false, how), separator(rule.how, how)));
    return {};
  }
  if (const auto* members = value.if_object())
    for (const auto& [key, inner] : *members)
      out.emplace_back(encoded(key, coding::uri),
                       encoded(plain_text(inner), how));
  else
    for (const auto& item : value.get_array())
      out.emplace_back(name, encoded(plain_text(item), how));
  return {};
}

std::string joined(const pairs& all, std::string_view between) {
  std::string out;
  for (const auto& [name, value] : all) {
    if (!out.empty())
      out += between;
    out += name + '=' + value;
  }
  return out;
}

} // namespace pawl::openapi
