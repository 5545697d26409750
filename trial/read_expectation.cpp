#include "trial/reading.hpp"
#include "workflow/status.hpp"

namespace pawl::trial::reading {

namespace {

void take_value(object_reader& reader, std::string_view name,
                std::optional<json::value>& out) {
  if (const auto where = reader.take(name); where.value != nullptr)
    out = *where.value;
}

void read_status(context& c, const cursor& where, expectation& out) {
  if (where.value == nullptr)
    return;
  out.status = where.text();
  if (out.status != "refused" && !parse_status(out.status))
    c.faults.invalid(where,
                     "a status is needed: completed, faulted, cancelled, "
                     "waiting, suspended, or refused");
}

void read_ran(context& c, const cursor& where, expectation& out) {
  if (where.value == nullptr)
    return;
  if (!where.value->is_array())
    return c.faults.invalid(where, "a list of tasks is needed");
  out.ran.emplace();
  for_one_or_all(where, [&](const cursor& at) {
    const auto name = text_at(c, at);
    std::vector<std::string_view> names;
    for (const auto& node : c.of.tasks) {
      if (node.name == name || node.pointer == name)
        return out.ran->push_back(name);
      names.push_back(node.name);
    }
    c.faults.invalid(at, "the definition has no task " + quoted(name) + "."
                           + did_you_mean(name, names));
  });
}

void read_counts(context& c, const cursor& where, std::string_view what,
                 std::map<std::string, std::int64_t>& out) {
  for_members(c, where, what, [&](const std::string& name, const cursor& at) {
    const auto* node = task_at(c, at, name);
    const auto count = number_at(c, at, 0);
    if (node != nullptr && count)
      out[node->pointer] = *count;
  });
}

// When a call was made is told as the world tells it.
json::value read_call(context& c, const cursor& where) {
  auto out = *where.value;
  if (!out.is_object())
    c.faults.invalid(where, "members of a call are needed");
  else if (const auto after = duration_at(c, where.member("after")))
    out.get_object()["after"]
      = to_text(calendar_duration{.months = 0, .rest = *after});
  return out;
}

void read_calls(context& c, const cursor& where, expectation& out) {
  for_members(
    c, where, "calls", [&](const std::string& name, const cursor& at) {
      const auto* node = task_at(c, at, name);
      if (node == nullptr)
        return;
      const auto effect = effect_of(*node);
      if (effect == effect_kind::none || effect == effect_kind::unknown)
        return c.faults.invalid_key(at, quoted(node->pointer) + " is a '"
                                          + title_of(*node)
                                          + "' task: it calls nobody");
      auto& rule = out.calls[node->pointer];
      if (!at.value->is_array() && !at.value->is_object()) {
        rule.count = number_at(c, at, 0);
        return;
      }
      rule.each.emplace();
      for_one_or_all(at, [&](const cursor& one) {
        rule.each->push_back(read_call(c, one));
      });
    });
}

void read_span(context& c, const cursor& where, expectation& out) {
  if (where.value == nullptr)
    return;
  const auto* members = where.value->if_object();
  if (members == nullptr
      || (!members->contains("atMost") && !members->contains("atLeast"))) {
    out.span = span_rule{.exactly = duration_at(c, where)};
    return;
  }
  object_reader reader{c.faults, where, "duration"};
  out.span = span_rule{.at_least = duration_at(c, reader.take("atLeast")),
                       .at_most = duration_at(c, reader.take("atMost"))};
  reader.close();
}

} // namespace

void read_expectation(context& c, const cursor& where, expectation& out) {
  object_reader reader{c.faults, where, "expect"};
  read_status(c, reader.take("status"), out);
  take_value(reader, "output", out.output);
  take_value(reader, "outputHas", out.output_has);
  take_value(reader, "context", out.context);
  take_value(reader, "contextHas", out.context_has);
  take_value(reader, "outcome", out.outcome);
  take_value(reader, "error", out.error);
  if (out.error && !out.error->is_object())
    c.faults.invalid(reader.take("error"), "members of an error are needed");
  if (const auto state = reader.take("state"); state.value != nullptr)
    out.state = text_at(c, state);
  if (const auto emitted = reader.take("emitted"); emitted.value != nullptr) {
    if (const auto* list = emitted.value->if_array())
      out.emitted = *list;
    else
      c.faults.invalid(emitted, "a list of events is needed");
  }
  read_ran(c, reader.take("ran"), out);
  read_counts(c, reader.take("visits"), "visits", out.visits);
  read_counts(c, reader.take("attempts"), "attempts", out.attempts);
  read_calls(c, reader.take("calls"), out);
  take_value(reader, "usage", out.usage);
  read_span(c, reader.take("duration"), out);
  reader.close();
}

} // namespace pawl::trial::reading
