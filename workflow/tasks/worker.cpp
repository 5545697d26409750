#include "workflow/arguments.hpp"

namespace pawl {

namespace {

constexpr std::size_t queue_max = 128; // Bytes of a queue's name.
constexpr std::int64_t priority_max = 1'000'000;

bool is_queue_name(const json::value& name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-_.";
  return name.is_string() && !name.get_string().empty()
         && name.get_string().size() <= queue_max
         && std::string_view{name.get_string()}.find_first_not_of(allowed)
              == std::string_view::npos;
}

void check(argument_list& arguments) {
  const auto& made = arguments.made();
  if (const auto* queue = made.if_contains("queue");
      queue != nullptr && !is_queue_name(*queue))
    arguments.fail(error_kind::expression,
                   "'queue' must yield a name of 1 to 128 letters, digits, "
                   "'-', '_' and '.', but yields "
                     + to_text(*queue));
  const auto* priority = made.if_contains("priority");
  if (priority == nullptr)
    return;
  const auto* number = priority->if_int64();
  if (number == nullptr || *number < -priority_max || *number > priority_max)
    arguments.fail(error_kind::expression,
                   "'priority' must yield a whole number of at most 1,000,000, "
                   "but yields "
                     + to_text(*priority));
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::worker_job& what) {
  argument_list arguments{p, e};
  arguments.add("queue", what.queue);
  if (what.input)
    arguments.add("input", *what.input);
  else
    arguments.add_fixed("input", *e.input);
  if (what.lease) {
    auto length = p.values().evaluate(*what.lease, *e.input, p.seen_from(e));
    if (length)
      arguments.add_fixed(
        "lease", json::value((add(p.now(), *length) - p.now()).count()));
    else
      arguments.fail(length.error());
  }
  arguments.add_texts("labels", what.labels, false);
  arguments.add("priority", what.priority);
  arguments.add("key", what.key);
  check(arguments);
  begin_effect(p, e, arguments.take());
}

} // namespace pawl
