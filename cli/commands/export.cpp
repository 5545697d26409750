#include "cli/commands/commands.hpp"
#include "cli/commands/list_filter.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct export_options {
  list_filter which;
  std::string after; ///< The `resume` of the last line that was written.
  std::string file;  ///< Goes on where the file ends; "" for stdout.
  bool without_history = false;
};

/// Where an export stands: the page that it reads, and the last instance of it
/// that was written. In a line: TIME/NAMESPACE/ID/CURSOR.
struct position {
  std::string created;
  std::string ns;
  std::string id;
  std::string cursor;
};

std::string to_text(const position& at) {
  return fmt::format("{}/{}/{}/{}", at.created, at.ns, at.id, at.cursor);
}

outcome<position> parse_position(const std::string& text) {
  const auto first = text.find('/');
  const auto second = text.find('/', first + 1);
  const auto third = text.find('/', second + 1);
  if (first == 0 || first == text.npos || second == text.npos
      || third == text.npos)
    return failure{exit_code::usage, "--after takes the `resume` of the last "
                                     "line of an export"};
  return position{
    text.substr(0, first), text.substr(first + 1, second - first - 1),
    text.substr(second + 1, third - second - 1), text.substr(third + 1)};
}

/// Leaves out what was written before. The list is newest first, and an
/// instance that was started since comes before all that stood there.
class skipper {
public:
  explicit skipper(std::optional<position> last) : last_{std::move(last)} {}

  /// Of the instances of one page, the first that is to be written.
  std::size_t first_of(const json::array& items) {
    if (!last_)
      return 0;
    std::size_t i = 0;
    while (i < items.size()
           && text_at(items[i], {"createdAt"}) > last_->created)
      ++i;
    const auto equal = i;
    while (i < items.size()
           && text_at(items[i], {"createdAt"}) == last_->created) {
      if (text_at(items[i], {"id"}) == last_->id
          && text_at(items[i], {"workflow", "namespace"}) == last_->ns) {
        last_.reset();
        return i + 1;
      }
      ++i;
    }
    if (equal == items.size())
      return equal; // All of this page is newer: the next one goes on.
    // It was purged since: what has the same time may come twice.
    last_.reset();
    return equal;
  }

private:
  std::optional<position> last_;
};

/// Writes one instance as a line, its history piece by piece: it may be longer
/// than what fits into memory.
class exporter {
public:
  exporter(session& s, std::ostream& out, const export_options& o)
      : s_{s}, out_{out}, options_{o} {}

  outcome<> write(const json::value& item, const std::string& cursor);
  [[nodiscard]] std::uint64_t written() const { return written_; }

private:
  outcome<> write_history(const std::string& ns, const std::string& id);

  session& s_;
  std::ostream& out_;
  const export_options& options_;
  std::uint64_t written_ = 0;
};

std::string target_of(const std::string& ns, const std::string& id,
                      const std::string& rest) {
  auto target = "/v1/instances/" + url_encode(id) + rest;
  add_query(target, "namespace", ns);
  return target;
}

outcome<> exporter::write_history(const std::string& ns,
                                  const std::string& id) {
  std::string after = "0";
  bool first = true;
  for (;;) {
    auto target = target_of(ns, id, "/history");
    add_query(target, "after", after);
    add_query(target, "limit", "500");
    auto page = call(s_, {.target = target}, {}, id);
    if (!page)
      return page.error();
    const auto* items = find_at(*page, {"items"});
    if (items == nullptr || !items->is_array() || items->get_array().empty())
      return {};
    for (const auto& one : items->get_array()) {
      out_ << (first ? "" : ",") << pawl::to_text(one);
      first = false;
      after = text_at(one, {"sequence"});
    }
    if (text_at(*page, {"nextCursor"}).empty())
      return {};
  }
}

outcome<> exporter::write(const json::value& item, const std::string& cursor) {
  const position at{text_at(item, {"createdAt"}),
                    text_at(item, {"workflow", "namespace"}),
                    text_at(item, {"id"}), cursor};
  auto whole = call(s_, {.target = target_of(at.ns, at.id, {})}, {}, at.id);
  if (!whole && whole.error().code == exit_code::not_found) {
    s_.err << "purged meanwhile: " << printable(at.id) << '\n';
    return {};
  }
  if (!whole)
    return whole.error();
  out_ << R"({"instance":)" << pawl::to_text(*whole);
  if (!options_.without_history) {
    out_ << R"(,"history":[)";
    if (auto done = write_history(at.ns, at.id); !done)
      return done;
    out_ << ']';
  }
  out_ << R"(,"resume":)" << pawl::to_text(json::value(to_text(at))) << "}\n";
  if (!out_.flush())
    return failure{exit_code::error, "cannot write the export"};
  ++written_;
  return {};
}

outcome<exit_code> export_to(session& s, const export_options& o,
                             std::ostream& out) {
  std::optional<position> last;
  if (!o.after.empty()) {
    auto parsed = parse_position(o.after);
    if (!parsed)
      return parsed.error();
    last = std::move(*parsed);
  }
  const auto base = list_target(s, o.which, 100);
  if (!base)
    return base.error();
  std::string cursor = last ? last->cursor : "";
  skipper skip{std::move(last)};
  exporter lines{s, out, o};
  do {
    auto target = *base;
    add_query(target, "cursor", cursor);
    auto page = call(s, {.target = target});
    if (!page)
      return page.error();
    if (const auto* items = find_at(*page, {"items"});
        items != nullptr && items->is_array()) {
      const auto& all = items->get_array();
      for (auto i = skip.first_of(all); i < all.size(); ++i)
        if (auto done = lines.write(all[i], cursor); !done)
          return done.error();
    }
    cursor = text_at(*page, {"nextCursor"});
  } while (!cursor.empty());
  s.err << "exported " << lines.written() << '\n';
  return exit_code::ok;
}

constexpr std::streamoff block = 64 << 10;

std::string bytes_of(std::ifstream& in, std::streamoff from,
                     std::streamoff until) {
  std::string bytes(static_cast<std::size_t>(until - from), '\0');
  in.seekg(from);
  in.read(bytes.data(), until - from);
  return bytes;
}

/// Where the last whole line ends; 0 if there is none.
std::streamoff end_of_lines(std::ifstream& in, std::streamoff size) {
  for (auto until = size; until > 0;) {
    const auto from = std::max<std::streamoff>(0, until - block);
    const auto bytes = bytes_of(in, from, until);
    if (const auto at = bytes.rfind('\n'); at != bytes.npos)
      return from + static_cast<std::streamoff>(at) + 1;
    until = from;
  }
  return 0;
}

/// Cuts an unfinished last line off and returns the `resume` of the one before;
/// "" for a file that is not there or holds no line. A line may be longer than
/// memory, but what it ends with is short.
outcome<std::string> end_of(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed))
    return std::string{};
  std::ifstream in{path, std::ios::binary | std::ios::ate};
  const std::streamoff size = in.tellg();
  if (!in)
    return failure{exit_code::usage, "cannot read " + path};
  const auto end = end_of_lines(in, size);
  const auto tail = bytes_of(in, std::max<std::streamoff>(0, end - block), end);
  constexpr std::string_view mark = R"(,"resume":)";
  const auto at = tail.rfind(mark);
  std::string resume;
  if (at != tail.npos && tail.ends_with("}\n")) {
    const auto text = parse_json(std::string_view{tail}.substr(
      at + mark.size(), tail.size() - 2 - at - mark.size()));
    if (text && text->is_string())
      resume = text->get_string();
  }
  if (resume.empty() && end != 0)
    return failure{exit_code::usage, path + " is not an export"};
  if (end != size)
    std::filesystem::resize_file(path, static_cast<std::uintmax_t>(end),
                                 failed);
  if (failed)
    return failure{exit_code::error, "cannot cut " + path};
  return resume;
}

outcome<exit_code> export_all(session& s, export_options o) {
  if (o.file.empty())
    return export_to(s, o, s.out);
  auto end = end_of(o.file);
  if (!end)
    return end.error();
  if (!end->empty())
    o.after = *end;
  std::ofstream out{o.file, std::ios::binary | std::ios::app};
  if (!out)
    return failure{exit_code::error, "cannot write to " + o.file};
  return export_to(s, o, out);
}

} // namespace

void add_export(CLI::App& app, action& chosen) {
  auto o = std::make_shared<export_options>();
  auto* cmd = app.add_subcommand(
    "export", "Write instances with their history as JSON, a line each");
  add_list_filter(*cmd, o->which);
  cmd
    ->add_option("--to", o->file,
                 "Write to this file; if it is there, go on where it ends")
    ->type_name("FILE");
  cmd
    ->add_option("--after", o->after,
                 "Go on after the line that has this `resume`")
    ->type_name("RESUME");
  cmd->add_flag("--without-history", o->without_history,
                "Only the instances themselves");
  cmd->footer("Newest first.\nExamples:\n"
              "  pawl export --to all.jsonl\n"
              "  pawl export -s completed --started-before "
              "2026-01-01T00:00:00Z | zstd > 2025.jsonl.zst");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return export_all(s, *o); }; });
}

} // namespace pawl::cli::commands
