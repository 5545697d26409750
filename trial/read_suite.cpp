#include "trial/reading.hpp"
#include "workflow/parse.hpp"

#include <algorithm>

namespace pawl::trial {

namespace reading {

std::string text_at(context& c, const cursor& where) {
  if (where.value == nullptr)
    return {};
  if (where.text().empty())
    c.faults.invalid(where, "a text that is not empty is needed");
  return std::string{where.text()};
}

std::optional<duration> duration_at(context& c, const cursor& where) {
  if (where.value == nullptr)
    return std::nullopt;
  const auto length = parse_duration(*where.value);
  if (length)
    return add(c.start, *length) - c.start;
  c.faults.invalid(where, length.error().detail);
  return std::nullopt;
}

std::optional<std::int64_t> number_at(context& c, const cursor& where,
                                      std::int64_t least) {
  if (where.value == nullptr)
    return std::nullopt;
  const auto* number = where.value->if_int64();
  if (number != nullptr && *number >= least)
    return *number;
  c.faults.invalid(where, "a whole number of at least " + std::to_string(least)
                            + " is needed");
  return std::nullopt;
}

const task* task_at(context& c, const cursor& where, std::string_view name) {
  const auto found = find_task(c.of, name);
  if (found)
    return *found;
  c.faults.invalid_key(where, found.error().detail);
  return nullptr;
}

} // namespace reading

namespace {

using namespace reading;

void read_limits(context& c, const cursor& where, terms& out) {
  object_reader limits{c.faults, where, "limits"};
  if (const auto turns = number_at(c, limits.take("turns"), 1))
    out.turns_max = static_cast<std::uint64_t>(*turns);
  if (const auto span = duration_at(c, limits.take("time")))
    out.span_max = *span;
  limits.close();
}

void read_start(context& c, const cursor& where, test& out) {
  if (where.value != nullptr) {
    const auto at = parse_timestamp(where.text());
    if (at)
      out.by.start = *at;
    else
      c.faults.invalid(where, "a time such as 2030-01-31T08:00:00Z is needed");
  }
  c.start = out.by.start;
}

test read_test(context& c, const cursor& where, const terms& shared) {
  test out;
  out.by = shared;
  object_reader reader{c.faults, where, "a test"};
  out.name = text_at(c, reader.need("name"));
  read_start(c, reader.take("at"), out);
  if (const auto given = reader.take("input"); given.value != nullptr)
    out.by.input = *given.value;
  out.by.by = text_at(c, reader.take("by"));
  if (const auto flags = read_flags(c, reader.take("flags")))
    out.by.flags = changed(std::move(out.by.flags), *flags);
  read_mocks(c, reader.take("mocks"), out);
  read_approvals(c, reader.take("approvals"), out);
  read_events(c, reader.take("events"), out);
  read_expectation(c, reader.take("expect"), out.expected);
  reader.close();
  return out;
}

void read_tests(context& c, const cursor& where, const terms& shared,
                suite& out) {
  if (where.value == nullptr)
    return;
  const auto* list = where.value->if_array();
  if (list == nullptr || list->empty())
    return c.faults.invalid(where, "tests must be a list of tests");
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto one = read_test(c, where.item(i), shared);
    if (!one.name.empty()
        && std::ranges::count(out.tests, one.name, &test::name) > 0)
      c.faults.invalid(where.item(i).member("name"),
                       "there is another test with this name");
    out.tests.push_back(std::move(one));
  }
}

void read_head(context& c, object_reader& reader, suite& out) {
  out.workflow = text_at(c, reader.need("workflow"));
  for_members(c, reader.take("resources"), "resources",
              [&](const std::string& uri, const cursor& where) {
                out.resources[uri] = text_at(c, where);
              });
}

} // namespace

result<const task*> find_task(const definition& of, std::string_view name) {
  if (name.starts_with('/')) {
    const auto found = of.by_pointer.find(name);
    if (found != of.by_pointer.end())
      return &of.tasks[found->second];
    return error{errc::not_found, "the definition has no task " + quoted(name)};
  }
  std::vector<std::string_view> names;
  std::vector<std::string_view> meant;
  const task* only = nullptr;
  for (const auto& node : of.tasks) {
    names.push_back(node.name);
    if (node.name != name)
      continue;
    only = &node;
    meant.push_back(node.pointer);
  }
  if (meant.size() == 1)
    return only;
  if (meant.empty())
    return error{errc::not_found, "the definition has no task " + quoted(name)
                                    + "." + did_you_mean(name, names)};
  return error{errc::not_found, "several tasks are called " + quoted(name)
                                  + ": name one of " + listed(meant)};
}

result<definition_ptr> load_definition(std::string_view text,
                                       const resource_map& resources) {
  auto parsed = parse_definition(text, resources);
  if (!parsed)
    return parsed.error();
  if (parsed->made != nullptr)
    return std::move(parsed->made);
  error out{errc::invalid_definition, {}, {}};
  for (const auto& wanted : parsed->wanted) {
    auto at = wanted.at;
    at.detail = "needs the text of " + wanted.uri
                + ", which nothing is fetched for here: name a file that holds "
                  "it in `resources` of a test file";
    out.faults.push_back(std::move(at));
  }
  out.detail = out.faults.front().detail;
  return out;
}

result<suite> read_suite_head(std::string_view text) {
  const auto source = read_document(text);
  if (!source)
    return source.error();
  const definition none;
  parsing::report faults{*source};
  context c{faults, none};
  object_reader reader{
    faults, {&source->value, &source->places, {}}, "a test file"};
  suite out;
  read_head(c, reader, out);
  if (!faults.clean())
    return faults.take_error();
  return out;
}

result<suite> read_suite(std::string_view text, const definition& of) {
  const auto source = read_document(text);
  if (!source)
    return source.error();
  parsing::report faults{*source};
  context c{faults, of, terms{}.start};
  object_reader reader{
    faults, {&source->value, &source->places, {}}, "a test file"};
  suite out;
  read_head(c, reader, out);
  terms shared;
  read_limits(c, reader.take("limits"), shared);
  if (const auto flags = read_flags(c, reader.take("flags")))
    shared.flags = changed({}, *flags);
  read_tests(c, reader.need("tests"), shared, out);
  reader.close();
  if (!faults.clean())
    return faults.take_error();
  return out;
}

} // namespace pawl::trial
