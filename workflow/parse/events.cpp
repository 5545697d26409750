#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>
#include <re2/re2.h>

namespace pawl::parsing {

namespace {

/// The attributes that the DSL names; all but `data` are text.
constexpr std::array<std::string_view, 7> text_attributes{
  "id", "source", "type", "time", "subject", "datacontenttype", "dataschema"};

/// Warns of a text that can only match as it stands, though it looks like a
/// regular expression.
void check_pattern(context& c, const cursor& where) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{256} * 1024);
  const RE2 compiled{re2::StringPiece{where.text().data(), where.text().size()},
                     options};
  const auto cost
    = compiled.ok() ? static_cast<std::size_t>(compiled.ProgramSize()) : 1000;
  c.pattern_budget -= std::min(c.pattern_budget, cost);
  if (!compiled.ok())
    c.faults.warn(where, "the text is no regular expression ("
                           + compiled.error()
                           + "), so it matches only as it stands");
}

/// Whether a text without `${ }` is meant as an expression: it begins as a path
/// or a variable does.
bool reads_as_path(std::string_view text) {
  const auto begins_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.size() < 2 || (text[0] != '.' && text[0] != '$'))
    return false;
  return begins_name(text[1])
         || (text[0] == '.' && (text[1] == '[' || text[1] == '"'));
}

std::optional<dynamic_value> read_expectation(context& c, const cursor& where,
                                              site at) {
  if (where.value != nullptr && is_literal(where)
      && reads_as_path(where.text()))
    return dynamic_value{read_program(c, where, at)};
  return read_text_or_expression(c, where, at);
}

event_filter::correlation read_correlation(context& c, std::string key,
                                           const cursor& where, site at) {
  event_filter::correlation out;
  out.key = std::move(key);
  object_reader fields{c.faults, where, "a correlation"};
  out.from = read_program(c, fields.need("from"), at);
  out.expect = read_expectation(c, fields.take("expect"), at);
  fields.close();
  return out;
}

void read_filter_attribute(context& c, const cursor& where, std::string name,
                           site at, event_filter& out) {
  check_attribute(c, where, name);
  if (is_literal(where)) {
    if (c.pattern_budget == 0)
      c.faults.invalid(where, "the document's regular expressions are too "
                              "large together");
    else
      check_pattern(c, where);
  }
  // A text is a constant or a pattern, in the mode `loose` as well.
  out.with.emplace_back(std::move(name), where.value->is_string()
                                           ? read_foreign(c, where, at)
                                           : read_dynamic(c, where, at));
}

event_filter read_event_filter(context& c, const cursor& where, site at) {
  event_filter out;
  object_reader fields{c.faults, where, "an event filter"};
  const auto with = fields.need("with");
  const auto correlate = fields.take("correlate");
  fields.close();
  for_members(c, with, "'with' of an event filter",
              [&](const std::string& name, const cursor& value) {
                read_filter_attribute(c, value, name, at, out);
              });
  if (with.value != nullptr && with.value->is_object()
      && with.value->get_object().empty())
    c.faults.invalid(with, "'with' needs at least one attribute");
  for_members(c, correlate, "'correlate'",
              [&](const std::string& key, const cursor& value) {
                out.correlate.push_back(read_correlation(c, key, value, at));
              });
  return out;
}

std::vector<event_filter> read_filters(context& c, const cursor& where,
                                       std::string_view what, site at) {
  std::vector<event_filter> out;
  if (!where.value->is_array()) {
    c.faults.invalid(where, quoted(what) + " must be a list of event filters");
    return out;
  }
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i)
    out.push_back(read_event_filter(c, where.item(i), at));
  return out;
}

/// `until` of `any`: an expression, or a strategy that has none itself.
void read_until(context& c, const cursor& where, site at, event_strategy& out) {
  if (where.value == nullptr)
    return;
  if (where.value->is_string()) {
    out.until = read_program(c, where, at);
    return;
  }
  if (const auto inner = where.member("until"); inner.value != nullptr) {
    c.faults.invalid_key(inner, "the strategy of an 'until' has no 'until' "
                                "itself");
    return;
  }
  out.until_events = std::make_shared<const event_strategy>(
    read_strategy(c, where, "'until'", at));
}

} // namespace

bool is_text_attribute(std::string_view name) {
  return std::find(text_attributes.begin(), text_attributes.end(), name)
         != text_attributes.end();
}

void check_attribute(context& c, const cursor& where, std::string_view name) {
  if (!is_text_attribute(name))
    return;
  if (!where.value->is_string()) {
    c.faults.invalid(where, "the attribute " + quoted(name)
                              + " is text; put it in quotes");
    return;
  }
  if (!is_literal(where))
    return;
  const auto text = where.text();
  if (name == "time" && !parse_timestamp(text))
    c.faults.invalid(where, "a time like 2026-01-31T23:59:59Z, or an "
                            "expression in ${ }, is needed");
  if (name == "source" || name == "dataschema") {
    if (text.empty())
      c.faults.invalid(where, "a URI cannot be empty");
    else if (text.find_first_of(" \t\r\n\v\f") != std::string_view::npos)
      c.faults.invalid(where, "a URI cannot hold spaces");
  }
}

event_strategy read_strategy(context& c, const cursor& where,
                             std::string_view what, site at) {
  using kind = event_strategy::kind;
  event_strategy out;
  object_reader fields{c.faults, where, what};
  const auto one = fields.take("one");
  const auto all = fields.take("all");
  const auto any = fields.take("any");
  const auto until = fields.take("until");
  fields.close();
  const int found = int{one.value != nullptr} + int{all.value != nullptr}
                    + int{any.value != nullptr};
  if (found != 1) {
    if (fields.is_object())
      c.faults.invalid(where, std::string{what}
                                + " needs exactly one of 'one', 'any' and "
                                  "'all'");
    return out;
  }
  if (until.value != nullptr && any.value == nullptr)
    c.faults.invalid_key(until, "'until' belongs to 'any'");
  if (one.value != nullptr) {
    out.filters.push_back(read_event_filter(c, one, at));
    return out;
  }
  out.how = all.value != nullptr ? kind::all : kind::any;
  out.filters = all.value != nullptr ? read_filters(c, all, "all", at)
                                     : read_filters(c, any, "any", at);
  if (all.value != nullptr && all.value->is_array()
      && all.value->get_array().empty())
    c.faults.warn(all, "all of no events have come at once");
  if (any.value != nullptr)
    read_until(c, until, at, out);
  return out;
}

read_kind read_how(context& c, const cursor& where) {
  // In the order of read_kind.
  constexpr std::array<std::string_view, 3> reads{"data", "envelope", "raw"};
  const auto i = read_choice(c, where, reads);
  return i ? static_cast<read_kind>(*i) : read_kind::data;
}

} // namespace pawl::parsing
