#include "http/fields.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

using actors::drawing;

drawing drawing_of(const call& from, fault_list& faults) {
  drawing out;
  const auto choose = [&](std::string_view name, std::string_view usual,
                          std::string_view other) {
    const auto text = text_of(from, name).value_or(std::string{usual});
    if (text != usual && text != other)
      faults.add(errc::invalid_request, "",
                 "The query parameter `" + std::string{name} + "` is `"
                   + std::string{usual} + "` or `" + std::string{other} + "`.");
    return text == other;
  };
  if (choose("format", "mermaid", "svg"))
    out.as = drawing::form::svg;
  if (choose("of", "tasks", "states"))
    out.of = drawing::subject::states;
  return out;
}

/// An answer's body as the drawing that it is. An SVG is a document of its own
/// in a browser, so it is allowed nothing but its own style.
std::function<response(const actors::answer&)> telling(drawing how) {
  return [svg = how.as == drawing::form::svg](const actors::answer& said) {
    auto out = answer_response(said);
    out.type = svg ? "image/svg+xml; charset=utf-8"
                   : "text/vnd.mermaid; charset=utf-8";
    out.fields.emplace_back("Content-Security-Policy",
                            "default-src 'none'; style-src 'unsafe-inline'; "
                            "frame-ancestors 'none'; sandbox");
    return out;
  };
}

} // namespace

outcome draw_definition(const call& from) {
  fault_list faults;
  const auto how = drawing_of(from, faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  actors::definition_ref which{std::string{from.names[0]},
                               std::string{from.names[1]},
                               std::string{from.names[2]}, from.by};
  return order{.send =
                 [&daemon = from.daemon, which, how](auto done) {
                   daemon.draw_definition(which, how, std::move(done));
                 },
               .tell = telling(how)};
}

outcome draw_instance(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  fault_list faults;
  const auto how = drawing_of(from, faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return order{
    .send = [&daemon = from.daemon, which = std::move(*which), how](
              auto done) { daemon.draw_instance(which, how, std::move(done)); },
    .tell = telling(how)};
}

outcome draw_document(const call& from) {
  fault_list faults;
  const auto how = drawing_of(from, faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  auto once = once_of(from, from.message.body);
  if (!once)
    return refuse(once.error(), from);
  if (from.message.body.empty())
    return refuse({errc::malformed, "The body must be a workflow document."},
                  from);
  actors::register_definition wish;
  wish.text = from.message.body;
  wish.content_type = media_type(from.message["Content-Type"]);
  wish.dry_run = true;
  wish.once = std::move(*once);
  wish.by = from.by;
  return order{
    .send = [&daemon = from.daemon, wish = std::move(wish), how](
              auto done) { daemon.draw_document(wish, how, std::move(done)); },
    .tell = telling(how)};
}

} // namespace pawl::http::handlers
