#include "workflow/parse/builtin.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

/// `{name}:{version}@{catalog}`
struct catalog_function {
  std::string_view name, version, catalog;
};

std::optional<catalog_function> split(std::string_view text) {
  const auto at = text.rfind('@');
  const auto colon = text.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos
      || colon == 0 || colon + 1 >= at || at + 1 == text.size())
    return std::nullopt;
  const catalog_function out{text.substr(0, colon),
                             text.substr(colon + 1, at - colon - 1),
                             text.substr(at + 1)};
  // They become parts of a path.
  constexpr std::string_view bad = "/\\?#%{}: \t\r\n";
  if (out.name.find_first_of(bad) != text.npos
      || out.version.find_first_of(bad) != text.npos
      || out.name.starts_with('.') || out.version.starts_with('.'))
    return std::nullopt;
  return out;
}

void report_unknown_function(context& c, const pending_call& call) {
  std::vector<std::string_view> names{"http", "openapi", "approval",
                                      "log",  "notify",  "worker"};
  if (const auto* all = c.functions_written.value;
      all != nullptr && all->is_object())
    for (const auto& each : all->get_object())
      names.emplace_back(each.key().data(), each.key().size());
  c.faults.invalid(call.where, "'use.functions' has no " + quoted(call.name)
                                 + ", and no protocol or built-in function "
                                   "has that name."
                                 + did_you_mean(call.name, names));
}

/// The function of the resource `what`, which is numbered behind all others
/// when it is first called.
std::optional<task_index> open_function(context& c, const std::string& pointer,
                                        const fixed_endpoint& what,
                                        std::string name, const cursor& where) {
  if (const auto made = c.functions_made.find(pointer);
      made != c.functions_made.end())
    return made->second;
  const auto* part = open_resource(c, what, where);
  if (part == nullptr)
    return std::nullopt;
  const reading_part inside{c.faults, part};
  const auto made = read_lone_task(c, part->root(pointer), std::move(name));
  c.functions_made[pointer] = made;
  c.functions.push_back(made);
  return made;
}

std::optional<task_index> from_catalog(context& c, const pending_call& call) {
  const auto wanted = split(call.name);
  if (!wanted) {
    c.faults.invalid(call.where, quoted(call.name)
                                   + " is not a function of a catalog, which "
                                     "is written 'name:version@catalog'");
    return std::nullopt;
  }
  if (wanted->catalog == "default") {
    c.faults.unsupported(call.where,
                         "the function " + quoted(call.name)
                           + " of the built-in catalog",
                         " It has 'approval:1.0.0@default', "
                         "'log:1.0.0@default', 'notify:1.0.0@default' and "
                         "'worker:1.0.0@default'.");
    return std::nullopt;
  }
  const auto found = c.catalogs_made.find(wanted->catalog);
  if (found == c.catalogs_made.end()) {
    std::vector<std::string_view> names{"default"};
    for (const auto& each : c.catalogs_made)
      names.emplace_back(each.first);
    c.faults.invalid(call.where, "'use.catalogs' has no "
                                   + quoted(wanted->catalog) + "."
                                   + did_you_mean(wanted->catalog, names));
    return std::nullopt;
  }
  auto what = found->second;
  if (what.uri.empty()) // Its fault has been told.
    return std::nullopt;
  while (what.uri.ends_with('/'))
    what.uri.pop_back();
  what.uri.append("/functions/")
    .append(wanted->name)
    .append("/")
    .append(wanted->version)
    .append("/function.yaml");
  const auto in = pointer_join("/use/catalogs", wanted->catalog) + "/functions";
  const auto own
    = std::string{wanted->name} + ':' + std::string{wanted->version};
  return open_function(c, pointer_join(in, own), what,
                       std::string{wanted->name}, call.where);
}

/// A function by URL. That of a page that shows a file stands for the file.
std::optional<task_index> from_url(context& c, const pending_call& call) {
  const std::string_view text = call.name;
  if (!text.starts_with("https://") && !text.starts_with("http://")
      && !text.starts_with("file://")) {
    c.faults.unsupported(
      call.where, "a function by " + quoted(text.substr(0, text.find(':'))));
    return std::nullopt;
  }
  if (text.find_first_of("{} \t\r\n") != text.npos) {
    c.faults.invalid(call.where, "the URL of a function is taken as it stands, "
                                 "but this one is none");
    return std::nullopt;
  }
  return open_function(c, pointer_join("/use/functions", text),
                       {raw_uri(call.name), std::nullopt}, call.name,
                       call.where);
}

std::optional<task_index> find_function(context& c, const pending_call& call) {
  if (const auto own
      = c.functions_made.find(pointer_join("/use/functions", call.name));
      own != c.functions_made.end())
    return own->second;
  if (call.name.find("://") != std::string::npos)
    return from_url(c, call);
  if (call.name.find('@') != std::string::npos)
    return from_catalog(c, call);
  report_unknown_function(c, call);
  return std::nullopt;
}

/// Looks for functions that lead back to themselves, or too deep.
class nesting {
public:
  explicit nesting(context& c) : c_{c} {}

  void check() {
    for (const auto function : c_.functions)
      visit(function, 1);
  }

private:
  static constexpr std::uint32_t levels_max = 32;
  static constexpr std::uint32_t open = 0; ///< A level that is not known yet.

  void refuse(const pending_call& call, std::string_view why) {
    const reading_part inside{c_.faults, call.part};
    c_.faults.invalid(call.where,
                      "the function " + quoted(call.name) + std::string{why});
  }

  /// How many levels of functions `function` has, itself included.
  std::uint32_t visit(task_index function, std::uint32_t depth) {
    if (const auto known = levels_.find(function); known != levels_.end())
      return known->second;
    levels_[function] = open;
    std::uint32_t most = 0;
    const auto end = c_.out.tasks[function].end;
    // Calls are in the order of their tasks.
    auto call = std::lower_bound(
      c_.calls.begin(), c_.calls.end(), function,
      [](const pending_call& a, task_index b) { return a.owner < b; });
    for (; call != c_.calls.end() && call->owner < end; ++call) {
      const auto to
        = std::get<tasks::call_function>(c_.out.tasks[call->owner].kind)
            .function;
      const auto known = levels_.find(to);
      if (known != levels_.end() && known->second == open) {
        refuse(*call, " calls itself by this; functions cannot be recursive");
      } else if (depth >= levels_max) {
        refuse(*call, " is more than 32 functions deep");
      } else {
        most = std::max(most, visit(to, depth + 1));
        if (most >= levels_max)
          refuse(*call, " is more than 32 functions deep");
      }
    }
    return levels_[function] = most + 1;
  }

  context& c_;
  std::map<task_index, std::uint32_t> levels_;
};

} // namespace

bool is_builtin(const context& c, std::string_view name,
                std::string_view function) {
  if (!name.starts_with(function))
    return false;
  const auto rest = name.substr(function.size());
  if (rest == ":1.0.0@default" || rest == "@default")
    return true;
  const auto* own = c.functions_written.value;
  return rest.empty()
         && (own == nullptr || !own->is_object()
             || !own->get_object().contains(function));
}

void read_catalogs(context& c, const cursor& where) {
  for_members(c, where, "'use.catalogs'",
              [&c](const std::string& name, const cursor& at) {
                object_reader fields{c.faults, at, "a catalog"};
                auto root = read_fixed_endpoint(c, fields.need("endpoint"));
                fields.close();
                if (name == "default")
                  c.faults.invalid_key(at, "the catalog 'default' is built in; "
                                           "give this one another name");
                c.catalogs_made[name]
                  = root ? std::move(*root) : fixed_endpoint{};
              });
}

void read_functions(context& c) {
  for_members(c, c.functions_written, "'use.functions'",
              [&c](const std::string& name, const cursor& at) {
                const auto made = read_lone_task(c, at, name);
                c.functions_made[at.pointer] = made;
                c.functions.push_back(made);
              });
}

void resolve_calls(context& c) {
  // Functions of resources may call others, so the list grows meanwhile.
  for (std::size_t i = 0; i < c.calls.size(); ++i) {
    const auto call = c.calls[i];
    const reading_part inside{c.faults, call.part};
    if (const auto found = find_function(c, call))
      std::get<tasks::call_function>(c.out.tasks[call.owner].kind).function
        = *found;
  }
  if (c.faults.clean() && c.wanted.empty())
    nesting{c}.check();
}

} // namespace pawl::parsing
