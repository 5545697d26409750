#include "workflow/codec.hpp"

#include "workflow/cbor.hpp"
#include "workflow/fields.hpp"

#include <boost/json/value_from.hpp>

#include <algorithm>
#include <array>
#include <type_traits>

namespace pawl {

namespace {

template <class T>
struct tag {
  using type = T;
};

// The number of each kind of fact on disk, and its name in histories. A kind
// keeps its number for ever; a retired one stays reserved.
template <class F>
void each_kind(F&& f) {
  using namespace events;
  f(1, "instance.created", tag<instance_created>{});
  f(2, "instance.started", tag<instance_started>{});
  f(3, "instance.suspending", tag<instance_suspending>{});
  f(4, "instance.suspended", tag<instance_suspended>{});
  f(5, "instance.resumed", tag<instance_resumed>{});
  f(6, "instance.cancelling", tag<instance_cancelling>{});
  f(7, "instance.cancelled", tag<instance_cancelled>{});
  f(8, "instance.faulted", tag<instance_faulted>{});
  f(9, "instance.completed", tag<instance_completed>{});
  f(10, "task.started", tag<task_started>{});
  f(11, "task.completed", tag<task_completed>{});
  f(12, "task.skipped", tag<task_skipped>{});
  f(13, "task.faulted", tag<task_faulted>{});
  f(14, "task.retried", tag<task_retried>{});
  f(15, "task.caught", tag<task_caught>{});
  f(16, "task.iterated", tag<task_iterated>{});
  f(17, "task.cancelled", tag<task_cancelled>{});
  f(18, "timer.armed", tag<timer_armed>{});
  f(19, "timer.fired", tag<timer_fired>{});
  f(20, "event.received", tag<event_received>{});
  f(21, "event.consumed", tag<event_consumed>{});
  f(22, "branch.started", tag<branch_started>{});
  f(23, "branch.completed", tag<branch_completed>{});
  f(24, "branch.faulted", tag<branch_faulted>{});
  f(25, "task.extended", tag<task_extended>{});
  f(26, "extension.moved", tag<extension_moved>{});
  f(27, "extension.closed", tag<extension_closed>{});
  f(28, "event.handled", tag<event_handled>{});
  f(29, "approval.voted", tag<approval_voted>{});
  f(30, "approval.escalated", tag<approval_escalated>{});
  f(31, "state.changed", tag<state_changed>{});
  f(32, "rollback.started", tag<rollback_started>{});
  f(33, "compensation.started", tag<compensation_started>{});
  f(34, "compensation.completed", tag<compensation_completed>{});
  f(35, "rollback.completed", tag<rollback_completed>{});
  f(36, "instance.indexed", tag<instance_indexed>{});
  f(37, "instance.overdue", tag<instance_overdue>{});
  f(38, "cleanup.started", tag<cleanup_started>{});
  f(39, "cleanup.completed", tag<cleanup_completed>{});
  f(40, "task.metered", tag<task_metered>{});
  f(41, "instance.overBudget", tag<instance_over_budget>{});
  f(42, "flags.seen", tag<flags_seen>{});
  f(43, "redo.started", tag<redo_started>{});
  f(44, "redo.completed", tag<redo_completed>{});
  f(45, "redo.faulted", tag<redo_faulted>{});
}

struct kind_entry {
  std::uint8_t number;
  std::string_view name;
};

// By the index of the alternative, so that the hot path does not search.
const std::array<kind_entry, std::variant_size_v<event>>& kinds() {
  static const auto table = [] {
    std::array<kind_entry, std::variant_size_v<event>> all{};
    each_kind([&](int number, std::string_view name, auto t) {
      all.at(event{typename decltype(t)::type{}}.index())
        = {static_cast<std::uint8_t>(number), name};
    });
    return all;
  }();
  return table;
}

bool get_event(cbor::reader& in, std::uint64_t number, event& out) {
  bool known = false;
  each_kind([&](int n, std::string_view, auto t) {
    if (known || static_cast<std::uint64_t>(n) != number)
      return;
    known = true;
    typename decltype(t)::type fact;
    layout::reader{in}.get_struct(fact);
    out = std::move(fact);
  });
  return known;
}

// Renders a described struct as the member `data` of a history item.
class json_writer {
public:
  json::object out;

  template <class T>
  void operator()(int, const char* name, const T& x) {
    if (std::string_view{name} == "task")
      return; // Stands beside `data`.
    if constexpr (std::is_same_v<T, datum>) {
      if (x != nullptr)
        out[name] = *x;
    } else if constexpr (std::is_same_v<T, timestamp>) {
      out[name] = to_text(x);
    } else if constexpr (std::is_same_v<T, std::optional<timestamp>>) {
      if (x)
        out[name] = to_text(*x);
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!x.empty())
        out[name] = x;
    } else if constexpr (std::is_same_v<T, pause_mode>) {
      out[name] = x == pause_mode::drain ? "drain" : "interrupt";
    } else if constexpr (std::is_same_v<T, timer_purpose>) {
      out[name] = purpose_name(x);
    } else if constexpr (std::is_same_v<T, rollback_end>) {
      out[name] = end_name(x);
    } else if constexpr (std::is_same_v<T, definition_id>) {
      out[name]
        = {{"namespace", x.ns}, {"name", x.name}, {"version", x.version}};
    } else if constexpr (std::is_same_v<T, std::vector<std::uint32_t>>) {
      if (!x.empty())
        out[name] = json::value_from(x);
    } else if constexpr (layout::map_like<T>) {
      json::object members;
      for (const auto& [key, value] : x)
        members[key] = value;
      out[name] = std::move(members);
    } else {
      out[name] = x;
    }
  }

private:
  static std::string_view purpose_name(timer_purpose p) {
    switch (p) {
    case timer_purpose::wait:
      return "wait";
    case timer_purpose::backoff:
      return "backoff";
    case timer_purpose::timeout:
      return "timeout";
    case timer_purpose::attempt:
      return "attempt";
    case timer_purpose::resume:
      return "resume";
    case timer_purpose::start:
      return "start";
    case timer_purpose::due:
      return "due";
    case timer_purpose::remind:
      return "remind";
    case timer_purpose::sla:
      return "sla";
    }
    return "";
  }
  static std::string_view end_name(rollback_end then) {
    switch (then) {
    case rollback_end::go_on:
      return "continue";
    case rollback_end::fault:
      return "fault";
    case rollback_end::cancel:
      return "cancel";
    }
    return "";
  }
};

} // namespace

std::string encode_events(std::span<const event> facts) {
  std::string out;
  out.reserve(64 * facts.size());
  cbor::put_head(out, cbor::major::array, facts.size());
  for (const auto& fact : facts) {
    cbor::put_uint(out, kinds()[fact.index()].number);
    std::visit([&](const auto& x) { layout::writer{out}.put_struct(x); }, fact);
  }
  return out;
}

result<std::vector<event>> decode_events(std::string_view bytes) {
  cbor::reader in{bytes};
  const auto count = in.get_array();
  std::vector<event> facts;
  constexpr std::uint64_t reserved_max = 64; // Damage may claim any number.
  facts.reserve(std::min(count, reserved_max));
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    const auto number = in.get_uint();
    event fact;
    if (!in.failed() && !get_event(in, number, fact))
      return error{errc::corrupt,
                   "unknown kind of fact " + std::to_string(number)};
    facts.push_back(std::move(fact));
  }
  if (in.failed() || !in.at_end())
    return error{errc::corrupt, "the facts of a turn do not decode"};
  return facts;
}

void append_cbor(std::string& out, const json::value& value) {
  cbor::put_value(out, value);
}

result<json::value> decode_cbor(std::string_view bytes) {
  cbor::reader in{bytes};
  auto value = in.get_value();
  if (in.failed() || !in.at_end())
    return error{errc::corrupt, "a stored JSON value does not decode"};
  return value;
}

std::string_view type_of(const event& fact) {
  return kinds()[fact.index()].name;
}

std::string_view task_of(const event& fact) {
  return std::visit(
    [](const auto& x) -> std::string_view {
      if constexpr (requires { x.task; })
        return x.task;
      else
        return {};
    },
    fact);
}

json::object to_json(const event& fact) {
  json_writer w;
  // The visitor only reads; see layout::writer.
  std::visit([&](auto& x) { layout::describe(w, x); },
             const_cast<event&>(fact));
  return std::move(w.out);
}

} // namespace pawl
