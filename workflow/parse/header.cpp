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

} // namespace

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

namespace {

void read_document(context& c, const cursor& where) {
  object_reader fields{c.faults, where, "'document'"};
  const auto dsl = fields.need("dsl");
  const auto version = read_version(c, dsl);
  if (is_version(version) && !version.starts_with("1.0."))
    c.faults.outside(dsl, "the DSL version " + quoted(version)
                            + " is not supported; the versions 1.0.x are, of "
                              "which 1.0.3 is the newest");
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
  c.loose = read_choice(c, mode, modes) == std::size_t{1};
  fields.close();
}

} // namespace

void read_top_level(context& c, const cursor& root) {
  object_reader fields{c.faults, root, "a workflow"};
  read_document(c, fields.need("document"));
  read_evaluate(c, fields.take("evaluate"));
  read_use(c, fields.take("use"));
  c.out.input = read_input(c, fields.take("input"), site::workflow_input);
  c.out.timeout = read_timeout(c, fields.take("timeout"), site::workflow_input);
  c.out.scheduled = read_schedule(c, fields.take("schedule"));
  c.out.body = read_tasks(c, fields.need("do"), "'do'");
  read_functions(c);
  read_extensions(c);
  resolve_calls(c);
  apply_extensions(c);
  c.out.output
    = read_output(c, fields.take("output"), site::workflow_output, "'output'");
  fields.close_leniently();
}

} // namespace pawl::parsing
