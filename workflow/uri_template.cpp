#include "workflow/uri_template.hpp"

#include "workflow/uri.hpp"

#include <functional>

namespace pawl {

namespace {

constexpr std::size_t size_max = std::size_t{64} * 1024;

/// Says what is wrong with the name of a variable, or nothing.
std::string_view name_fault(std::string_view name) {
  if (name.empty())
    return "a variable has no name";
  if (std::string_view{"+#./;?&=,!@|"}.find(name.front())
      != std::string_view::npos)
    return "only simple expansion is supported, no operator";
  if (name.back() == '*' || name.find(':') != std::string_view::npos)
    return "only simple expansion is supported, no modifier";
  if (name.find_first_of(" \t\r\n\"'<>\\^`") != std::string_view::npos)
    return "a variable's name holds a character that a template cannot hold";
  return {};
}

/// What a template is made of, in order.
struct parts {
  std::function<result<>(std::string_view)> literal;
  std::function<result<>(std::string_view name, bool first)> variable;
};

result<> visit_names(std::string_view names, const parts& on) {
  for (bool first = true;; first = false) {
    const auto comma = names.find(',');
    const auto name = names.substr(0, comma);
    if (const auto why = name_fault(name); !why.empty())
      return error{errc::malformed, "the URI template is broken at '{"
                                      + std::string{names.substr(0, 64)}
                                      + "': " + std::string{why}};
    if (auto done = on.variable(name, first); !done)
      return done;
    if (comma == std::string_view::npos)
      return {};
    names.remove_prefix(comma + 1);
  }
}

result<> visit_template(std::string_view text, const parts& on) {
  while (!text.empty()) {
    const auto brace = text.find_first_of("{}");
    if (auto done = on.literal(text.substr(0, brace)); !done)
      return done;
    if (brace == std::string_view::npos)
      return {};
    const auto end = text.find_first_of("{}", brace + 1);
    if (text[brace] == '}' || end == std::string_view::npos || text[end] == '{')
      return error{errc::malformed,
                   "the URI template is broken: its braces do not pair"};
    if (auto done = visit_names(text.substr(brace + 1, end - brace - 1), on);
        !done)
      return done;
    text.remove_prefix(end + 1);
  }
  return {};
}

/// The text that `value` of the variable `name` expands to, not yet encoded.
result<std::string> text_of(const json::value& value, std::string_view name) {
  if (const auto* text = value.if_string())
    return std::string{text->data(), text->size()};
  if (value.is_structured())
    return error{errc::invalid_input,
                 "the URI template's variable '"
                   + std::string{name.substr(0, 64)}
                   + "' must be text, a number, a boolean or null"};
  return to_text(value);
}

} // namespace

result<> check_uri_template(std::string_view text) {
  return visit_template(text,
                        {[](std::string_view) { return result<>{}; },
                         [](std::string_view, bool) { return result<>{}; }});
}

result<std::string> expand_uri_template(std::string_view text,
                                        const json::value& data) {
  std::string out;
  const auto bounded = [&out] {
    return out.size() <= size_max
             ? result<>{}
             : error{errc::too_large, "the URI is longer than 64 KiB"};
  };
  bool any = false; // Whether this expression has given text, for commas.
  const parts on{
    [&](std::string_view literal) {
      out += literal;
      return bounded();
    },
    [&](std::string_view name, bool first) -> result<> {
      const auto* members = data.if_object();
      const auto* value
        = members != nullptr ? members->if_contains(name) : nullptr;
      any = any && !first;
      if (value == nullptr || value->is_null())
        return {};
      auto expanded = text_of(*value, name);
      if (!expanded)
        return expanded.error();
      if (expanded->size() > size_max)
        return error{errc::too_large, "the URI is longer than 64 KiB"};
      if (any)
        out += ',';
      any = true;
      append_encoded(out, *expanded);
      return bounded();
    }};
  if (auto done = visit_template(text, on); !done)
    return done.error();
  return out;
}

} // namespace pawl
