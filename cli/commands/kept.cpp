#include "cli/commands/kept.hpp"

#include "cli/commands/each.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

void show(session& s, const kept_words& words, const json::value& data,
          const std::vector<json::value>& all) {
  table rows{{"NAME", "NAMESPACE"}, {}};
  rows.header.insert(rows.header.end(), words.header.begin(),
                     words.header.end());
  std::vector<std::string> names;
  for (const auto& one : all) {
    names.push_back(text_at(one, {"name"}));
    auto& row = rows.rows.emplace_back();
    row = {names.back(), text_at(one, {"namespace"})};
    auto cells = words.cells(one);
    row.insert(row.end(), cells.begin(), cells.end());
  }
  print(s, data, rows, names);
}

outcome<exit_code> list(session& s, const kept_words& words) {
  auto target = std::string{words.path} + "?limit=1000";
  add_query(target, "namespace", s.ns);
  auto items = all_items(s, target);
  if (!items)
    return items.error();
  show(s, words, as_list(*items), *items);
  if (s.output == format::table && items->empty())
    s.err << "no " << words.many << '\n';
  return exit_code::ok;
}

outcome<exit_code> show_one(session& s, const kept_words& words,
                            const std::string& name) {
  auto found = call(s, {.target = kept_target(s, words, name)});
  if (!found)
    return found.error();
  if (s.output == format::table)
    s.out << to_yaml(*found);
  else
    show(s, words, *found, {*found});
  return exit_code::ok;
}

} // namespace

std::string kept_target(const session& s, const kept_words& words,
                        const std::string& name, const std::string& rest) {
  auto target = fmt::format("{}/{}{}", words.path, url_encode(name), rest);
  add_query(target, "namespace", s.ns);
  return target;
}

outcome<exit_code> put_kept(session& s, const kept_words& words,
                            const std::string& name, const json::object& body,
                            const std::string& reason) {
  auto target = kept_target(s, words, name);
  add_query(target, "reason", reason);
  auto made = call(s, {.method = "PUT",
                       .target = std::move(target),
                       .headers = {{"Content-Type", "application/json"}},
                       .body = to_text(json::value(body))});
  if (!made)
    return made.error();
  show(s, words, *made, {*made});
  return exit_code::ok;
}

void add_kept(CLI::App& group, action& chosen, const kept_words& words) {
  group
    .add_subcommand("ls", fmt::format("List the {}; with -n, those of that "
                                      "namespace",
                                      words.many))
    ->callback([&chosen, &words] {
      chosen = [&words](session& s) { return list(s, words); };
    });
  auto name = std::make_shared<std::string>();
  auto* one
    = group.add_subcommand("show", fmt::format("All of one {}", words.one));
  one->add_option("name", *name, "Its name")->required()->type_name("NAME");
  one->callback([name, &chosen, &words] {
    chosen = [name, &words](session& s) { return show_one(s, words, *name); };
  });
  auto* gone = group.add_subcommand("rm", fmt::format("Remove {}", words.many));
  auto which
    = add_removal(*gone, "name", "Which; - reads them from stdin", "NAME...");
  gone->callback([which, &chosen, &words] {
    chosen = [which, &words](session& s) {
      return delete_each(s, *which, "removed",
                         [&](const std::string& each) -> outcome<std::string> {
                           return kept_target(s, words, each);
                         });
    };
  });
}

} // namespace pawl::cli::commands
