#include "workflow/arguments.hpp"

#include <algorithm>

namespace pawl {

namespace {

/// Deeper than this, functions that call each other are a loop.
constexpr int calls_max = 32;

int calls_around(const planner& p, frame_id scope) {
  int calls = 0;
  while (scope != 0) {
    const auto& f = p.state().frames.at(scope);
    if (std::holds_alternative<tasks::call_function>(
          p.of().tasks[*f.node].kind))
      ++calls;
    scope = f.parent;
  }
  return calls;
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::call_function& what) {
  or_raised<datum> with = e.input;
  if (what.with)
    with = p.values().evaluate(*what.with, *e.input, p.seen_from(e));
  if (calls_around(p, e.parent) >= calls_max) {
    (void)p.start(e, false);
    return p.fail(e, error_kind::runtime,
                  "functions call each other more than "
                    + std::to_string(calls_max) + " levels deep");
  }
  begin_effect(p, e, std::move(with));
}

void begin_task(planner& p, const entry& e, const tasks::log& what) {
  (void)p.start(e, false);
  const auto text_of = [&](const std::optional<dynamic_value>& rule,
                           const datum& otherwise) -> or_raised<std::string> {
    or_raised<datum> value = otherwise;
    if (rule)
      value = p.values().evaluate(*rule, *e.input, p.seen_from(e));
    if (!value)
      return value.error();
    return (*value)->is_string() ? std::string{(*value)->get_string()}
                                 : to_text(**value);
  };
  auto message = text_of(what.message, e.input);
  if (!message)
    return p.fail(e, message.error());
  auto level = text_of(what.level, make_datum(json::value("info")));
  if (!level)
    return p.fail(e, level.error());
  std::ranges::transform(*level, level->begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  p.logged = log_line{*level, e.node->pointer, *message};
  p.finish(e, e.input);
}

} // namespace pawl
