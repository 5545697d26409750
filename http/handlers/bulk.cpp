#include "actors/bulk/wish.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"
#include "http/handlers/verb_arguments.hpp"

#include <charconv>

namespace pawl::http::handlers {

namespace {

constexpr double rate_min = 0.01;
constexpr double rate_max = 1000;
constexpr std::size_t reason_max = 1024;

actors::bulk_ref bulk_named(const call& from) {
  return {std::string{from.names[0]}, from.by};
}

/// `label.k: v` as in the query of a list, for the prefix "label."; each key
/// is kept behind `mark`.
void read_named(const json::object& given, member_reader& members,
                std::string_view prefix, const std::string& mark,
                actors::bulk_filter& f) {
  for (const auto& [key, value] : given) {
    const std::string_view name{key};
    if (!name.starts_with(prefix))
      continue;
    if (const auto text = members.text(name))
      f.labels.emplace(mark + std::string{name.substr(prefix.size())}, *text);
  }
}

/// Labels, and what definitions say it is found by: `labels: {k: v}` or
/// `label.k: v`, `index: {k: v}` or `index.k: v`.
void read_filter_labels(const json::object& given, member_reader& members,
                        actors::bulk_filter& f, fault_list& faults) {
  const std::string mark{storage::attribute_mark};
  f.labels = read_labels(members.take("labels"), faults);
  read_named(given, members, "label.", "", f);
  read_named(given, members, "index.", mark, f);
  const auto* index = members.take("index");
  if (index == nullptr)
    return;
  const auto* names = index->if_object();
  if (names == nullptr)
    return members.blame(errc::invalid_request, "index",
                         "Must be an object of texts.");
  for (const auto& [name, value] : *names)
    if (const auto* text = value.if_string())
      f.labels.emplace(mark + std::string{name}, std::string{*text});
    else
      members.blame(errc::invalid_request, "index",
                    "Must be an object of texts.");
}

actors::bulk_filter read_filter(const json::value* given, fault_list& faults) {
  actors::bulk_filter f;
  if (given == nullptr) {
    faults.add(errc::invalid_request, "/filter",
               "Is missing; an empty object selects all.");
    return f;
  }
  member_reader members{*given, "/filter", faults};
  if (!given->is_object())
    return f;
  f.ns = members.text("namespace", 256).value_or("");
  f.workflow = members.text("workflow", 513).value_or("");
  if (const auto why = split_workflow(f.ns, f.workflow); !why.empty())
    members.blame(errc::invalid_request, "workflow",
                  "The workflow " + std::string{why});
  f.version = members.text("version", 256).value_or("");
  f.state = members.text("state", 256).value_or("");
  if (const auto text = members.text("status")) {
    f.status = parse_status(*text);
    if (!f.status)
      members.blame(errc::invalid_request, "status", "Names no status.");
  }
  read_filter_labels(given->get_object(), members, f, faults);
  f.started_after = members.time("startedAfter");
  f.started_before = members.time("startedBefore");
  f.quarantined = members.flag("quarantined");
  members.finish();
  return f;
}

const json::value& nothing() {
  static const json::value none(json::object_kind); // Braces make a list.
  return none;
}

/// Reads them as the verb itself would, with its reason.
void read_arguments(const json::value* given, actors::bulk_order& into,
                    fault_list& faults) {
  if (given == nullptr || given->is_null())
    return read_arguments(&nothing(), into, faults);
  member_reader members{*given, "/args", faults};
  if (into.action != actors::bulk_action::remove) {
    auto wish = actors::wish_of(into, {});
    read_verb_arguments(members, wish);
  }
  into.reason = members.text("reason", reason_max).value_or("");
  members.finish();
  if (!given->is_object())
    return;
  into.args = given->get_object();
  into.args.erase("reason");
}

double read_rate(member_reader& members) {
  const auto* value = members.take("ratePerSecond");
  if (value == nullptr || value->is_null())
    return 0;
  const auto rate = value->is_number() ? value->to_number<double>() : 0;
  if (rate >= rate_min && rate <= rate_max)
    return rate;
  members.blame(errc::invalid_request, "ratePerSecond",
                "Must be a number from 0.01 to 1000.");
  return 0;
}

actors::create_bulk read_order(const json::value& body, fault_list& faults) {
  actors::create_bulk wish;
  auto& o = wish.what;
  member_reader members{body, "", faults};
  if (!body.is_object())
    return wish;
  const auto name = members.needed_text("action");
  const auto action = actors::parse_bulk_action(name);
  if (!action && !name.empty())
    members.blame(errc::invalid_request, "action",
                  "Must be one of pause, resume, cancel, retry, skip, "
                  "complete, fail, rollback and delete.");
  const auto* args = members.take("args");
  if (action) {
    o.action = *action;
    read_arguments(args, o, faults);
  }
  o.filter = read_filter(members.take("filter"), faults);
  o.rate = read_rate(members);
  o.limit = members.count("limit").value_or(0);
  if (auto reason = members.text("reason", reason_max))
    o.reason = std::move(*reason);
  wish.dry_run = members.flag("dryRun").value_or(false);
  members.finish();
  return wish;
}

outcome act(const call& from, actors::bulk_verb what) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  member_reader members{sent->body, "", faults};
  actors::act_on_bulk wish{.which = bulk_named(from),
                           .what = what,
                           .reason
                           = members.text("reason", reason_max).value_or(""),
                           .once = std::move(sent->once)};
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::act_on_bulk_of, std::move(wish));
}

} // namespace

outcome order_bulk(const call& from) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  auto wish = read_order(sent->body, faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  wish.once = std::move(sent->once);
  wish.who = from.who;
  wish.by = from.by;
  return ask(from, &actors::gateway::order_bulk, std::move(wish));
}

outcome list_bulks(const call& from) {
  fault_list faults;
  actors::list_bulks wish;
  wish.ns = text_of(from, "namespace").value_or("");
  if (const auto* text = from.parameter("status")) {
    wish.status = actors::parse_bulk_status(*text);
    if (!wish.status)
      faults.add(errc::invalid_request, "",
                 "The query parameter `status` must be running, paused, "
                 "stopped or completed.");
  }
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  wish.by = from.by;
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_of_bulks, std::move(wish));
}

outcome read_bulk(const call& from) {
  return ask(from, &actors::gateway::read_bulk, bulk_named(from));
}

outcome report_bulk(const call& from) {
  fault_list faults;
  actors::list_bulk_items wish;
  wish.which = bulk_named(from);
  if (const auto* text = from.parameter("outcome")) {
    wish.outcome = actors::parse_bulk_outcome(*text);
    if (!wish.outcome)
      faults.add(errc::invalid_request, "",
                 "The query parameter `outcome` must be pending, done, "
                 "refused, failed, unknown or left.");
  }
  wish.limit = limit_of(from, faults);
  if (const auto text = text_of(from, "cursor"); text && !text->empty()) {
    const auto* end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, wish.after);
    if (read.ec != std::errc{} || read.ptr != end)
      faults.add(errc::malformed, "", "The cursor is none that a list gave.");
  }
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::report_of_bulk, std::move(wish));
}

outcome pause_bulk(const call& from) {
  return act(from, actors::bulk_verb::pause);
}
outcome resume_bulk(const call& from) {
  return act(from, actors::bulk_verb::resume);
}
outcome stop_bulk(const call& from) {
  return act(from, actors::bulk_verb::stop);
}

} // namespace pawl::http::handlers
