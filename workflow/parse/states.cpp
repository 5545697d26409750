#include "workflow/parse/builtin.hpp"

#include <algorithm>
#include <set>

/// `document.metadata.states` and `.events`, and `metadata.state` of tasks.
namespace pawl::parsing {

namespace {

constexpr std::size_t state_bytes_max = 128;

/// A state's name; "" after a fault.
std::string read_state(context& c, const cursor& where) {
  auto name = read_text(c, where);
  if (!name)
    return {};
  if (name->size() <= state_bytes_max)
    return std::move(*name);
  c.faults.invalid(where, "a state's name has at most 128 bytes");
  return {};
}

/// The states that a list names, each with its place.
std::vector<std::pair<std::string, cursor>>
read_state_list(context& c, const cursor& where, std::string_view what) {
  std::vector<std::pair<std::string, cursor>> out;
  if (where.value == nullptr)
    return out;
  if (!where.value->is_array()) {
    c.faults.invalid(where, std::string{what} + " must be a list of states");
    return out;
  }
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i)
    if (auto name = read_state(c, where.item(i)); !name.empty())
      out.emplace_back(std::move(name), where.item(i));
  return out;
}

/// All states that are named, with the place where they first are.
using named_states = std::map<std::string, cursor>;

void check_ends(context& c, const business_states& states,
                const named_states& named) {
  for (const auto& [name, at] : named) {
    const bool terminal = std::ranges::count(states.terminal, name) > 0;
    const auto out = states.transitions.find(name);
    const bool leads = out != states.transitions.end() && !out->second.empty();
    if (terminal && leads)
      c.faults.invalid(at, "the state " + quoted(name)
                             + " is terminal, but has a way out");
    if (!terminal && !leads)
      c.faults.invalid(at, "no way leads out of the state " + quoted(name)
                             + ", and 'terminal' does not name it");
  }
}

void check_reachable(context& c, const business_states& states,
                     const named_states& named) {
  std::set<std::string> reached{states.initial};
  std::vector<std::string> open{states.initial};
  while (!open.empty()) {
    const auto from = states.transitions.find(open.back());
    open.pop_back();
    if (from == states.transitions.end())
      continue;
    for (const auto& to : from->second)
      if (reached.insert(to).second)
        open.push_back(to);
  }
  for (const auto& [name, at] : named)
    if (!reached.contains(name))
      c.faults.invalid(at, "the state " + quoted(name)
                             + " cannot be reached from "
                             + quoted(states.initial));
}

business_states read_all_states(context& c, const cursor& where) {
  business_states out;
  named_states named;
  object_reader fields{c.faults, where, "'metadata.states'"};
  const auto initial = fields.need("initial");
  out.initial = read_state(c, initial);
  if (!out.initial.empty())
    named.emplace(out.initial, initial);
  for (auto& [name, at] :
       read_state_list(c, fields.take("terminal"), "'terminal'")) {
    named.emplace(name, at);
    out.terminal.push_back(std::move(name));
  }
  for_members(c, fields.need("transitions"), "'transitions'",
              [&](const std::string& from, const cursor& at) {
                named.emplace(from, at);
                auto& to = out.transitions[from];
                for (auto& [name, place] :
                     read_state_list(c, at, "what a state leads to")) {
                  named.emplace(name, place);
                  to.push_back(std::move(name));
                }
              });
  fields.close();
  if (out.initial.empty())
    return out;
  check_ends(c, out, named);
  check_reachable(c, out, named);
  return out;
}

bool is_state(const business_states& states, const std::string& name) {
  return name == states.initial || states.transitions.contains(name)
         || std::ranges::count(states.terminal, name) > 0;
}

/// A state that a task moves to; "" if there is none, or after a fault.
std::string read_move(context& c, const cursor& where) {
  auto name = read_state(c, where);
  if (name.empty() || is_state(*c.out.states, name))
    return name;
  std::vector<std::string_view> names{c.out.states->initial};
  for (const auto& [from, to] : c.out.states->transitions)
    names.emplace_back(from);
  names.insert(names.end(), c.out.states->terminal.begin(),
               c.out.states->terminal.end());
  c.faults.invalid(where, "'document.metadata.states' has no state "
                            + quoted(name) + "." + did_you_mean(name, names));
  return {};
}

bool is_route(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  constexpr std::size_t bytes_max = 64;
  return !text.empty() && text.size() <= bytes_max && text.front() != '-'
         && text.find_first_not_of(allowed) == text.npos;
}

/// What the API means by the last segment of an instance's path.
bool is_verb(std::string_view route) {
  constexpr std::array<std::string_view, 14> verbs{
    "pause",  "resume",  "cancel",  "retry",    "skip",    "complete", "fail",
    "events", "explain", "history", "rollback", "diagram", "restart",  "links"};
  return std::ranges::find(verbs, route) != verbs.end();
}

std::string read_route(context& c, const cursor& where) {
  auto route = read_text(c, where).value_or("");
  if (route.empty())
    return route;
  if (!is_route(route))
    c.faults.invalid(where,
                     "a route is one segment of a path: at most 64 small "
                     "letters, digits and '-'");
  else if (is_verb(route))
    c.faults.invalid(where, quoted(route) + " is a path of the API already");
  for (const auto& [type, known] : c.out.user_events)
    if (known.route == route)
      c.faults.invalid(where,
                       "the event " + quoted(type) + " has this route already");
  return route;
}

} // namespace

void read_states(context& c, const cursor& where) {
  if (where.value != nullptr)
    c.out.states = read_all_states(c, where);
}

void read_user_events(context& c, const cursor& where) {
  if (where.value == nullptr)
    return;
  for_members(c, where, "'metadata.events'",
              [&](const std::string& type, const cursor& at) {
                user_event made;
                object_reader fields{c.faults, at, "an event"};
                made.schema = read_data_schema(c, fields.take("schema"));
                made.when
                  = read_program(c, fields.take("when"), site::event_guard);
                made.route = read_route(c, fields.take("route"));
                fields.close();
                c.out.user_events.emplace(type, std::move(made));
              });
}

std::optional<state_moves> read_moves(context& c, const cursor& where) {
  if (where.value == nullptr)
    return std::nullopt;
  if (!c.out.states) {
    c.faults.invalid(where, "'metadata.state' needs "
                            "'document.metadata.states', which says what "
                            "states there are");
    return std::nullopt;
  }
  object_reader fields{c.faults, where, "'metadata.state'"};
  state_moves out;
  out.enter = read_move(c, fields.take("enter"));
  out.done = read_move(c, fields.take("done"));
  out.fault = read_move(c, fields.take("fault"));
  fields.close();
  return out;
}

} // namespace pawl::parsing
