#include "workflow/sensitive.hpp"

#include "workflow/parse/context.hpp"

#include <algorithm>

/// What the schemas of a document mark as `x-sensitive`.
namespace pawl::parsing {

namespace {

const json::value* value_at(const json::value& from, std::string_view path) {
  boost::system::error_code none;
  return from.find_pointer(path, none);
}

// The document of the schema that `holder` names as its `rule`: within it, or a
// resource. Null if there is none.
const json::value* schema_of(const context& c, const json::value& holder,
                             const std::string& rule) {
  const auto at = rule + "/schema";
  if (const auto* own = value_at(holder, at + "/document"))
    return own;
  const auto* uri = value_at(holder, at + "/resource/endpoint");
  if (uri != nullptr && uri->is_object())
    uri = value_at(*uri, "/uri");
  if (uri == nullptr || !uri->is_string())
    return nullptr;
  const auto part = std::ranges::find(
    c.parts, raw_uri(std::string{uri->get_string()}), &resource_text::uri);
  return part == c.parts.end() ? nullptr : &part->source.value;
}

} // namespace

void collect_sensitive(context& c) {
  const auto add = [&](const json::value& holder, const std::string& rule,
                       const std::string& root) {
    if (const auto* schema = schema_of(c, holder, rule))
      for (auto& place : sensitive_places(*schema, root))
        c.out.sensitive.push_back(std::move(place));
  };
  const auto& document = *c.root.value;
  add(document, "/input", "/input");
  add(document, "/output", "/output");
  for (const auto& one : c.out.tasks) {
    add(one.source, "/input", one.pointer + "/input");
    add(one.source, "/output", one.pointer + "/output");
    add(one.source, "/export", "/context");
  }
}

} // namespace pawl::parsing
