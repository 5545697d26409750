#include "workflow/parse/context.hpp"
#include "workflow/uri_template.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

/// Bytes of expressions in one document, counted as often as one is compiled.
constexpr std::size_t expression_bytes_max = std::size_t{4} * 1024 * 1024;

struct visibility {
  std::string_view place;
  std::vector<std::string_view> names;
};

const visibility& visible_at(site at) {
  static const std::array<visibility, 6> table{{
    {"in the workflow's input", {"workflow", "runtime"}},
    {"in 'if' and 'input.from', which come before the task's own input",
     {"context", "task", "workflow", "runtime"}},
    {"here", {"context", "input", "task", "workflow", "runtime"}},
    {"in 'output.as'", {"context", "input", "task", "workflow", "runtime"}},
    {"in 'export.as'",
     {"context", "input", "output", "task", "workflow", "runtime"}},
    {"in the workflow's output", {"context", "workflow", "runtime"}},
  }};
  return table[static_cast<std::size_t>(at)];
}

/// Reports the variables of `made` that may not be used where it stands.
void check_variables(context& c, const cursor& where,
                     const expression::program& made, site at) {
  const auto& visible = visible_at(at);
  for (const auto& use : made.variables()) {
    if (use.name == "secrets" || use.name == "authorization") {
      c.faults.unsupported(where, "the variable $" + use.name);
      continue;
    }
    const bool local
      = std::find(c.locals.begin(), c.locals.end(), use.name) != c.locals.end();
    if (local
        || std::find(visible.names.begin(), visible.names.end(), use.name)
             != visible.names.end())
      continue;
    std::vector<std::string_view> all = visible.names;
    all.insert(all.end(), c.locals.begin(), c.locals.end());
    c.faults.invalid(where, "the variable $" + use.name + " cannot be used "
                              + std::string{visible.place}
                              + "; what can be used is " + listed(all));
  }
}

void report_compile_faults(context& c, const cursor& where,
                           std::string_view text, const error& why) {
  constexpr std::string_view intro = "the expression does not compile: ";
  if (why.faults.empty())
    c.faults.invalid(where, std::string{intro} + why.detail);
  for (const auto& each : why.faults)
    c.faults.invalid_within(where, text, {each.line, each.column},
                            std::string{intro} + each.detail);
}

expression::program_ptr compile_at(context& c, const cursor& where,
                                   std::string_view text, site at) {
  c.expression_bytes += text.size();
  if (c.expression_bytes > expression_bytes_max) {
    c.faults.invalid({}, "the document's expressions have more than 4 MiB");
    return nullptr;
  }
  std::vector<std::string_view> known{std::begin(variable_names),
                                      std::end(variable_names)};
  known.insert(known.end(), c.locals.begin(), c.locals.end());
  auto made = expression::compile(text, known);
  if (!made) {
    report_compile_faults(c, where, text, made.error());
    return nullptr;
  }
  check_variables(c, where, **made, at);
  ++((*made)->runs_on() == expression::engine::native ? c.out.native_count
                                                      : c.out.sandboxed_count);
  return *made;
}

/// The expression at `where` if it is one in `${ }`; a null view if not.
std::string_view braced(const cursor& where) {
  return expression::strip_braces(where.text());
}

dynamic_value constant(const cursor& where) {
  return {make_datum(*where.value)};
}

bool is_constant(const dynamic_value& value) {
  return std::holds_alternative<datum>(value.form);
}

dynamic_value dynamic_text(context& c, const cursor& where, site at) {
  if (const auto text = braced(where); text.data() != nullptr)
    return {compile_at(c, where, text, at)};
  if (where.text().find("${") != std::string_view::npos)
    c.faults.warn(where, "the text holds '${' but is not wholly one "
                         "expression, so it is taken as it stands; write "
                         "'${ \"text \\(.value)\" }'");
  return constant(where);
}

dynamic_value dynamic_array(context& c, const cursor& where, site at) {
  dynamic_value::array items;
  bool fixed = true;
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i) {
    items.push_back(read_dynamic(c, where.item(i), at));
    fixed = fixed && is_constant(items.back());
  }
  if (fixed)
    return constant(where);
  return {std::move(items)};
}

dynamic_value dynamic_object(context& c, const cursor& where, site at) {
  dynamic_value::object members;
  bool fixed = true;
  const auto& object = where.value->get_object();
  for (std::size_t i = 0; i < object.size(); ++i) {
    const auto key = (object.begin() + i)->key();
    members.emplace_back(std::string{key.data(), key.size()},
                         read_dynamic(c, where.member(i), at));
    fixed = fixed && is_constant(members.back().second);
  }
  if (fixed)
    return constant(where);
  return {std::move(members)};
}

/// What is wrong with `text` as a URI or a template of one, or nothing.
std::string uri_fault(std::string_view text) {
  if (text.empty())
    return "a URI cannot be empty";
  if (text.find_first_of(" \t\r\n") != std::string_view::npos)
    return "a URI cannot hold spaces";
  if (const auto checked = check_uri_template(text); !checked)
    return checked.error().detail;
  return {};
}

} // namespace

expression::program_ptr read_program(context& c, const cursor& where, site at) {
  if (where.value == nullptr)
    return nullptr;
  if (!where.value->is_string()) {
    c.faults.invalid(where, "an expression is needed, as text");
    return nullptr;
  }
  auto text = braced(where);
  if (text.data() == nullptr)
    text = where.text();
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    c.faults.invalid(where, "the expression is empty");
    return nullptr;
  }
  return compile_at(c, where, text, at);
}

dynamic_value read_dynamic(context& c, const cursor& where, site at) {
  if (where.value->is_string())
    return dynamic_text(c, where, at);
  if (where.value->is_array())
    return dynamic_array(c, where, at);
  if (where.value->is_object())
    return dynamic_object(c, where, at);
  return constant(where);
}

std::optional<dynamic_value> read_transform(context& c, const cursor& where,
                                            site at) {
  if (where.value == nullptr)
    return std::nullopt;
  if (where.value->is_string())
    return dynamic_value{read_program(c, where, at)};
  if (where.value->is_object())
    return read_dynamic(c, where, at);
  c.faults.invalid(where, "an expression, or an object that holds some, is "
                          "needed");
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
  if (const auto text = braced(where); text.data() != nullptr)
    return dynamic_value{compile_at(c, where, text, at)};
  auto length = parse_duration(*where.value);
  if (length)
    return *length;
  c.faults.invalid(where, length.error().detail);
  return std::nullopt;
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

std::optional<dynamic_value> read_uri(context& c, const cursor& where,
                                      site at) {
  if (where.value == nullptr)
    return std::nullopt;
  if (!where.value->is_string()) {
    c.faults.invalid(where, "a URI, or an expression in ${ }, is needed");
    return std::nullopt;
  }
  if (const auto text = braced(where); text.data() != nullptr)
    return dynamic_value{compile_at(c, where, text, at)};
  if (const auto why = uri_fault(where.text()); !why.empty())
    c.faults.invalid(where, why);
  return constant(where);
}

} // namespace pawl::parsing
