#include "base/overload.hpp"
#include "http/fields.hpp"
#include "http/handlers/asking.hpp"
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

// A whole number from 1; 0 if it is absent.
std::uint32_t number_of(const call& from, const std::string& name,
                        fault_list& faults) {
  const auto* text = from.parameter(name);
  if (text == nullptr)
    return 0;
  const auto number = parse_sequence(*text);
  if (number && *number > 0 && *number <= UINT32_MAX)
    return static_cast<std::uint32_t>(*number);
  faults.add(errc::malformed, "",
             "The query parameter `" + name + "` is a whole number from 1.");
  return 0;
}

} // namespace

outcome list_runs(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  fault_list faults;
  actors::list_runs wish;
  wish.which = std::move(*which);
  wish.task = text_of(from, "task").value_or("");
  wish.item = number_of(from, "iteration", faults);
  wish.attempt = number_of(from, "attempt", faults);
  wish.limit = limit_of(from, faults);
  wish.before = after_of(from, faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_runs_of, std::move(wish));
}

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

} // namespace pawl::http::handlers
