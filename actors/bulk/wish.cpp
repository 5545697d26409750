#include "actors/bulk/wish.hpp"

#include "base/json_member.hpp"

namespace pawl::actors {

namespace {

using verb = act_on_instance::verb;

verb verb_of(bulk_action a) {
  switch (a) {
  case bulk_action::pause:
    return verb::pause;
  case bulk_action::resume:
    return verb::resume;
  case bulk_action::retry:
    return verb::retry;
  case bulk_action::skip:
    return verb::skip;
  case bulk_action::complete:
    return verb::complete;
  case bulk_action::fail:
    return verb::fail;
  case bulk_action::rollback:
    return verb::rollback;
  case bulk_action::cancel:
  case bulk_action::remove:
    break;
  }
  return verb::cancel;
}

std::optional<json::value> value_in(const json::object& args,
                                    std::string_view name) {
  const auto* value = args.if_contains(name);
  return value == nullptr ? std::nullopt : std::optional{*value};
}

/// Which task it is about; each verb has its own name for that.
std::string task_in(const json::object& args) {
  for (const auto* name : {"task", "from", "to"})
    if (auto text = text_in(args, name); !text.empty())
      return text;
  return {};
}

} // namespace

std::string reason_of(const bulk_order& what) {
  return what.reason.empty() ? "bulk " + what.id
                             : what.reason + " (bulk " + what.id + ')';
}

act_on_instance wish_of(const bulk_order& what, instance_ref which) {
  const auto& args = what.args;
  act_on_instance out;
  out.which = std::move(which);
  out.what = verb_of(what.action);
  out.reason = reason_of(what);
  if (text_in(args, "mode") == "interrupt")
    out.mode = pause_mode::interrupt;
  out.freeze = text_in(args, "timers") == "freeze";
  if (const auto until = parse_timestamp(text_in(args, "until")))
    out.until = *until;
  out.input = value_in(args, "input");
  out.task = task_in(args);
  if (const auto* lane = args.if_contains("iteration");
      lane != nullptr && lane->is_number())
    out.lane = lane->to_number<std::uint32_t>();
  out.output = value_in(args, "output");
  if (const auto* error = args.if_contains("error");
      error != nullptr && error->is_object())
    out.error = error->get_object();
  return out;
}

} // namespace pawl::actors
