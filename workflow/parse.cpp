#include "workflow/parse.hpp"

#include "base/bytes.hpp"
#include "workflow/document.hpp"
#include "workflow/parse/context.hpp"

namespace pawl {

namespace {

/// Applies the DSL's rules to `source` and makes the model.
result<definition_ptr> build(document source) {
  auto made = std::make_shared<definition>();
  {
    parsing::context c{source, *made};
    parsing::read_top_level(c, c.root);
    if (!c.faults.clean())
      return c.faults.take_error();
    made->warnings = c.faults.take_warnings();
  }
  for (const auto& task : made->tasks)
    made->by_pointer.emplace(task.pointer, task.index);
  made->digest = to_hex(sha256(to_canonical_text(source.value)));
  made->document = std::move(source.value);
  return definition_ptr{std::move(made)};
}

} // namespace

result<definition_ptr> parse_definition(std::string_view text) {
  auto source = read_document(text);
  if (!source)
    return source.error();
  return build(std::move(*source));
}

result<definition_ptr> definition_from_json(json::value document) {
  return build({std::move(document), {}, {}});
}

} // namespace pawl
