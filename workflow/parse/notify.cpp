#include "workflow/parse/builtin.hpp"

#include <array>

namespace pawl::parsing {

namespace {

/// What a member must be, where it is known already.
enum class shape : std::uint8_t { any, text, url, object, list, addresses };

struct member_rule {
  std::string_view name;
  shape is = shape::text;
  bool needed = false;
};

// In the order of channel_kind.
constexpr std::array<std::string_view, 4> channels{"slack", "teams", "webhook",
                                                   "email"};
constexpr std::array<member_rule, 3> of_slack{{{"url", shape::url, true},
                                               {"text", shape::text, true},
                                               {"blocks", shape::list}}};
constexpr std::array<member_rule, 3> of_teams{
  {{"url", shape::url, true}, {"text", shape::text, true}, {"title"}}};
constexpr std::array<member_rule, 4> of_webhook{{{"url", shape::url, true},
                                                 {"body", shape::any},
                                                 {"headers", shape::object},
                                                 {"secret"}}};
constexpr std::array<member_rule, 7> of_email{{{"to", shape::addresses, true},
                                               {"subject", shape::text, true},
                                               {"text", shape::text, true},
                                               {"html"},
                                               {"from", shape::addresses},
                                               {"cc", shape::addresses},
                                               {"replyTo", shape::addresses}}};

std::span<const member_rule> rules_of(tasks::notify::channel_kind channel) {
  using enum tasks::notify::channel_kind;
  switch (channel) {
  case slack:
    return of_slack;
  case teams:
    return of_teams;
  case webhook:
    return of_webhook;
  case email:
    return of_email;
  }
  return {};
}

/// Whether it is an expression, or holds one: then only its outcome tells.
bool is_open(const cursor& where) {
  return expression::strip_braces(where.text()).data() != nullptr;
}

void check_texts(context& c, const cursor& where, std::string_view what) {
  const auto* all = where.value->if_array();
  for (std::size_t i = 0; all != nullptr && i < all->size(); ++i)
    if (const auto one = where.item(i); !one.value->is_string())
      c.faults.invalid(one, std::string{what});
}

void check(context& c, const cursor& where, shape is) {
  const auto& value = *where.value;
  if (is_open(where) || is == shape::any)
    return;
  const bool is_text = value.is_string();
  const auto text = where.text();
  switch (is) {
  case shape::url:
    if (!text.starts_with("http://") && !text.starts_with("https://"))
      c.faults.invalid(where, "an http or https URL, or an expression in ${ }, "
                              "is needed");
    return;
  case shape::text:
    if (!is_text || text.empty())
      c.faults.invalid(where, "text, or an expression in ${ }, is needed");
    return;
  case shape::object:
    if (!value.is_object())
      c.faults.invalid(where, "an object of texts, or an expression in ${ }, "
                              "is needed");
    return;
  case shape::list:
    if (!value.is_array())
      c.faults.invalid(where, "a list, or an expression in ${ }, is needed");
    return;
  default:
    if (!is_text && !value.is_array())
      c.faults.invalid(where, "a mail address, a list of them, or an "
                              "expression in ${ }, is needed");
    check_texts(c, where, "a mail address is text");
  }
}

} // namespace

tasks::notify read_notify(context& c, const cursor& with) {
  tasks::notify out;
  object_reader fields{c.faults, with, "'with' of 'call: notify'"};
  const auto channel = read_choice(c, fields.need("channel"), channels);
  if (!channel)
    return out;
  out.channel = static_cast<tasks::notify::channel_kind>(*channel);
  dynamic_value::object members;
  for (const auto& rule : rules_of(out.channel)) {
    const auto where
      = rule.needed ? fields.need(rule.name) : fields.take(rule.name);
    if (where.value == nullptr)
      continue;
    check(c, where, rule.is);
    members.emplace_back(rule.name,
                         read_dynamic(c, where, site::task_arguments));
  }
  fields.close();
  out.with = make_object(std::move(members));
  return out;
}

} // namespace pawl::parsing
