#include "workflow/evaluator.hpp"

#include "base/overload.hpp"
#include "workflow/problem.hpp"

#include <boost/throw_exception.hpp>

#include <algorithm>
#include <stdexcept>

namespace pawl {

namespace {

std::string_view pointer_of(const vantage& at) {
  return at.node != nullptr ? std::string_view{at.node->pointer}
                            : std::string_view{"/"};
}

raised expression_error(std::string detail, const vantage& at) {
  return {std::in_place, make_problem(error_kind::expression, std::move(detail),
                                      pointer_of(at))};
}

raised failure(const error& why, const vantage& at) {
  auto out = expression_error(why.detail, at);
  out.spent = why.code != errc::invalid_input;
  return out;
}

// As deep as what comes from outside may be (parse_json), so that whatever a
// workflow makes of it can be written, shown and read again.
constexpr int depth_max = 64;

bool deeper_than(const json::value& v, int levels) {
  const auto deeper
    = [&](const json::value& part) { return deeper_than(part, levels - 1); };
  if (const auto* items = v.if_array())
    return levels == 0 || std::ranges::any_of(*items, deeper);
  if (const auto* members = v.if_object())
    return levels == 0
           || std::ranges::any_of(*members, [&](const auto& member) {
                return deeper(member.value());
              });
  return false;
}

// What `v` takes of `left` as text, escapes aside; false if that is not enough.
bool fits(const json::value& v, std::size_t& left) {
  std::size_t own = 2;
  if (const auto* text = v.if_string())
    own += text->size();
  if (own > left)
    return false;
  left -= own;
  if (const auto* items = v.if_array())
    return std::ranges::all_of(
      *items, [&](const auto& item) { return fits(item, left); });
  if (const auto* members = v.if_object())
    return std::ranges::all_of(*members, [&](const auto& member) {
      const auto key = member.key().size() + 2;
      if (key > left)
        return false;
      left -= key;
      return fits(member.value(), left);
    });
  return true;
}

// Why `v` may not become part of the instance's data. Depth comes first, since
// the size is counted recursively.
std::optional<raised> misfit(const json::value& v, std::size_t value_max,
                             const vantage& at) {
  if (deeper_than(v, depth_max))
    return expression_error("the value has more than "
                              + std::to_string(depth_max)
                              + " levels of objects and arrays",
                            at);
  if (auto left = value_max; !fits(v, left))
    return expression_error("the value is larger than "
                              + std::to_string(value_max)
                              + " bytes, the limit here",
                            at);
  return std::nullopt;
}

} // namespace

void throw_exception_from_error(const raised& e,
                                const boost::source_location& at) {
  boost::throw_with_location(std::runtime_error{to_text(e.problem)}, at);
}

json::object make_problem(error_kind kind, std::string detail,
                          std::string_view pointer) {
  return {{"type", error_type(kind)},
          {"status", error_status(kind)},
          {"title", error_title(kind)},
          {"detail", std::move(detail)},
          {"instance", pointer}};
}

void evaluator::begin_turn(datum flags) {
  flags_ = std::move(flags);
  spent_ = 0;
  left_ = bounds_;
}

bool evaluator::turn_spent() const {
  return spent_ + (bounds_.steps - left_.steps) >= bounds_.steps;
}

void evaluator::begin_step(timestamp now) {
  spent_ += bounds_.steps - left_.steps;
  now_ = now;
  left_ = bounds_;
  known_.clear();
  next_known_ = 0;
  needs_.reset();
  flags_read_ = false;
}

void evaluator::resume_step(result<std::vector<json::value>> values) {
  left_ = bounds_;
  known_.push_back(std::move(values));
  next_known_ = 0;
  needs_.reset();
}

std::optional<evaluation> evaluator::take_needs() {
  return std::exchange(needs_, std::nullopt);
}

or_raised<std::vector<json::value>>
evaluator::run(const expression::program& what, const json::value& dot,
               const vantage& at) {
  if (pending())
    return raised{}; // The step is given up already.
  built_.clear();
  std::vector<expression::variable> variables;
  variables.reserve(what.variables().size());
  for (const auto& use : what.variables())
    variables.push_back({use.name, find(use, at)});
  if (what.runs_on() == expression::engine::native) {
    auto values
      = expression::evaluate_all(what, {&dot, variables, now_}, left_);
    if (!values)
      return failure(values.error(), at);
    return std::move(*values);
  }
  if (next_known_ < known_.size()) {
    auto& values = known_[next_known_++];
    if (!values)
      return failure(values.error(), at);
    return *values;
  }
  evaluation wanted{.program = what.shared_from_this(),
                    .data = dot,
                    .variables = {},
                    .now = now_};
  for (const auto& v : variables)
    wanted.variables.emplace_back(std::string{v.name},
                                  v.value ? *v.value : json::value{});
  needs_ = std::move(wanted);
  return raised{};
}

or_raised<json::value> evaluator::evaluate(const expression::program& what,
                                           const json::value& dot,
                                           const vantage& at) {
  auto values = run(what, dot, at);
  if (!values)
    return values.error();
  if (values->empty())
    return json::value{};
  if (values->size() > 1)
    return expression_error("the expression " + what.text() + " gives "
                              + std::to_string(values->size())
                              + " values where one is needed",
                            at);
  return std::move(values->front());
}

std::optional<raised> evaluator::unfit(const json::value& made,
                                       const vantage& at) const {
  return misfit(made, value_max_, at);
}

or_raised<json::value> evaluator::evaluate_list(const expression::program& what,
                                                const json::value& dot,
                                                const vantage& at) {
  auto values = run(what, dot, at);
  if (!values)
    return values.error();
  json::value list;
  if (values->size() == 1 && !what.is_generator()) {
    list = std::move(values->front());
  } else {
    auto& all = list.emplace_array();
    all.reserve(values->size());
    for (auto& v : *values)
      all.push_back(std::move(v));
  }
  if (auto why = misfit(list, value_max_, at))
    return std::move(*why);
  return list;
}

or_raised<bool> evaluator::holds(const expression::program& what,
                                 const json::value& dot, const vantage& at) {
  auto value = evaluate(what, dot, at);
  if (!value)
    return value.error();
  return !value->is_null() && !(value->is_bool() && !value->get_bool());
}

or_raised<json::value> evaluator::build(const dynamic_value& what,
                                        const json::value& dot,
                                        const vantage& at, late_sink* sink) {
  if (const auto* fixed = std::get_if<datum>(&what.form))
    return json::value(**fixed);
  if (const auto* program = std::get_if<expression::program_ptr>(&what.form))
    return evaluate(**program, dot, at);
  if (const auto* late = std::get_if<late_expression>(&what.form))
    return put_off(*late, at, sink);
  if (const auto* loose = std::get_if<loose_expression>(&what.form)) {
    auto value = evaluate(*loose->program, dot, at);
    if (value || pending())
      return value;
    return json::value(*loose->literal);
  }
  const auto part = [&](const dynamic_value& member, std::string_view key) {
    if (sink == nullptr)
      return build(member, dot, at);
    late_sink inner{pointer_join(sink->where, key), sink->late};
    return build(member, dot, at, &inner);
  };
  if (const auto* members = std::get_if<dynamic_value::object>(&what.form)) {
    json::object out;
    out.reserve(members->size());
    for (const auto& [key, member] : *members) {
      auto value = part(member, key);
      if (!value)
        return value.error();
      out.insert_or_assign(key, std::move(*value));
    }
    return json::value(std::move(out));
  }
  json::array out;
  for (const auto& item : std::get<dynamic_value::array>(what.form)) {
    auto value = part(item, std::to_string(out.size()));
    if (!value)
      return value.error();
    out.push_back(std::move(*value));
  }
  return json::value(std::move(out));
}

or_raised<json::value> evaluator::put_off(const late_expression& what,
                                          const vantage& at, late_sink* sink) {
  if (sink == nullptr)
    throw std::logic_error{"a late expression where none can stand"};
  json::object variables;
  for (const auto& use : what.program->variables())
    if (use.name != "secrets" && use.name != "authorization")
      if (const auto* value = find(use, at))
        variables[use.name] = *value;
  sink->late.push_back({{"at", sink->where},
                        {"place", what.place},
                        {"variables", std::move(variables)}});
  return json::value{};
}

or_raised<datum> evaluator::evaluate_arguments(const dynamic_value& what,
                                               const json::value& dot,
                                               const vantage& at,
                                               std::string where,
                                               json::array& late) {
  if (const auto* fixed = std::get_if<datum>(&what.form))
    return *fixed;
  late_sink sink{std::move(where), late};
  auto value = build(what, dot, at, &sink);
  if (!value)
    return value.error();
  if (auto why = misfit(*value, value_max_, at))
    return std::move(*why);
  return make_datum(std::move(*value));
}

or_raised<datum> evaluator::evaluate(const dynamic_value& what,
                                     const json::value& dot,
                                     const vantage& at) {
  if (const auto* fixed = std::get_if<datum>(&what.form))
    return *fixed;
  auto value = build(what, dot, at);
  if (!value)
    return value.error();
  if (auto why = misfit(*value, value_max_, at))
    return std::move(*why);
  return make_datum(std::move(*value));
}

or_raised<calendar_duration> evaluator::evaluate(const duration_rule& what,
                                                 const json::value& dot,
                                                 const vantage& at) {
  if (const auto* known = std::get_if<calendar_duration>(&what))
    return *known;
  auto value = evaluate(std::get<dynamic_value>(what), dot, at);
  if (!value)
    return value.error();
  auto length = parse_duration(**value);
  if (!length)
    return expression_error(length.error().detail, at);
  return *length;
}

} // namespace pawl
