#include "workflow/near_miss.hpp"
#include "workflow/openapi/contract.hpp"

#include <optional>
#include <utility>

namespace pawl::openapi {

namespace {

template <class T, std::size_t N>
std::optional<T> find_word(const std::pair<std::string_view, T> (&words)[N],
                           std::string_view word) {
  for (const auto& [text, meaning] : words)
    if (text == word)
      return meaning;
  return std::nullopt;
}

constexpr std::pair<std::string_view, location> locations[] = {
  {"path", location::path},     {"query", location::query},
  {"header", location::header}, {"cookie", location::cookie},
  {"formData", location::form},
};

constexpr std::pair<std::string_view, style> styles[] = {
  {"simple", style::simple},          {"label", style::label},
  {"matrix", style::matrix},          {"form", style::form},
  {"spaceDelimited", style::space},   {"pipeDelimited", style::pipe},
  {"deepObject", style::deep_object},
};

bool fits(style how, location in) {
  switch (in) {
  case location::path:
    return how == style::simple || how == style::label || how == style::matrix;
  case location::header:
    return how == style::simple;
  case location::cookie:
    return how == style::form;
  default:
    return how == style::form || how == style::space || how == style::pipe
           || how == style::deep_object;
  }
}

bool in_the_path(location in) {
  return in == location::path || in == location::header;
}

/// Swagger 2.0: `collectionFormat`.
result<parameter> read_collection(parameter out, const json::object& from) {
  const auto format = text_in(from, "collectionFormat");
  out.how = in_the_path(out.in) ? style::simple : style::form;
  if (format.empty() || format == "csv")
    return out;
  constexpr std::pair<std::string_view, style> formats[]
    = {{"ssv", style::space}, {"tsv", style::tab}, {"pipes", style::pipe}};
  if (format == "multi" && !in_the_path(out.in)) {
    out.explode = true;
    return out;
  }
  if (const auto how = find_word(formats, format)) {
    out.how = *how;
    return out;
  }
  return broken("the parameter " + quoted(out.name) + " has the "
                + "collectionFormat " + quoted(format)
                + ", which is not one for its place");
}

/// OpenAPI 3: `style`, `explode`, `content`.
result<parameter> read_style(parameter out, const json::object& from) {
  const auto named = text_in(from, "style");
  out.how = in_the_path(out.in) ? style::simple : style::form;
  if (!named.empty()) {
    const auto how = find_word(styles, named);
    if (!how || !fits(*how, out.in))
      return broken("the parameter " + quoted(out.name) + " has the style "
                    + quoted(named) + ", which is not one for its place");
    out.how = *how;
  }
  out.explode = flag_in(from, "explode", out.how == style::form);
  out.allow_reserved = flag_in(from, "allowReserved");
  if (const auto* content = object_in(from, "content");
      content != nullptr && !content->empty())
    out.media_type = content->begin()->key();
  return out;
}

} // namespace

result<parameter> read_parameter(const json::object& from, bool swagger) {
  parameter out;
  out.name = text_in(from, "name");
  const auto in = find_word(locations, text_in(from, "in"));
  if (out.name.empty() || !in)
    return broken("the OpenAPI document has a parameter " + quoted(out.name)
                  + " in " + quoted(text_in(from, "in"))
                  + ", which is no place for one");
  if ((*in == location::form && !swagger)
      || (*in == location::cookie && swagger))
    return broken("the parameter " + quoted(out.name) + " is in "
                  + quoted(text_in(from, "in"))
                  + ", which this version of OpenAPI does not have");
  out.in = *in;
  out.required = flag_in(from, "required") || out.in == location::path;
  out.file = text_in(from, "type") == "file";
  return swagger ? read_collection(std::move(out), from)
                 : read_style(std::move(out), from);
}

} // namespace pawl::openapi
