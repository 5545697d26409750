#include "workflow/cron.hpp"
#include "workflow/parse/context.hpp"

#include <array>

namespace pawl::parsing {

namespace {

/// A duration that is known before there is an instance.
std::optional<duration_rule> read_known(context& c, const cursor& where) {
  if (where.value != nullptr && where.value->is_string()
      && !is_literal(where)) {
    c.faults.invalid(where, "a duration that is written down is needed: there "
                            "is no instance yet over which an expression could "
                            "be evaluated");
    return std::nullopt;
  }
  return read_duration(c, where, site::schedule_event);
}

std::string read_cron(context& c, const cursor& where) {
  auto text = read_text(c, where);
  if (!text)
    return {};
  if (const auto made = parse_cron(*text); !made)
    c.faults.invalid(where, made.error().detail);
  return std::move(*text);
}

/// `document.metadata.overlap`
bool read_overlap(context& c) {
  const auto at
    = c.root.member("document").member("metadata").member("overlap");
  constexpr std::array<std::string_view, 2> ways{"skip", "allow"};
  return read_choice(c, at, ways) != std::size_t{0};
}

} // namespace

std::optional<schedule> read_schedule(context& c, const cursor& where) {
  const bool may_overlap = read_overlap(c);
  if (where.value == nullptr)
    return std::nullopt;
  schedule out;
  out.may_overlap = may_overlap;
  object_reader fields{c.faults, where, "'schedule'"};
  const auto every = fields.take("every");
  const auto cron = fields.take("cron");
  const auto after = fields.take("after");
  const auto on = fields.take("on");
  const auto read = fields.take("read");
  fields.close();
  out.every = read_known(c, every);
  out.after = read_known(c, after);
  out.cron = read_cron(c, cron);
  if (on.value != nullptr)
    out.on = read_strategy(c, on, "'schedule.on'", site::schedule_event);
  out.read = read_how(c, read);
  const int found = int{every.value != nullptr} + int{cron.value != nullptr}
                    + int{after.value != nullptr} + int{on.value != nullptr};
  if (fields.is_object() && found != 1)
    c.faults.invalid(where, "'schedule' needs exactly one of 'every', 'cron', "
                            "'after' and 'on'");
  if (read.value != nullptr && on.value == nullptr)
    c.faults.invalid_key(read, "'read' belongs to 'on'");
  if (out.every)
    if (const auto* length = std::get_if<calendar_duration>(&*out.every);
        length != nullptr && *length == calendar_duration{})
      c.faults.invalid(every, "the interval must be longer than nothing");
  return out;
}

} // namespace pawl::parsing
