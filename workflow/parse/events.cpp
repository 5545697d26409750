#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>
#include <re2/re2.h>

namespace pawl::parsing {

namespace {

/// The attributes that the DSL names; all but `data` are text.
constexpr std::array<std::string_view, 7> text_attributes{
  "id", "source", "type", "time", "subject", "datacontenttype", "dataschema"};

bool is_text_attribute(std::string_view name) {
  return std::find(text_attributes.begin(), text_attributes.end(), name)
         != text_attributes.end();
}

bool is_literal(const cursor& where) {
  return where.value != nullptr && where.value->is_string()
         && expression::strip_braces(where.text()).data() == nullptr;
}

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

event_filter::correlation read_correlation(context& c, std::string key,
                                           const cursor& where) {
  event_filter::correlation out;
  out.key = std::move(key);
  object_reader fields{c.faults, where, "a correlation"};
  out.from = read_program(c, fields.need("from"), site::task_body);
  out.expect
    = read_text_or_expression(c, fields.take("expect"), site::task_body);
  fields.close();
  return out;
}

void read_filter_attribute(context& c, const cursor& where, std::string name,
                           event_filter& out) {
  if (is_text_attribute(name) && !where.value->is_string()) {
    c.faults.invalid(where, "the attribute " + quoted(name)
                              + " is text; put it in quotes");
    return;
  }
  if (is_literal(where)) {
    if (c.pattern_budget == 0)
      c.faults.invalid(where, "the document's regular expressions are too "
                              "large together");
    else
      check_pattern(c, where);
  }
  out.with.emplace_back(std::move(name),
                        read_dynamic(c, where, site::task_body));
}

event_filter read_event_filter(context& c, const cursor& where) {
  event_filter out;
  object_reader fields{c.faults, where, "an event filter"};
  const auto with = fields.need("with");
  const auto correlate = fields.take("correlate");
  fields.close();
  const object_reader attributes{c.faults, with, "'with' of an event filter"};
  if (attributes.is_object()) {
    const auto& object = with.value->get_object();
    if (object.empty())
      c.faults.invalid(with, "'with' needs at least one attribute");
    for (std::size_t i = 0; i < object.size(); ++i) {
      const auto key = (object.begin() + i)->key();
      read_filter_attribute(c, with.member(i), {key.data(), key.size()}, out);
    }
  }
  const object_reader keys{c.faults, correlate, "'correlate'"};
  if (keys.is_object()) {
    const auto& object = correlate.value->get_object();
    for (std::size_t i = 0; i < object.size(); ++i) {
      const auto key = (object.begin() + i)->key();
      out.correlate.push_back(
        read_correlation(c, {key.data(), key.size()}, correlate.member(i)));
    }
  }
  return out;
}

/// Checks one attribute of an event that will be sent.
void check_attribute(context& c, const cursor& where, std::string_view name) {
  if (name == "data")
    return;
  if (is_text_attribute(name) && !where.value->is_string()) {
    c.faults.invalid(where, "the attribute " + quoted(name)
                              + " is text; put it in quotes");
    return;
  }
  if (where.value->is_structured())
    c.faults.invalid(where, "an extension attribute of an event is text, a "
                            "number or a boolean");
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789")
      != std::string_view::npos)
    c.faults.warn(where, "CloudEvents names attributes with lower-case letters "
                         "and digits only, which "
                           + quoted(name) + " is not");
  if (!is_literal(where))
    return;
  if (name == "time" && !parse_timestamp(where.text()))
    c.faults.invalid(where, "a time like 2026-01-31T23:59:59Z, or an "
                            "expression in ${ }, is needed");
  if ((name == "type" || name == "id" || name == "source")
      && where.text().empty())
    c.faults.invalid(where,
                     "the attribute " + quoted(name) + " cannot be empty");
  if (name == "source" || name == "dataschema")
    read_uri(c, where, site::task_body);
}

} // namespace

tasks::emit read_emit(context& c, object_reader& fields) {
  tasks::emit out;
  object_reader emitted{c.faults, fields.take("emit"), "'emit'"};
  object_reader event{c.faults, emitted.need("event"), "'emit.event'"};
  const auto with = event.need("with");
  event.close();
  emitted.close();
  object_reader attributes{c.faults, with, "'emit.event.with'"};
  attributes.need("type");
  if (!attributes.is_object())
    return out;
  const auto& object = with.value->get_object();
  for (std::size_t i = 0; i < object.size(); ++i) {
    const auto key = (object.begin() + i)->key();
    check_attribute(c, with.member(i), {key.data(), key.size()});
  }
  out.with = read_dynamic(c, with, site::task_body);
  return out;
}

tasks::listen read_listen(context& c, object_reader& fields) {
  tasks::listen out;
  object_reader listened{c.faults, fields.take("listen"), "'listen'"};
  object_reader to{c.faults, listened.need("to"), "'listen.to'"};
  // In the order of read_kind.
  constexpr std::array<std::string_view, 3> reads{"data", "envelope", "raw"};
  if (const auto i = read_choice(c, listened.take("read"), reads))
    out.read = static_cast<read_kind>(*i);
  listened.close();
  fields.refuse("foreach", "'foreach' of a listen task");
  const auto one = to.take("one");
  to.refuse("all", "'listen.to.all'");
  to.refuse("any", "'listen.to.any'");
  to.refuse("until", "'listen.to.until'");
  const int strategies
    = int{to.has("one")} + int{to.has("all")} + int{to.has("any")};
  if (to.is_object() && strategies != 1)
    c.faults.invalid(to.where(), "'listen.to' needs exactly one of 'one', "
                                 "'any' and 'all'");
  to.close();
  if (one.value != nullptr)
    out.to.filters.push_back(read_event_filter(c, one));
  return out;
}

} // namespace pawl::parsing
