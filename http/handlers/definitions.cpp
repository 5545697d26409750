#include "http/fields.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

actors::definition_ref definition_named(const call& from) {
  actors::definition_ref out{std::string{from.names[0]},
                             std::string{from.names[1]}, std::nullopt, from.by};
  if (from.names.size() > 2)
    out.version = from.names[2];
  return out;
}

// The gateway tells the text's media type in the place of a location.
response source_response(const actors::answer& said) {
  return {.status = said.status,
          .type = said.location.empty() ? "application/yaml" : said.location,
          .body = said.body,
          .fields = {{"Vary", "Accept"}}};
}

} // namespace

outcome define(const call& from) {
  fault_list faults;
  actors::register_definition wish;
  wish.dry_run = flag_of(from, "dryRun", faults).value_or(false);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  auto once = once_of(from, from.message.body);
  if (!once)
    return refuse(once.error(), from);
  if (from.message.body.empty())
    return refuse({errc::malformed, "The body must be a workflow document."},
                  from);
  wish.text = from.message.body;
  wish.content_type = media_type(from.message["Content-Type"]);
  wish.once = std::move(*once);
  wish.by = from.by;
  return ask(from, &actors::gateway::define, std::move(wish));
}

outcome list_definitions(const call& from) {
  fault_list faults;
  actors::list_definitions wish;
  wish.ns = text_of(from, "namespace").value_or("");
  wish.name = text_of(from, "name").value_or("");
  wish.by = from.by;
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_definitions_of, std::move(wish));
}

outcome read_definition(const call& from) {
  const bool source = prefers_yaml(from.message["Accept"]);
  return order{
    .send
    = [&daemon = from.daemon, which = definition_named(from), source](
        auto done) { daemon.read_definition(which, source, std::move(done)); },
    .tell = source ? source_response
                   : std::function<response(const actors::answer&)>{}};
}

outcome remove_definition(const call& from) {
  if (auto once = once_of(from, {}); !once)
    return refuse(once.error(), from);
  return ask(from, &actors::gateway::remove_definition, definition_named(from));
}

} // namespace pawl::http::handlers
