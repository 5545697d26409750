#include "actors/faults/fault_injector.hpp"

#include "base/log.hpp"
#include "base/overload.hpp"
#include "workflow/problem.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace pawl::actors {

namespace {

bool fits(const injection& what, const struck_place& where) {
  const auto& on = what.on;
  if (where.host_only && on.host.empty())
    return false;
  return covers(on, where.at) && names_task(on, where.task)
         && (on.queue.empty() || on.queue == where.queue)
         && (on.host.empty() || names_host(on, where.uri));
}

worker_outcome failing(std::string type, std::string title,
                       std::uint32_t status, const std::string& detail) {
  return {.output = nullptr,
          .error = {{"type", std::move(type)},
                    {"title", std::move(title)},
                    {"status", status},
                    {"detail", detail}}};
}

std::string row_id(const std::string& ns, const std::string& name) {
  return "fault/" + ns + "/" + name;
}

/// Brings `what` into what strikes. The first that ends the effect does.
void add(strike& out, const injection& what) {
  const auto detail = "injected fault '" + what.name + "': " + what.reason;
  const auto communication = error_type(error_kind::communication);
  const auto instead = [&](worker_outcome how) {
    if (!out.instead && !out.kills)
      out.instead = effect_outcome{std::move(how)};
  };
  std::visit(
    overload{
      [&](const injections::status& x) {
        auto text = detail + " (status " + std::to_string(x.code) + ")";
        if (!x.body.empty())
          text += ": " + x.body;
        instead(failing(communication, "Communication Error", x.code, text));
      },
      [&](const injections::reset&) {
        instead(failing(
          communication, "Communication Error",
          static_cast<std::uint32_t>(error_status(error_kind::communication)),
          detail + " (the connection was reset)"));
      },
      [&](const injections::latency& x) { out.latency += x.length; },
      [&](const injections::error& x) {
        instead(failing(x.type, x.title, x.status, detail));
      },
      [&](const injections::kill&) { out.kills = !out.instead.has_value(); }},
    what.what);
  if (!out.detail.empty())
    out.detail += "; ";
  out.detail += detail;
}

} // namespace

result<json::object> fault_injector::read(const kept_ref&,
                                          const json::value& sent) {
  return checked_injection(sent, world_.now());
}

bool fault_injector::is_active(const entry& e) const {
  return e.what.until > world_.now()
         && (!e.what.times || e.struck < *e.what.times);
}

void fault_injector::changed(const std::string& ns, const std::string& name,
                             const kept_thing* now) {
  std::optional<injection> fresh;
  {
    const std::lock_guard guard{lock_};
    all_.erase({ns, name});
    if (now != nullptr) {
      fresh = injection_of(ns, name, now->body);
      all_.emplace(key{ns, name},
                   entry{*fresh, now->body.at("do").as_object()});
    }
    count_ = all_.size();
    hosts_ = static_cast<std::size_t>(std::ranges::count_if(
      all_, [](const auto& e) { return !e.second.what.on.host.empty(); }));
  }
  if (fresh)
    arm(*fresh);
  else
    world_.write({}, {row_id(ns, name)});
}

/// Its end comes by itself.
void fault_injector::arm(const injection& what) {
  const auto left = std::max(what.until - world_.now(), duration{1});
  world_.wake(left, [weak = weak_from_this(), what] {
    const auto me = weak.lock();
    if (!me)
      return;
    {
      const std::lock_guard guard{me->lock_};
      const auto found = me->all_.find({what.ns, what.name});
      if (found == me->all_.end() || found->second.what.until != what.until)
        return;
    }
    if (me->world_.now() < what.until) // The alarm was early.
      return me->arm(what);
    me->world_.forget(what.ns, what.name);
  });
}

json::object fault_injector::shown(const kept_thing& what) {
  auto out = what.body;
  const std::lock_guard guard{lock_};
  if (const auto found = all_.find({what.ns, what.name}); found != all_.end()) {
    out["struck"] = found->second.struck;
    out["active"] = is_active(found->second);
  } else {
    out["struck"] = 0;
    out["active"] = true;
  }
  return out;
}

void fault_injector::restore(const std::vector<storage::stored_record>& rows) {
  const std::lock_guard guard{lock_};
  for (const auto& row : rows) {
    const auto read = parse_json(row.state);
    if (!read || !read->is_object() || !read->get_object().contains("fault"))
      continue; // Another's count.
    const auto& o = read->get_object();
    const auto found = all_.find({std::string{o.at("namespace").as_string()},
                                  std::string{o.at("fault").as_string()}});
    if (found != all_.end()
        && unix_ms(found->second.what.until) == o.at("until").as_int64())
      found->second.struck = o.at("struck").to_number<std::uint64_t>();
  }
}

strike fault_injector::strikes(const struck_place& where) {
  strike out;
  if (empty())
    return out;
  std::vector<storage::stored_record> rows;
  {
    const std::lock_guard guard{lock_};
    for (auto& [id, e] : all_) {
      if (!is_active(e) || !fits(e.what, where)
          || (e.what.probability < 1 && world_.chance() >= e.what.probability))
        continue;
      ++e.struck;
      ++totals_[std::string{word_for(e.what.what)}];
      add(out, e.what);
      log::warn("fault.injected", {{"fault", id.second},
                                   {"does", word_for(e.what.what)},
                                   {"namespace", where.at.ns},
                                   {"workflow", where.at.workflow},
                                   {"task", where.task}});
      if (e.what.times)
        rows.push_back({row_id(id.first, id.second),
                        to_text(json::value{{"namespace", id.first},
                                            {"fault", id.second},
                                            {"until", unix_ms(e.what.until)},
                                            {"struck", e.struck}})});
    }
  }
  if (!rows.empty())
    world_.write(std::move(rows), {});
  return out;
}

json::array fault_injector::threats(const struck_place& where) const {
  json::array out;
  if (empty())
    return out;
  const std::lock_guard guard{lock_};
  for (const auto& [id, e] : all_)
    if (is_active(e) && fits(e.what, where))
      out.emplace_back(json::object{{"name", id.second},
                                    {"task", where.task},
                                    {"do", e.shown_do},
                                    {"probability", e.what.probability},
                                    {"until", to_text(e.what.until)},
                                    {"reason", e.what.reason}});
  return out;
}

std::string fault_injector::metrics() const {
  const std::lock_guard guard{lock_};
  const auto active = std::ranges::count_if(
    all_, [this](const auto& e) { return is_active(e.second); });
  auto out = fmt::format(
    "# HELP pawl_injected_faults Injected faults that may strike now.\n"
    "# TYPE pawl_injected_faults gauge\n"
    "pawl_injected_faults {}\n"
    "# HELP pawl_injected_faults_total Effects that were struck, by what was "
    "done.\n"
    "# TYPE pawl_injected_faults_total counter\n",
    active);
  for (const auto* word : {"status", "reset", "latency", "error", "kill"}) {
    const auto found = totals_.find(word);
    out += fmt::format("pawl_injected_faults_total{{do=\"{}\"}} {}\n", word,
                       found == totals_.end() ? 0 : found->second);
  }
  return out;
}

} // namespace pawl::actors
