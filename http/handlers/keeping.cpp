#include "config/options.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

/// How long a client waits for a backup if it does not say.
constexpr std::chrono::seconds usual_wait{10};

/// `?name=` as a time like P30D or 30d, or "forever", which is zero.
std::optional<duration> keep_of(const call& from, std::string_view name,
                                fault_list& faults) {
  const auto* text = from.parameter(name);
  if (text == nullptr)
    return std::nullopt;
  if (*text == "forever")
    return duration{};
  const auto time = config::parse_time(*text);
  if (time && *time > duration{})
    return time;
  faults.add(errc::invalid_request, "",
             "The query parameter `" + std::string{name}
               + "` is a time like P30D or 30d, or `forever`.");
  return std::nullopt;
}

} // namespace

outcome preview_retention(const call& from) {
  fault_list faults;
  actors::preview_retention wish;
  wish.completed = keep_of(from, "completed", faults);
  wish.faulted = keep_of(from, "faulted", faults);
  wish.cancelled = keep_of(from, "cancelled", faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::preview, wish);
}

outcome take_backup(const call& from) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  auto wait = wait_of(from);
  if (!wait)
    return refuse(wait.error(), from);
  fault_list faults;
  member_reader members{sent->body, "", faults};
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  const auto patience = wait->value_or(
    std::min(usual_wait,
             std::chrono::floor<std::chrono::seconds>(from.options.wait_max)));
  auto out = ask(from, &actors::gateway::back_up,
                 actors::take_backup{patience, std::move(sent->once), from.by});
  out.patience = patience;
  if (*wait)
    out.tell = telling_wait(patience);
  return out;
}

outcome list_backups(const call& from) {
  auto page = page_of(from);
  if (!page)
    return refuse(page.error(), from);
  order out{[&daemon = from.daemon](auto done) {
    daemon.list_of_backups(std::move(done));
  }};
  // Newest first; their names are numbers.
  out.tell = [page = std::move(*page)](const actors::answer& said) {
    return tell_page(said, page, [](auto name, auto cursor) {
      return std::pair{name.size(), name} < std::pair{cursor.size(), cursor};
    });
  };
  return out;
}

} // namespace pawl::http::handlers
