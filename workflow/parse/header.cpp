#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

/// ^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$
bool is_label(std::string_view text) {
  constexpr std::size_t size_max = 63;
  return !text.empty() && text.size() <= size_max && text.front() != '-'
         && text.back() != '-'
         && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
              == std::string_view::npos;
}

/// Whether `text` is identifiers joined by dots, as behind a semantic version's
/// '-' (numbers without leading zeros) or '+'.
bool are_identifiers(std::string_view text, bool leading_zeros) {
  for (;;) {
    const auto dot = text.find('.');
    const auto part = text.substr(0, dot);
    if (part.empty()
        || part.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
             != std::string_view::npos)
      return false;
    const bool number
      = part.find_first_not_of("0123456789") == std::string_view::npos;
    if (number && part.size() > 1 && part.front() == '0' && !leading_zeros)
      return false;
    if (dot == std::string_view::npos)
      return true;
    text.remove_prefix(dot + 1);
  }
}

/// Whether `text` is a semantic version (semver.org 2.0.0).
bool is_version(std::string_view text) {
  const auto plus = text.find('+');
  if (plus != std::string_view::npos
      && !are_identifiers(text.substr(plus + 1), true))
    return false;
  auto core = text.substr(0, plus);
  const auto dash = core.find('-');
  if (dash != std::string_view::npos
      && !are_identifiers(core.substr(dash + 1), false))
    return false;
  core = core.substr(0, dash);
  int parts = 0;
  for (;;) {
    const auto dot = core.find('.');
    const auto part = core.substr(0, dot);
    ++parts;
    if (part.empty()
        || part.find_first_not_of("0123456789") != std::string_view::npos
        || (part.size() > 1 && part.front() == '0'))
      return false;
    if (dot == std::string_view::npos)
      return parts == 3;
    core.remove_prefix(dot + 1);
  }
}

std::string read_label(context& c, const cursor& where) {
  auto text = read_text(c, where);
  if (text && !is_label(*text))
    c.faults.invalid(where, quoted(*text)
                              + " must be 1 to 63 letters, digits and '-', "
                                "with a letter or digit at both ends");
  return text.value_or("");
}

std::string read_version(context& c, const cursor& where) {
  constexpr std::size_t size_max = 128;
  if (where.value != nullptr && where.value->is_number()) {
    c.faults.invalid(where, "a version is text like '1.0.0'; put it in quotes");
    return {};
  }
  auto text = read_text(c, where);
  if (text && (!is_version(*text) || text->size() > size_max))
    c.faults.invalid(where,
                     quoted(*text) + " is not a semantic version like '1.0.0'");
  return text.value_or("");
}

void read_document(context& c, const cursor& where) {
  object_reader fields{c.faults, where, "'document'"};
  const auto dsl = fields.need("dsl");
  const auto version = read_version(c, dsl);
  if (is_version(version) && !version.starts_with("1.0."))
    c.faults.unsupported(dsl, "DSL version " + quoted(version) + " (1.0.x is)");
  c.out.id.ns = read_label(c, fields.need("namespace"));
  c.out.id.name = read_label(c, fields.need("name"));
  c.out.id.version = read_version(c, fields.need("version"));
  read_text(c, fields.take("title"), true);
  read_text(c, fields.take("summary"), true);
  if (const auto tags = fields.take("tags"); tags.value != nullptr)
    object_reader{c.faults, tags, "'document.tags'"};
  read_document_metadata(c, fields.take("metadata"));
  fields.close();
}

void read_evaluate(context& c, const cursor& where) {
  object_reader fields{c.faults, where, "'evaluate'"};
  const auto language = fields.take("language");
  if (const auto name = read_text(c, language); name && *name != "jq")
    c.faults.unsupported(language, "the expression language " + quoted(*name));
  const auto mode = fields.take("mode");
  constexpr std::array<std::string_view, 2> modes{"strict", "loose"};
  if (read_choice(c, mode, modes) == std::size_t{1})
    c.faults.unsupported(mode, "the evaluation mode 'loose'");
  fields.close();
}

/// Calls `read` for each member of the object `where`.
template <class Read>
void for_members(context& c, const cursor& where, std::string_view what,
                 Read read) {
  const object_reader fields{c.faults, where, what};
  if (!fields.is_object())
    return;
  for (std::size_t i = 0; i < where.value->get_object().size(); ++i) {
    const auto key = (where.value->get_object().begin() + i)->key();
    read(std::string{key.data(), key.size()}, where.member(i));
  }
}

std::optional<duration_rule> read_timeout_object(context& c,
                                                 const cursor& where, site at) {
  object_reader fields{c.faults, where, "a timeout"};
  auto after = read_duration(c, fields.need("after"), at);
  fields.close();
  return after;
}

error_template read_error_object(context& c, const cursor& where) {
  error_template out;
  object_reader fields{c.faults, where, "an error"};
  out.type = read_uri(c, fields.need("type"), site::task_body)
               .value_or(dynamic_value{});
  out.status = read_integer(c, fields.need("status"), 0).value_or(0);
  out.title = read_text_or_expression(c, fields.take("title"), site::task_body);
  out.detail
    = read_text_or_expression(c, fields.take("detail"), site::task_body);
  const auto instance = fields.take("instance");
  out.instance = read_text_or_expression(c, instance, site::task_body);
  const auto text = instance.text();
  if (text.data() != nullptr && !text.empty() && text.front() != '/'
      && expression::strip_braces(text).data() == nullptr)
    c.faults.invalid(instance, "an error's instance is a JSON Pointer, which "
                               "starts with '/', or an expression in ${ }");
  fields.close();
  return out;
}

/// Reads `use`. What is named is read once, here, so that its faults show even
/// if nothing refers to it.
void read_use(context& c, const cursor& where) {
  object_reader fields{c.faults, where, "'use'"};
  c.errors = fields.take("errors");
  c.retries = fields.take("retries");
  c.timeouts = fields.take("timeouts");
  fields.refuse("authentications", "'use.authentications'");
  fields.refuse("catalogs", "'use.catalogs'");
  fields.refuse("extensions", "'use.extensions'");
  fields.refuse("functions", "'use.functions'");
  fields.refuse("secrets", "'use.secrets'");
  fields.close();
  for_members(c, c.errors, "'use.errors'",
              [&c](const std::string& name, const cursor& at) {
                c.errors_made[name] = read_error_object(c, at);
              });
  for_members(
    c, c.timeouts, "'use.timeouts'",
    [&c](const std::string& name, const cursor& at) {
      c.timeouts_made[name]
        = read_timeout_object(c, at, site::task_body).value_or(duration_rule{});
    });
  for_members(c, c.retries, "'use.retries'",
              [&c](const std::string& name, const cursor& at) {
                const added_locals local{c, {"error"}};
                c.retries_made[name] = read_retry_policy(c, at);
              });
}

/// Whether `program` reads the variable `name`.
bool uses(const expression::program_ptr& program, std::string_view name) {
  if (program == nullptr)
    return false;
  const auto all = program->variables();
  return std::any_of(all.begin(), all.end(),
                     [name](const auto& use) { return use.name == name; });
}

/// Reports that `name` at `where` is not among what `use` holds.
template <class Map>
void report_unknown_name(context& c, const cursor& where, const Map& made,
                         std::string_view member) {
  std::vector<std::string_view> names;
  names.reserve(made.size());
  for (const auto& each : made)
    names.emplace_back(each.first);
  c.faults.invalid(where, "'use." + std::string{member} + "' has no "
                            + quoted(where.text()) + "."
                            + did_you_mean(where.text(), names));
}

} // namespace

std::optional<duration_rule> read_timeout(context& c, const cursor& where,
                                          site at) {
  if (where.value == nullptr)
    return std::nullopt;
  if (!where.value->is_string())
    return read_timeout_object(c, where, at);
  const auto found = c.timeouts_made.find(where.text());
  // A workflow's timeout may use fewer variables than a task's, so it is read
  // once more for that place.
  if (found != c.timeouts_made.end())
    return at == site::workflow_input
             ? read_timeout_object(c, c.timeouts.member(found->first), at)
             : found->second;
  report_unknown_name(c, where, c.timeouts_made, "timeouts");
  return std::nullopt;
}

error_template read_error(context& c, const cursor& where) {
  if (where.value == nullptr)
    return {};
  if (!where.value->is_string())
    return read_error_object(c, where);
  const auto found = c.errors_made.find(where.text());
  if (found != c.errors_made.end())
    return found->second;
  report_unknown_name(c, where, c.errors_made, "errors");
  return {};
}

std::optional<retry_policy> read_retry(context& c, const cursor& where,
                                       const std::string& as) {
  if (where.value == nullptr)
    return std::nullopt;
  if (!where.value->is_string()) {
    const added_locals local{c, {as}};
    return read_retry_policy(c, where);
  }
  const auto found = c.retries_made.find(where.text());
  if (found == c.retries_made.end()) {
    report_unknown_name(c, where, c.retries_made, "retries");
    return std::nullopt;
  }
  // Read without knowing who refers to it, it knows the error as $error.
  if (as != "error"
      && (uses(found->second.when, "error")
          || uses(found->second.except_when, "error")))
    c.faults.invalid(where, "the policy " + quoted(where.text())
                              + " uses $error, but this 'catch' names the "
                                "error $"
                              + as + "; let the policy use '.'");
  return found->second;
}

void read_top_level(context& c, const cursor& root) {
  object_reader fields{c.faults, root, "a workflow"};
  read_document(c, fields.need("document"));
  read_evaluate(c, fields.take("evaluate"));
  read_use(c, fields.take("use"));
  c.out.input = read_input(c, fields.take("input"), site::workflow_input);
  c.out.timeout = read_timeout(c, fields.take("timeout"), site::workflow_input);
  fields.refuse("schedule", "'schedule'");
  c.out.body = read_tasks(c, fields.need("do"), "'do'");
  c.out.output
    = read_output(c, fields.take("output"), site::workflow_output, "'output'");
  fields.close_leniently();
}

} // namespace pawl::parsing
