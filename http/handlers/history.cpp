#include "base/overload.hpp"
#include "http/fields.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

// The answer to a page that was asked for with one item more than `limit`:
// the extra one only says that there is a next page.
actors::answer page_answer(const actors::history_page& page,
                           std::uint32_t limit) {
  const auto shown = std::min<std::size_t>(page.items.size(), limit);
  std::string body{R"({"items":[)"};
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0)
      body.push_back(',');
    body.append(page.items[i].json);
  }
  body.append(R"(],"nextCursor":)");
  if (page.items.size() > limit)
    body.append("\"")
      .append(std::to_string(page.items[shown - 1].number))
      .append("\"");
  else
    body.append("null");
  body.push_back('}');
  actors::answer out;
  out.body = std::move(body);
  return out;
}

// `?after=` and `?cursor=` both name the sequence before the first item.
sequence after_of(const call& from, fault_list& faults) {
  for (const auto* name : {"cursor", "after"}) {
    const auto* text = from.parameter(name);
    if (text == nullptr)
      continue;
    if (auto number = parse_sequence(*text))
      return *number;
    faults.add(errc::malformed, "",
               "The query parameter `" + std::string{name}
                 + "` is a sequence, a whole number from 0.");
  }
  return 0;
}

} // namespace

outcome history(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  fault_list faults;
  const auto after = after_of(from, faults);
  const auto limit = limit_of(from, faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return order{[&daemon = from.daemon, which = std::move(*which), after,
                limit](actors::reply_to done) {
    daemon.history(
      which, after, limit + 1,
      [limit, done = std::move(done)](
        std::variant<actors::history_page, actors::refusal> found) {
        done(std::visit(overload{[&](const actors::history_page& page) {
                                   return actors::reply{
                                     page_answer(page, limit)};
                                 },
                                 [](actors::refusal& why) {
                                   return actors::reply{std::move(why)};
                                 }},
                        found));
      });
  }};
}

outcome follow(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  fault_list faults;
  stream out{.read =
               [&daemon = from.daemon, which = *which](
                 sequence after, std::uint32_t limit, auto done) {
                 daemon.history(which, after, limit, std::move(done));
               },
             .observe =
               [&daemon = from.daemon, which = *which](auto changed) {
                 return daemon.observe(which, std::move(changed));
               },
             .after = after_of(from, faults),
             .reconnects = false};
  read_last_event(from, faults, out);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return out;
}

} // namespace pawl::http::handlers
