#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

/// Bytes of expressions in one document, counted as often as one is compiled.
constexpr std::size_t expression_bytes_max = std::size_t{4} * 1024 * 1024;

struct visibility {
  std::string_view place;
  std::vector<std::string_view> names;
  /// Why expressions must be native; "" if they need not.
  std::string_view native;
  bool secrets = false;       ///< `$secrets`
  bool authorization = false; ///< `$authorization`
  bool loose = true;          ///< The mode `loose` holds.
};

const visibility& visible_at(site at) {
  constexpr std::string_view registering = "when the workflow is registered";
  constexpr std::string_view scheduling = "before there is an instance";
  // In the order of the sites.
  static const std::array<visibility, 12> table{{
    {"in the workflow's input", {"workflow", "runtime"}, {}},
    {"in 'if' and 'input.from', which come before the task's own input",
     {"context", "task", "workflow", "runtime"},
     {}},
    {"here", {"context", "input", "task", "workflow", "runtime"}, {}},
    {"here",
     {"context", "input", "task", "workflow", "runtime"},
     {},
     true,
     true},
    {"in an authentication",
     {"context", "input", "task", "workflow", "runtime"},
     {},
     true,
     false,
     false},
    {"in 'output.as'", {"context", "input", "task", "workflow", "runtime"}, {}},
    {"in 'export.as'",
     {"context", "input", "output", "task", "workflow", "runtime"},
     {}},
    {"in the workflow's output", {"context", "workflow", "runtime"}, {}},
    {"here", {}, registering, true, false, false},
    {"in 'schedule'", {}, scheduling, false, false, false},
    {"in the guard of an event", {"context", "workflow", "runtime"}, {}},
    {"in 'metadata.index'",
     {"context", "input", "output", "workflow", "runtime"},
     {}},
  }};
  return table[static_cast<std::size_t>(at)];
}

bool is_late(const expression::variable_use& use) {
  return use.name == "secrets" || use.name == "authorization";
}

/// Whether `use` may stand where `visible` is, but for the late ones.
bool is_visible(const context& c, const visibility& visible,
                const expression::variable_use& use) {
  return std::find(c.locals.begin(), c.locals.end(), use.name) != c.locals.end()
         || std::find(visible.names.begin(), visible.names.end(), use.name)
              != visible.names.end();
}

/// Reports what is wrong with the late variable `use`.
void check_late(context& c, const cursor& where,
                const expression::variable_use& use,
                const visibility& visible) {
  const bool allowed
    = use.name == "secrets" ? visible.secrets : visible.authorization;
  if (!allowed)
    c.faults.invalid(
      where, "the variable $" + use.name
               + (use.name == "secrets"
                    ? " can only be used within 'with' of a call to http or "
                      "openapi, within 'run' of a program, and in an "
                      "authentication: what it makes must not be kept"
                    : " can only be used within 'with' of a call to http or "
                      "openapi and within 'run' of a program"));
  else if (use.name == "secrets")
    for (const auto& name : use.keys)
      check_secret(c, where, name);
}

/// Reports the variables of `made` that may not be used where it stands.
void check_variables(context& c, const cursor& where,
                     const expression::program& made, site at) {
  const auto& visible = visible_at(at);
  for (const auto& use : made.variables()) {
    if (is_late(use)) {
      check_late(c, where, use, visible);
      continue;
    }
    if (is_visible(c, visible, use))
      continue;
    std::vector<std::string_view> all = visible.names;
    if (visible.secrets)
      all.emplace_back("secrets");
    all.insert(all.end(), c.locals.begin(), c.locals.end());
    c.faults.invalid(where,
                     "the variable $" + use.name + " cannot be used "
                       + std::string{visible.place} + "; "
                       + (all.empty() ? "there is none"
                                      : "what can be used is " + listed(all)));
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

/// Compiles `text` with all variables that there are anywhere.
result<expression::program_ptr> compile(context& c, std::string_view text) {
  c.expression_bytes += text.size();
  if (c.expression_bytes > expression_bytes_max)
    return error{errc::too_large,
                 "the document's expressions have more than 4 MiB"};
  std::vector<std::string_view> known{std::begin(variable_names),
                                      std::end(variable_names)};
  known.insert(known.end(), c.locals.begin(), c.locals.end());
  return expression::compile(text, known);
}

void count(context& c, const expression::program& made) {
  ++(made.runs_on() == expression::engine::native ? c.out.native_count
                                                  : c.out.sandboxed_count);
}

expression::program_ptr compile_at(context& c, const cursor& where,
                                   std::string_view text, site at) {
  auto made = compile(c, text);
  if (!made) {
    const auto why = made.error(); // A copy: error() returns by value.
    if (why.code == errc::too_large)
      c.faults.invalid({}, why.detail);
    else
      report_compile_faults(c, where, text, why);
    return nullptr;
  }
  check_variables(c, where, **made, at);
  const auto native = visible_at(at).native;
  if (!native.empty() && (*made)->runs_on() != expression::engine::native)
    c.faults.invalid(where, "this expression is evaluated "
                              + std::string{native}
                              + ", but no helper process can be asked then: it "
                              + (*made)->reason());
  count(c, **made);
  return *made;
}

/// The value that `made`, compiled at `where`, stands for. What reads secrets
/// is left to the step worker.
dynamic_value as_value(context& c, const cursor& where,
                       expression::program_ptr made, site at) {
  if (made == nullptr)
    return {};
  const auto all = made->variables();
  if (std::none_of(all.begin(), all.end(), is_late))
    return {std::move(made)};
  if (visible_at(at).native.empty()
      && made->runs_on() != expression::engine::native)
    c.faults.invalid(where, "an expression over $" + std::string{"secrets"}
                              + " or $authorization must be one that Pawl "
                                "evaluates itself, so that no helper process "
                                "sees them; this one "
                              + made->reason());
  c.out.late.emplace(where.pointer, made);
  return {late_expression{std::move(made), where.pointer}};
}

/// The expression that the text at `where` is in the mode `loose`, or nothing.
std::optional<dynamic_value> read_loosely(context& c, const cursor& where,
                                          site at) {
  const auto& visible = visible_at(at);
  if (!c.loose || !visible.loose)
    return std::nullopt;
  auto made = compile(c, where.text());
  if (!made)
    return std::nullopt;
  bool late = false;
  for (const auto& use : (*made)->variables()) {
    if (is_late(use) ? !visible.secrets : !is_visible(c, visible, use))
      return std::nullopt;
    late = late || is_late(use);
  }
  if (late) {
    check_variables(c, where, **made, at);
    count(c, **made);
    return as_value(c, where, *made, at);
  }
  count(c, **made);
  return dynamic_value{loose_expression{*made, make_datum(*where.value)}};
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
    return as_value(c, where, compile_at(c, where, text, at), at);
  if (auto loose = read_loosely(c, where, at))
    return std::move(*loose);
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

dynamic_value read_foreign(context& c, const cursor& where, site at) {
  const auto text = braced(where);
  return text.data() != nullptr
           ? as_value(c, where, compile_at(c, where, text, at), at)
           : constant(where);
}

dynamic_value make_object(dynamic_value::object members) {
  const bool fixed
    = std::all_of(members.begin(), members.end(),
                  [](const auto& each) { return is_constant(each.second); });
  if (!fixed)
    return {std::move(members)};
  json::object out;
  for (auto& [name, value] : members)
    out.emplace(name, *std::get<datum>(value.form));
  return {make_datum(json::value(std::move(out)))};
}

} // namespace pawl::parsing
