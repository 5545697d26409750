#include "workflow/parse/context.hpp"
#include "workflow/uri_template.hpp"

#include <algorithm>

namespace pawl::parsing {

namespace {

/// What is wrong with `text` as a URI or a template of one, or nothing.
std::string uri_fault(std::string_view text) {
  if (text.empty())
    return "a URI cannot be empty";
  if (text.find_first_of(" \t\r\n\v\f") != std::string_view::npos)
    return "a URI cannot hold spaces";
  if (const auto checked = check_uri_template(text); !checked)
    return checked.error().detail;
  return {};
}

/// Whether `where` is wholly one expression in `${ }`.
bool is_braced(const cursor& where) {
  return expression::strip_braces(where.text()).data() != nullptr;
}

} // namespace

bool is_literal(const cursor& where) {
  return where.value != nullptr && where.value->is_string()
         && !is_braced(where);
}

std::optional<std::string> read_text(context& c, const cursor& where,
                                     bool may_be_empty) {
  if (where.value == nullptr)
    return std::nullopt;
  const auto text = where.text();
  if (text.data() == nullptr) {
    const bool scalar = !where.value->is_structured();
    c.faults.invalid(where, scalar ? "text is needed; put it in quotes"
                                   : "text is needed");
    return std::nullopt;
  }
  if (text.empty() && !may_be_empty) {
    c.faults.invalid(where, "the text is empty");
    return std::nullopt;
  }
  return std::string{text};
}

bool read_bool(context& c, const cursor& where, bool fallback) {
  if (where.value == nullptr)
    return fallback;
  if (const auto* found = where.value->if_bool())
    return *found;
  c.faults.invalid(where, "true or false is needed");
  return fallback;
}

std::optional<std::int64_t> read_integer(context& c, const cursor& where,
                                         std::int64_t least) {
  if (where.value == nullptr)
    return std::nullopt;
  std::optional<std::int64_t> n;
  if (const auto* whole = where.value->if_int64())
    n = *whole;
  // As JSON Schema has it, 3.0 is an integer.
  if (const auto* real = where.value->if_double();
      real != nullptr && *real >= -1e15 && *real <= 1e15
      && *real == static_cast<double>(static_cast<std::int64_t>(*real)))
    n = static_cast<std::int64_t>(*real);
  if (!n) {
    c.faults.invalid(where, "a whole number is needed");
    return std::nullopt;
  }
  if (*n < least) {
    c.faults.invalid(where, "it must be at least " + std::to_string(least));
    return std::nullopt;
  }
  return n;
}

std::optional<std::size_t>
read_choice(context& c, const cursor& where,
            std::span<const std::string_view> names) {
  if (where.value == nullptr)
    return std::nullopt;
  const auto text = where.text();
  const auto found = std::find(names.begin(), names.end(), text);
  if (text.data() != nullptr && found != names.end())
    return static_cast<std::size_t>(found - names.begin());
  c.faults.invalid(where, (text.data() != nullptr ? quoted(text) : "this value")
                            + " is not one of " + listed(names) + "."
                            + did_you_mean(text, names));
  return std::nullopt;
}

std::optional<dynamic_value>
read_text_or_expression(context& c, const cursor& where, site at) {
  if (where.value == nullptr)
    return std::nullopt;
  if (where.value->is_string())
    return read_dynamic(c, where, at);
  c.faults.invalid(where, "text, or an expression in ${ }, is needed");
  return std::nullopt;
}

std::optional<duration_rule> read_duration(context& c, const cursor& where,
                                           site at) {
  if (where.value == nullptr)
    return std::nullopt;
  if (is_braced(where))
    return read_dynamic(c, where, at);
  auto length = parse_duration(*where.value);
  if (length)
    return *length;
  c.faults.invalid(where, length.error().detail);
  return std::nullopt;
}

std::optional<dynamic_value> read_uri(context& c, const cursor& where,
                                      site at) {
  if (where.value == nullptr)
    return std::nullopt;
  if (!where.value->is_string()) {
    c.faults.invalid(where, "a URI, or an expression in ${ }, is needed");
    return std::nullopt;
  }
  if (!is_braced(where))
    if (const auto why = uri_fault(where.text()); !why.empty()) {
      c.faults.invalid(where, why);
      return std::nullopt;
    }
  return read_dynamic(c, where, at);
}

} // namespace pawl::parsing
