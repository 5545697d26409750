#include "base/bytes.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"
#include "http/problem.hpp"
#include "workflow/duration.hpp"

#include <algorithm>

namespace pawl::http::handlers {

namespace {

using verb = actors::lease_wish::verb;

constexpr std::uint32_t leases_max = 100;
constexpr std::size_t name_max = 128;
constexpr std::size_t labels_max = 64;
constexpr std::size_t progress_max = 4096;

/// Letters, digits, '-', '_' and '.', as a definition may write it.
bool is_queue_name(std::string_view name) {
  return !name.empty() && name.size() <= name_max
         && std::ranges::all_of(name, [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '-' || c == '_'
                     || c == '.';
            });
}

std::optional<duration> length_of(member_reader& members, std::string_view name,
                                  duration least, duration most) {
  const auto* value = members.take(name);
  if (value == nullptr || value->is_null())
    return std::nullopt;
  const auto length = parse_duration(*value);
  const timestamp epoch{};
  const auto span = length ? add(epoch, *length) - epoch : duration::max();
  if (length && span >= least && span <= most)
    return span;
  calendar_duration from;
  calendar_duration to;
  from.rest = least;
  to.rest = most;
  members.blame(errc::invalid_request, name,
                "Must be a duration of " + to_text(from) + " to " + to_text(to)
                  + ", such as PT25S.");
  return std::nullopt;
}

void read_worker(const json::value* value, actors::ask_for_jobs& wish,
                 fault_list& faults) {
  if (value == nullptr) {
    faults.add(errc::invalid_request, "/worker", "Is missing.");
    return;
  }
  member_reader members{*value, "/worker", faults};
  wish.worker = members.needed_text("id", name_max);
  if (const auto* labels = members.take("labels"); labels != nullptr) {
    const auto* all = labels->if_object();
    const bool texts = all != nullptr && all->size() <= labels_max
                       && std::ranges::all_of(*all, [](const auto& m) {
                            return m.value().is_string()
                                   && m.value().get_string().size() <= 256;
                          });
    if (!texts)
      members.blame(errc::invalid_request, "labels",
                    "Must be an object of at most 64 texts.");
    else
      for (const auto& m : *all)
        wish.labels.emplace(m.key(), std::string{m.value().get_string()});
  }
  members.finish();
}

/// What a worker hears whose lease is over is a problem of its own.
std::function<response(const actors::answer&)> telling(const call& from) {
  return [path = std::string{from.where.path}](const actors::answer& said) {
    constexpr std::uint32_t conflict = 409;
    return said.status == conflict
             ? problem(refused::lease_lost, said.body, path)
             : answer_response(said);
  };
}

void read_heartbeat(const call& from, member_reader& members,
                    actors::lease_wish& wish) {
  if (const auto* progress = members.take("progress"))
    wish.progress = *progress;
  if (wish.progress && to_text(*wish.progress).size() > progress_max)
    members.blame(errc::invalid_request, "progress",
                  "Must be at most 4096 bytes.");
  if (const auto* checkpoint = members.take("checkpoint"))
    wish.checkpoint = *checkpoint;
  const auto most = from.options.checkpoint_bytes_max;
  if (wish.checkpoint && to_text(*wish.checkpoint).size() > most)
    members.blame(errc::invalid_request, "checkpoint",
                  "Must be at most " + std::to_string(most) + " bytes.");
  wish.extend = length_of(members, "extend", std::chrono::seconds{1},
                          from.options.lease_max);
}

/// The members of a problem; what the worker says less than needed is filled
/// in, so that it is never empty.
void read_usage(member_reader& members, actors::lease_wish& wish) {
  const auto* usage = members.take("usage");
  if (usage == nullptr)
    return;
  if (const auto* numbers = usage->if_object())
    wish.usage = *numbers;
  else
    members.blame(errc::invalid_request, "usage",
                  "Must be an object of numbers.");
}

void read_failure(member_reader& members, actors::lease_wish& wish,
                  fault_list& faults) {
  if (const auto* error = members.take("error"); error != nullptr) {
    member_reader parts{*error, "/error", faults};
    for (const auto* name : {"type", "title", "detail"})
      if (const auto text = parts.text(name, 16384))
        wish.error[name] = *text;
    if (const auto status = parts.count("status"))
      wish.error["status"] = *status;
    if (const auto* object = error->if_object())
      for (const auto& m : *object)
        if (!wish.error.contains(m.key()) && m.key() != "instance")
          wish.error[m.key()] = m.value();
  }
  if (!members.flag("retryable").value_or(true))
    wish.error["retryable"] = false;
  if (!wish.error.contains("detail") && !wish.error.contains("title"))
    wish.error["detail"] = "the worker has failed the task";
}

outcome act(const call& from, verb what) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  member_reader members{sent->body, "", faults};
  actors::lease_wish wish;
  wish.token = std::string{from.names.front()};
  wish.what = what;
  wish.by = from.by;
  wish.proven = from.who;
  if (what == verb::heartbeat)
    read_heartbeat(from, members, wish);
  if (what == verb::complete || what == verb::fail)
    read_usage(members, wish);
  if (what == verb::complete)
    if (const auto* output = members.take("output"))
      wish.output = *output;
  if (what == verb::fail)
    read_failure(members, wish, faults);
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  if (what == verb::complete || what == verb::fail)
    wish.digest = sha256((what == verb::fail ? "fail\n" : "complete\n")
                         + std::string{from.message.body});
  else
    wish.once = std::move(sent->once);
  auto out = ask(from, &actors::gateway::act_on_lease, std::move(wish));
  out.tell = telling(from);
  return out;
}

/// Gives back what nobody got, since the client has hung up meanwhile.
void give_back(const actors::gateway& daemon, const actors::answer& said) {
  const auto body = parse_json(said.body, 80);
  if (!body || said.status != 200)
    return;
  for (const auto& lease : body->at("leases").as_array()) {
    actors::lease_wish wish;
    wish.token = std::string{lease.at("token").as_string()};
    wish.what = verb::release;
    daemon.act_on_lease(std::move(wish), [](const actors::reply&) {});
  }
}

} // namespace

outcome lease_jobs(const call& from) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  actors::ask_for_jobs wish;
  wish.queue = std::string{from.names.front()};
  wish.by = from.by;
  if (!is_queue_name(wish.queue))
    return refuse({errc::not_found, "No queue can have this name."}, from);
  member_reader members{sent->body, "", faults};
  const auto* worker = members.take("worker");
  if (sent->body.is_object())
    read_worker(worker, wish, faults);
  wish.max = members.count("max").value_or(1);
  if (wish.max > leases_max)
    members.blame(errc::invalid_request, "max", "Must be at most 100.");
  wish.wait = length_of(members, "wait", duration{}, from.options.wait_max)
                .value_or(duration{});
  wish.lease = length_of(members, "lease", std::chrono::seconds{1},
                         from.options.lease_max);
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  // With a key the client comes again for the same answer.
  const bool repeats = sent->once.has_value();
  wish.once = std::move(sent->once);
  const auto patience = wish.wait;
  auto out = ask(from, &actors::gateway::lease, std::move(wish));
  out.patience = patience;
  if (!repeats)
    out.undelivered = [&daemon = from.daemon](const actors::answer& said) {
      give_back(daemon, said);
    };
  return out;
}

outcome heartbeat(const call& from) {
  return act(from, verb::heartbeat);
}
outcome complete_job(const call& from) {
  return act(from, verb::complete);
}
outcome fail_job(const call& from) {
  return act(from, verb::fail);
}
outcome release_job(const call& from) {
  return act(from, verb::release);
}

outcome list_queues(const call& from) {
  auto page = page_of(from);
  if (!page)
    return refuse(page.error(), from);
  order out{[&daemon = from.daemon](auto done) {
    daemon.list_queues(std::move(done));
  }};
  out.tell = [page = std::move(*page)](const actors::answer& said) {
    return tell_page(said, page,
                     [](auto name, auto cursor) { return name > cursor; });
  };
  return out;
}

outcome read_queue(const call& from) {
  return ask(from, &actors::gateway::read_queue,
             std::string{from.names.front()});
}

} // namespace pawl::http::handlers
