#include "workflow/parse/context.hpp"

#include <array>
#include <limits>

namespace pawl::parsing {

namespace {

void read_backoff(context& c, const cursor& where, retry_policy& out) {
  using kind = retry_policy::backoff_kind;
  constexpr std::array<std::pair<std::string_view, kind>, 3> kinds{{
    {"constant", kind::constant},
    {"linear", kind::linear},
    {"exponential", kind::exponential},
  }};
  object_reader fields{c.faults, where, "'backoff'"};
  int found = 0;
  for (const auto& [name, value] : kinds) {
    const auto shape = fields.take(name);
    if (shape.value == nullptr)
      continue;
    ++found;
    out.backoff = value;
    object_reader parameters{c.faults, shape,
                             "the backoff '" + std::string{name} + "'"};
    if (parameters.is_object() && !shape.value->get_object().empty())
      c.faults.unsupported(shape, "a parameter of a backoff");
  }
  fields.close();
  if (where.value != nullptr && fields.is_object() && found != 1)
    c.faults.invalid(where, "'backoff' needs exactly one of 'constant', "
                            "'linear' and 'exponential', with the value {}");
}

void read_limit(context& c, const cursor& where, retry_policy& out) {
  object_reader fields{c.faults, where, "'limit'"};
  const auto attempt = fields.take("attempt");
  out.total_duration
    = read_duration(c, fields.take("duration"), site::task_body);
  fields.close();
  object_reader attempts{c.faults, attempt, "'limit.attempt'"};
  const auto at = attempts.take("count");
  if (const auto count = read_integer(c, at, 0)) {
    constexpr auto count_max = std::numeric_limits<std::uint32_t>::max();
    if (*count > count_max)
      c.faults.invalid(at, "it must be at most " + std::to_string(count_max));
    out.attempts_max = static_cast<std::uint32_t>(*count);
  }
  out.attempt_duration
    = read_duration(c, attempts.take("duration"), site::task_body);
  attempts.close();
}

} // namespace

retry_policy read_retry_policy(context& c, const cursor& where) {
  retry_policy out;
  object_reader fields{c.faults, where, "a retry policy"};
  out.when = read_program(c, fields.take("when"), site::task_body);
  out.except_when = read_program(c, fields.take("exceptWhen"), site::task_body);
  out.delay = read_duration(c, fields.take("delay"), site::task_body);
  read_backoff(c, fields.take("backoff"), out);
  read_limit(c, fields.take("limit"), out);
  const auto jitter = fields.take("jitter");
  object_reader range{c.faults, jitter, "'jitter'"};
  out.jitter_from = read_duration(c, range.need("from"), site::task_body);
  out.jitter_to = read_duration(c, range.need("to"), site::task_body);
  range.close();
  fields.close();
  const auto* from = out.jitter_from
                       ? std::get_if<calendar_duration>(&*out.jitter_from)
                       : nullptr;
  const auto* to
    = out.jitter_to ? std::get_if<calendar_duration>(&*out.jitter_to) : nullptr;
  if (from != nullptr && to != nullptr
      && add(timestamp{}, *to) < add(timestamp{}, *from))
    c.faults.invalid(jitter, "'jitter.from' must not be longer than "
                             "'jitter.to'");
  return out;
}

} // namespace pawl::parsing
