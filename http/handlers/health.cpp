#include "http/handlers/handlers.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace pawl::http::handlers {

outcome livez(const call&) {
  return json_response(200, R"({"status":"alive"})");
}

outcome readyz(const call& from) {
  const auto why = from.daemon.unready();
  if (why.empty())
    return json_response(200, R"({"status":"ready"})");
  return problem(refused::not_ready, why, from.where.path);
}

outcome metrics(const call& from) {
  return response{.status = 200,
                  .type = "text/plain; version=0.0.4; charset=utf-8",
                  .body = from.daemon.metrics(),
                  .fields = {}};
}

outcome version(const call& from) {
  return json_response(200, to_text(json::object{
                              {"name", "pawl"},
                              {"version", from.options.version},
                              {"api", "v1"},
                            }));
}

outcome openapi(const call&) {
  return json_response(200, std::string{openapi_json()});
}

} // namespace pawl::http::handlers
