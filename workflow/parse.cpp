#include "workflow/parse.hpp"

#include "base/bytes.hpp"
#include "workflow/document.hpp"
#include "workflow/parse/context.hpp"

namespace pawl {

namespace {

std::string digest_of(const definition& made, const json::value& document) {
  if (made.resources.empty())
    return to_hex(sha256(to_canonical_text(document)));
  json::object resources;
  for (const auto& [uri, text] : made.resources)
    resources.emplace(uri, text);
  const json::value all{{"document", document}, {"resources", resources}};
  return to_hex(sha256(to_canonical_text(all)));
}

/// Applies the DSL's rules to `source` and makes the model.
result<parsed_definition> build(document source, const resource_map& at_hand) {
  auto made = std::make_shared<definition>();
  {
    parsing::context c{source, at_hand, *made};
    parsing::read_top_level(c, c.root);
    if (!c.faults.clean())
      return c.faults.take_error();
    if (!c.wanted.empty())
      return parsed_definition{nullptr, std::move(c.wanted)};
    parsing::collect_sensitive(c);
    made->warnings = c.faults.take_warnings();
  }
  for (const auto& task : made->tasks)
    made->by_pointer.emplace(task.pointer, task.index);
  made->digest = digest_of(*made, source.value);
  made->document = std::move(source.value);
  return parsed_definition{std::move(made), {}};
}

/// `parsed`, which must not want anything more.
result<definition_ptr> complete(result<parsed_definition> parsed) {
  if (!parsed)
    return parsed.error();
  if (parsed->made != nullptr)
    return std::move(parsed->made);
  error out{errc::invalid_definition, parsed->wanted.front().at.detail, {}};
  for (auto& each : parsed->wanted)
    out.faults.push_back(std::move(each.at));
  return out;
}

} // namespace

result<parsed_definition> parse_definition(std::string_view text,
                                           const resource_map& resources) {
  auto source = read_document(text);
  if (!source)
    return source.error();
  return build(std::move(*source), resources);
}

result<definition_ptr> parse_definition(std::string_view text) {
  return complete(parse_definition(text, {}));
}

result<definition_ptr> definition_from_json(json::value document) {
  return complete(build({std::move(document), {}, {}}, {}));
}

} // namespace pawl
