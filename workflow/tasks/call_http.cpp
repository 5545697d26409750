#include "workflow/arguments.hpp"

namespace pawl {

namespace {

bool is_http(std::string_view uri) {
  return uri.starts_with("http://") || uri.starts_with("https://");
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::call_http& what) {
  argument_list arguments{p, e};
  arguments.add_fixed("method", json::value(what.method));
  arguments.add_uri("uri", what.where);
  if (const auto* uri = arguments.made().at("uri").if_string();
      uri != nullptr && !is_http(*uri))
    arguments.fail(error_kind::expression, "the endpoint '" + std::string{*uri}
                                             + "' is not an http or https URI");
  arguments.add_texts("headers", what.headers, true);
  arguments.add_texts("query", what.query, false);
  arguments.add("body", what.body);
  arguments.add_access(what.where.access);
  begin_effect(p, e, arguments.take());
}

void begin_task(planner& p, const entry& e, const tasks::call_openapi& what) {
  argument_list arguments{p, e};
  arguments.add_endpoint("document", what.document);
  arguments.add_fixed("operationId", json::value(what.operation_id));
  arguments.add("parameters", what.parameters);
  arguments.add_access(what.access);
  begin_effect(p, e, arguments.take());
}

} // namespace pawl
