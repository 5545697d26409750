#include "cli/commands/bulk_order.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/diagram.hpp"
#include "cli/commands/each.hpp"
#include "cli/commands/list_filter.hpp"
#include "cli/commands/wait_option.hpp"
#include "cli/follow.hpp"
#include "cli/prefix.hpp"
#include "cli/size_text.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct list_options {
  list_filter which;
  std::string sort;
  std::uint32_t limit = 50;
  bool all = false;
  bool size = false;
};

/// How many instances of a list are read one by one for what the list leaves
/// out.
constexpr int read_max = 100;

/// Puts `current` into what has not ended: the list does not tell it.
void add_current(session& s, std::vector<json::value>& instances) {
  int left = read_max;
  for (auto& one : instances) {
    if (has_ended(one) || find_at(one, {"current"}) != nullptr)
      continue;
    if (left-- == 0)
      return;
    std::string target = "/v1/instances/" + url_encode(text_at(one, {"id"}));
    add_query(target, "namespace", text_at(one, {"workflow", "namespace"}));
    // It may be gone by now; then the row stays as the list had it.
    if (auto whole = call(s, {.target = target}))
      if (const auto* current = find_at(*whole, {"current"}))
        one.as_object()["current"] = *current;
  }
}

/// What each takes on disk, in a column of its own.
void add_sizes(table& rows, const std::vector<json::value>& instances) {
  rows.header.emplace_back("SIZE");
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const auto* size = find_at(instances[i], {"sizeBytes"});
    rows.rows[i].push_back(size != nullptr && size->is_number()
                             ? to_size(size->to_number<double>())
                             : std::string{});
  }
}

outcome<exit_code> list(session& s, const list_options& o) {
  auto base = list_target(s, o.which, o.all ? 1000 : o.limit);
  if (!base)
    return base.error();
  add_query(*base, "sort", o.sort);
  json::array items;
  std::string cursor;
  json::value page;
  do {
    auto target = *base;
    add_query(target, "cursor", cursor);
    auto answer = call(s, {.target = target});
    if (!answer)
      return answer.error();
    page = std::move(*answer);
    cursor = text_at(page, {"nextCursor"});
    if (auto* list
        = page.is_object() ? page.get_object().if_contains("items") : nullptr;
        list != nullptr && list->is_array())
      for (auto& item : list->get_array())
        items.push_back(std::move(item));
  } while (o.all && !cursor.empty());
  std::vector<std::string> names;
  std::vector<json::value> instances{items.begin(), items.end()};
  names.reserve(instances.size());
  for (const auto& one : instances)
    names.push_back(text_at(one, {"id"}));
  if (page.is_object())
    page.get_object()["items"] = std::move(items);
  if (s.output == format::table)
    add_current(s, instances);
  auto rows = instance_table(instances, clock::now());
  if (o.size)
    add_sizes(rows, instances);
  print(s, page, rows, names);
  if (s.output == format::table && instances.empty())
    s.err << "no instances\n";
  if (!cursor.empty())
    s.err << "there are more: --limit N or --all\n";
  return exit_code::ok;
}

struct status_options {
  std::vector<std::string> ids;
  diagram_options drawn;
};

outcome<exit_code> draw_all(session& s, const status_options& o) {
  auto did
    = for_each(s, o.ids, [&](const std::string& text) -> outcome<json::value> {
        auto id = resolve_id(s, text);
        if (!id)
          return id.error();
        auto drawn
          = draw(s, instance_target(s, *id, "/diagram"), o.drawn, {}, *id);
        if (!drawn)
          return drawn.error();
        return json::value{};
      });
  if (!did)
    return did.error();
  return did->code;
}

outcome<exit_code> status(session& s, const status_options& o) {
  if (o.drawn.wanted)
    return draw_all(s, o);
  auto did
    = for_each(s, o.ids, [&](const std::string& text) -> outcome<json::value> {
        auto id = resolve_id(s, text);
        if (!id)
          return id.error();
        return call(s, {.target = instance_target(s, *id)}, {}, *id);
      });
  if (!did)
    return did.error();
  if (s.output == format::table) {
    for (const auto& one : did->answers)
      s.out << (&one == &did->answers.front() ? "" : "\n")
            << instance_summary(one, clock::now(), painter{s.colour_out});
    s.out << std::flush;
    return did->code;
  }
  std::vector<std::string> names;
  for (const auto& one : did->answers)
    names.push_back(text_at(one, {"id"}));
  if (!names.empty())
    print(s, data_of(*did), {}, names);
  return did->code;
}

struct purge_options {
  std::vector<std::string> ids;
  bulk_wish all; ///< With -q.
};

outcome<exit_code> purge(session& s, const purge_options& o) {
  if (o.ids.empty() == o.all.query.empty())
    return failure{exit_code::usage,
                   "say which: ids, or -q QUERY, and not both"};
  if (!o.all.query.empty())
    return order_bulk(s, o.all);
  if (o.all.dry_run)
    return failure{exit_code::usage, "--dry-run is for -q QUERY"};
  return delete_each(s, {o.ids, o.all.reason}, "purged",
                     [&](const std::string& text) -> outcome<std::string> {
                       auto id = resolve_id(s, text);
                       if (!id)
                         return id.error();
                       if (!agreed(s, "purge " + *id + " with its history"))
                         return failure{exit_code::error, "it was not purged"};
                       return instance_target(s, *id);
                     });
}

struct result_options {
  std::string id;
  wait_option wait;
};

outcome<exit_code> show_result(session& s, const result_options& o) {
  auto limit = limit_of(o.wait);
  if (!limit)
    return limit.error();
  auto id = resolve_id(s, o.id);
  if (!id)
    return id.error();
  auto instance = o.wait.given
                    ? wait_until_ended(s, *id, *limit)
                    : call(s, {.target = instance_target(s, *id)}, {}, *id);
  if (!instance)
    return instance.error();
  if (!has_ended(*instance))
    return failure{exit_code::not_allowed,
                   fmt::format("the instance is {}, it has no result yet\n"
                               "try: pawl result {} --wait",
                               text_at(*instance, {"status"}), *id)};
  if (text_at(*instance, {"status"}) != "completed")
    return ending(s, *instance);
  const auto* output = find_at(*instance, {"output"});
  json::value value = output == nullptr ? json::value{} : *output;
  if (s.output == format::table)
    s.out << to_pretty(value) << std::flush;
  else if (s.output == format::jsonl)
    s.out << to_text(value) << '\n' << std::flush;
  else
    print(s, value, {}, {*id});
  return exit_code::ok;
}

void add_list(CLI::App& app, action& chosen) {
  auto o = std::make_shared<list_options>();
  auto* cmd = app.add_subcommand("ls", "List instances, newest first");
  add_list_filter(*cmd, o->which);
  cmd
    ->add_option("--sort", o->sort,
                 "By createdAt, updatedAt, startedAt or endedAt; with - before "
                 "it the newest first (-createdAt)")
    ->type_name("[-]TIME");
  cmd->add_option("--limit", o->limit, "At most so many (50)")
    ->check(CLI::Range(1U, 1000U).description(""))
    ->type_name("N");
  cmd->add_flag("--all", o->all, "All pages of the list");
  cmd->add_flag("--size", o->size, "With what each takes on disk");
  cmd->footer("Examples:\n"
              "  pawl ls -s faulted\n"
              "  pawl ls -s waiting --sort=createdAt --limit 5\n"
              "  pawl ls -w default/story --label team=a -o jsonl | jq .id\n"
              "  pawl ls -s running --all -o name | pawl pause -");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return list(s, *o); }; });
}

void add_status(CLI::App& app, action& chosen) {
  auto o = std::make_shared<status_options>();
  auto* cmd = app.add_subcommand("status", "Show instances");
  cmd
    ->add_option("id", o->ids,
                 "Ids, or unique beginnings of them; - for those on stdin")
    ->required()
    ->type_name("ID...");
  auto* drawn = cmd->add_flag("--diagram", o->drawn.wanted,
                              "As a drawing of what is done and what runs");
  add_diagram_options(*cmd, o->drawn);
  for (const auto* detail : {"--format", "--of"})
    cmd->get_option(detail)->needs(drawn);
  cmd->footer("Examples:\n"
              "  pawl status 01JABC\n"
              "  pawl status order-7 -o json | jq '.current[].task'\n"
              "  pawl status order-7 --diagram --format svg > order-7.svg");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return status(s, *o); }; });
}

void add_purge(CLI::App& app, action& chosen) {
  auto o = std::make_shared<purge_options>();
  o->all.action = "delete";
  auto* cmd = app.add_subcommand(
    "purge", "Remove instances that have ended, with their histories");
  cmd
    ->add_option("id", o->ids,
                 "Ids, or unique beginnings of them; - for those on stdin")
    ->type_name("ID...");
  add_bulk_options(*cmd, o->all);
  add_reason(*cmd, o->all.reason);
  cmd->add_flag("--dry-run", o->all.dry_run,
                "With -q: count them and show some, and do nothing");
  cmd->footer(
    "Nothing brings them back; export them first if in doubt.\n"
    "Examples:\n"
    "  pawl ls -s cancelled --all -o name | pawl purge - -y\n"
    "  pawl purge -q 'status=completed workflow=shop/order' --dry-run");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return purge(s, *o); }; });
}

} // namespace

void add_instances(CLI::App& app, action& chosen) {
  add_list(app, chosen);
  add_status(app, chosen);
  add_purge(app, chosen);
  auto o = std::make_shared<result_options>();
  auto* cmd = app.add_subcommand("result", "Print the output of an instance");
  cmd->add_option("id", o->id, "Id, or a unique beginning of one")
    ->required()
    ->type_name("ID");
  add_wait_option(*cmd, o->wait);
  cmd->footer("Examples:\n"
              "  pawl result 01JABC --wait 60 | jq .outcome\n"
              "Without --wait, 4 says that it has not ended. Ended: "
              "0 completed, 10 faulted, 11 cancelled.");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return show_result(s, *o); }; });
}

} // namespace pawl::cli::commands
