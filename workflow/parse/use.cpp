#include "workflow/parse/context.hpp"

#include <algorithm>

namespace pawl::parsing {

namespace {

std::optional<duration_rule> read_timeout_object(context& c,
                                                 const cursor& where, site at) {
  object_reader fields{c.faults, where, "a timeout"};
  auto after = read_duration(c, fields.need("after"), at);
  fields.close();
  return after;
}

error_template read_error_object(context& c, const cursor& where) {
  error_template out;
  object_reader fields{c.faults, where, "an error"};
  out.type = read_uri(c, fields.need("type"), site::task_body)
               .value_or(dynamic_value{});
  out.status = read_integer(c, fields.need("status"), 0).value_or(0);
  out.title = read_text_or_expression(c, fields.take("title"), site::task_body);
  out.detail
    = read_text_or_expression(c, fields.take("detail"), site::task_body);
  const auto instance = fields.take("instance");
  out.instance = read_text_or_expression(c, instance, site::task_body);
  const auto text = instance.text();
  if (text.data() != nullptr && !text.empty() && text.front() != '/'
      && expression::strip_braces(text).data() == nullptr)
    c.faults.invalid(instance, "an error's instance is a JSON Pointer, which "
                               "starts with '/', or an expression in ${ }");
  fields.close();
  return out;
}

/// Whether `program` reads the variable `name`.
bool uses(const expression::program_ptr& program, std::string_view name) {
  if (program == nullptr)
    return false;
  const auto all = program->variables();
  return std::any_of(all.begin(), all.end(),
                     [name](const auto& use) { return use.name == name; });
}

template <class Map>
std::vector<std::string_view> names_of(const Map& made) {
  std::vector<std::string_view> out;
  out.reserve(made.size());
  for (const auto& each : made)
    out.emplace_back(each.first);
  return out;
}

void read_secrets(context& c, const cursor& where) {
  if (where.value == nullptr)
    return;
  if (!where.value->is_array()) {
    c.faults.invalid(where, "'use.secrets' must be a list of names");
    return;
  }
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i) {
    const auto item = where.item(i);
    auto name = read_text(c, item);
    if (!name)
      continue;
    auto& all = c.out.secrets;
    if (std::find(all.begin(), all.end(), *name) != all.end())
      c.faults.invalid(item, "the secret " + quoted(*name)
                               + " is in this list already");
    else
      all.push_back(std::move(*name));
  }
}

} // namespace

void for_members(
  context& c, const cursor& where, std::string_view what,
  const std::function<void(const std::string&, const cursor&)>& read) {
  const object_reader fields{c.faults, where, what};
  if (!fields.is_object())
    return;
  for (std::size_t i = 0; i < where.value->get_object().size(); ++i) {
    const auto key = (where.value->get_object().begin() + i)->key();
    read(std::string{key.data(), key.size()}, where.member(i));
  }
}

std::optional<std::pair<std::string, cursor>>
read_entry(context& c, const cursor& item, std::string_view what) {
  const auto* object = item.value->if_object();
  if (object == nullptr || object->size() != 1) {
    c.faults.invalid(item, std::string{what});
    return std::nullopt;
  }
  const auto key = object->begin()->key();
  return std::pair{std::string{key.data(), key.size()},
                   item.member(std::size_t{0})};
}

void report_unknown_name(context& c, const cursor& where,
                         std::string_view member,
                         const std::vector<std::string_view>& names) {
  c.faults.invalid(where, "'use." + std::string{member} + "' has no "
                            + quoted(where.text()) + "."
                            + did_you_mean(where.text(), names));
}

void check_secret(context& c, const cursor& where, std::string_view name) {
  const auto& all = c.out.secrets;
  if (std::find(all.begin(), all.end(), name) != all.end())
    return;
  const std::vector<std::string_view> names{all.begin(), all.end()};
  c.faults.invalid(where, "'use.secrets' has no " + quoted(name) + "."
                            + did_you_mean(name, names));
}

// What is named is read once, here, so that its faults show even if nothing
// refers to it. Functions and extensions hold tasks, whose numbers come behind
// those of `do`.
void read_use(context& c, const cursor& where) {
  object_reader fields{c.faults, where, "'use'"};
  read_secrets(c, fields.take("secrets"));
  c.authentications = fields.take("authentications");
  const auto catalogs = fields.take("catalogs");
  c.functions_written = fields.take("functions");
  c.timeouts = fields.take("timeouts");
  const auto errors = fields.take("errors");
  const auto retries = fields.take("retries");
  c.extensions_written = fields.take("extensions");
  fields.close();
  for_members(c, c.authentications, "'use.authentications'",
              [&c](const std::string& name, const cursor& at) {
                c.authentications_made[name]
                  = read_policy(c, at, site::authentication);
              });
  read_catalogs(c, catalogs);
  for_members(c, errors, "'use.errors'",
              [&c](const std::string& name, const cursor& at) {
                c.errors_made[name] = read_error_object(c, at);
              });
  for_members(
    c, c.timeouts, "'use.timeouts'",
    [&c](const std::string& name, const cursor& at) {
      c.timeouts_made[name]
        = read_timeout_object(c, at, site::task_body).value_or(duration_rule{});
    });
  for_members(c, retries, "'use.retries'",
              [&c](const std::string& name, const cursor& at) {
                const added_locals local{c, {"error"}};
                c.retries_made[name] = read_retry_policy(c, at);
              });
}

std::optional<duration_rule> read_timeout(context& c, const cursor& where,
                                          site at) {
  if (where.value == nullptr)
    return std::nullopt;
  if (!where.value->is_string())
    return read_timeout_object(c, where, at);
  const auto found = c.timeouts_made.find(where.text());
  // A workflow's timeout may use fewer variables than a task's, so it is read
  // once more for that place.
  if (found != c.timeouts_made.end())
    return at == site::workflow_input
             ? read_timeout_object(c, c.timeouts.member(found->first), at)
             : found->second;
  report_unknown_name(c, where, "timeouts", names_of(c.timeouts_made));
  return std::nullopt;
}

error_template read_error(context& c, const cursor& where) {
  if (where.value == nullptr)
    return {};
  if (!where.value->is_string())
    return read_error_object(c, where);
  const auto found = c.errors_made.find(where.text());
  if (found != c.errors_made.end())
    return found->second;
  report_unknown_name(c, where, "errors", names_of(c.errors_made));
  return {};
}

std::optional<retry_policy> read_retry(context& c, const cursor& where,
                                       const std::string& as) {
  if (where.value == nullptr)
    return std::nullopt;
  if (!where.value->is_string()) {
    const added_locals local{c, {as}};
    return read_retry_policy(c, where);
  }
  const auto found = c.retries_made.find(where.text());
  if (found == c.retries_made.end()) {
    report_unknown_name(c, where, "retries", names_of(c.retries_made));
    return std::nullopt;
  }
  // Read without knowing who refers to it, it knows the error as $error.
  if (as != "error"
      && (uses(found->second.when, "error")
          || uses(found->second.except_when, "error")))
    c.faults.invalid(where, "the policy " + quoted(where.text())
                              + " uses $error, but this 'catch' names the "
                                "error $"
                              + as + "; let the policy use '.'");
  return found->second;
}

} // namespace pawl::parsing
