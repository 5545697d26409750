#include "workflow/sensitive.hpp"

#include "workflow/parse/context.hpp"

/// What the schemas of a document mark as `x-sensitive`.
namespace pawl::parsing {

namespace {

// The document of a schema that stands at `path` below `from`.
const json::value* schema_at(const json::value& from, const char* path) {
  boost::system::error_code none;
  return from.find_pointer(path, none);
}

} // namespace

void collect_sensitive(context& c) {
  const auto add = [&](const json::value* schema, const std::string& root) {
    if (schema == nullptr)
      return;
    for (auto& place : sensitive_places(*schema, root))
      c.out.sensitive.push_back(std::move(place));
  };
  const auto& document = *c.root.value;
  add(schema_at(document, "/input/schema/document"), "/input");
  add(schema_at(document, "/output/schema/document"), "/output");
  for (const auto& one : c.out.tasks)
    add(schema_at(one.source, "/export/schema/document"), "/context");
}

} // namespace pawl::parsing
