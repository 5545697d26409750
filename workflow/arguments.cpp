#include "workflow/arguments.hpp"

#include "workflow/uri_template.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl {

namespace {

json::value as_text(const json::value& v) {
  return v.is_string() ? v : json::value(to_text(v));
}

// A name or value that would end its line makes a header of its own.
bool fits_a_header(std::string_view name, const json::value& value) {
  const auto is_control = [](unsigned char c) { return c < 0x20 && c != '\t'; };
  const std::string_view text = value.get_string();
  return !name.empty() && name.find_first_of(" \t:") == name.npos
         && std::ranges::none_of(name, is_control)
         && std::ranges::none_of(text, is_control);
}

std::string pointer_of(std::string_view key) {
  return pointer_join("", key);
}

} // namespace

void argument_list::fail(raised why) {
  if (!why_)
    why_ = std::move(why);
}

void argument_list::fail(error_kind kind, std::string detail) {
  fail(raised{std::in_place,
              make_problem(kind, std::move(detail), e_.node->pointer)});
}

json::value argument_list::evaluate(const dynamic_value& rule,
                                    std::string where) {
  if (why_)
    return nullptr;
  auto value = p_.values().evaluate_arguments(rule, *e_.input, p_.seen_from(e_),
                                              std::move(where), late_);
  if (value)
    return **value;
  fail(value.error());
  return nullptr;
}

void argument_list::add(std::string_view key, const dynamic_value& rule) {
  made_[key] = evaluate(rule, pointer_of(key));
}

void argument_list::add(std::string_view key,
                        const std::optional<dynamic_value>& rule) {
  if (rule)
    add(key, *rule);
}

void argument_list::add_fixed(std::string_view key, json::value value) {
  made_[key] = std::move(value);
}

bool argument_list::is_late_at(std::string_view pointer) const {
  return std::ranges::any_of(late_, [&](const json::value& one) {
    return one.at("at").as_string() == pointer;
  });
}

bool argument_list::is_late(std::string_view key) const {
  return is_late_at(pointer_of(key));
}

json::value argument_list::texts_of(const json::value& member,
                                    std::string_view key, std::string_view name,
                                    bool headers) {
  const auto one = [&](const json::value& v) {
    auto text = as_text(v);
    if (headers && !fits_a_header(name, text))
      fail(error_kind::expression,
           "the header '" + std::string{name} + "' holds what no header can");
    return text;
  };
  if (is_late_at(pointer_join(pointer_of(key), name)))
    return nullptr; // The worker fills it in.
  if (!member.is_array())
    return one(member);
  json::array list;
  for (const auto& item : member.get_array())
    list.push_back(one(item));
  return list;
}

void argument_list::add_texts(std::string_view key,
                              const std::optional<dynamic_value>& rule,
                              bool headers) {
  json::object texts;
  auto value
    = rule ? evaluate(*rule, pointer_of(key)) : json::value(json::object{});
  if (is_late(key)) {
    made_[key] = nullptr;
    return;
  }
  const auto* members = value.if_object();
  if (members == nullptr && !why_)
    fail(error_kind::expression, "`" + std::string{key} + "` is not an object");
  if (why_)
    return;
  for (const auto& [name, member] : *members)
    if (!member.is_null() || is_late_at(pointer_join(pointer_of(key), name)))
      texts[name] = texts_of(member, key, name, headers);
  made_[key] = std::move(texts);
}

// A plain text is a URI template; what an expression gives is the URI itself.
json::value argument_list::uri_of(const endpoint& where,
                                  const std::string& at) {
  if (const auto* fixed = std::get_if<datum>(&where.uri.form);
      fixed != nullptr && (*fixed)->is_string()) {
    auto uri = expand_uri_template((*fixed)->get_string(), *e_.input);
    if (uri)
      return json::value(*uri);
    fail(error_kind::expression,
         "the endpoint does not expand: " + uri.error().detail);
    return nullptr;
  }
  auto value = evaluate(where.uri, at);
  if (!value.is_string() && !why_ && !is_late_at(at))
    fail(error_kind::expression, "the endpoint is not a text");
  return value;
}

void argument_list::add_uri(std::string_view key, const endpoint& where) {
  made_[key] = uri_of(where, pointer_of(key));
}

json::object argument_list::access_of(const authentication& access,
                                      const std::string& where) {
  constexpr std::string_view names[]
    = {"basic", "bearer", "digest", "oauth2", "oidc"};
  json::object out{{"scheme", names[static_cast<std::size_t>(access.scheme)]}};
  if (!access.secret.empty()) {
    out["use"] = access.secret;
    return out;
  }
  auto with = evaluate(access.with, where + "/with");
  // No scheme has a member of that name: it is the secret's, by expression.
  const auto* name
    = with.is_object() ? with.get_object().if_contains("use") : nullptr;
  if (name == nullptr) {
    out["with"] = std::move(with);
    return out;
  }
  if (!name->is_string() && !why_)
    fail(error_kind::expression,
         "the name of the secret for the authentication is not a text");
  out["use"] = *name;
  return out;
}

void argument_list::add_endpoint(std::string_view key, const endpoint& where) {
  json::object out;
  out["uri"] = uri_of(where, pointer_of(key) + "/uri");
  if (where.access)
    out["authentication"]
      = access_of(*where.access, pointer_of(key) + "/authentication");
  made_[key] = std::move(out);
}

void argument_list::add_access(const std::optional<authentication>& access) {
  if (access)
    made_["authentication"] = access_of(*access, "/authentication");
}

or_raised<datum> argument_list::take() {
  if (why_)
    return *why_;
  if (!late_.empty())
    made_["late"] = std::move(late_);
  return make_datum(std::move(made_));
}

namespace {

// Who has to be asked before the effect may leave, and whether it may be
// spared: {limit: {name, key, faults}, cache: {key, ttl}}.
or_raised<datum> with_terms(planner& p, const entry& e, datum arguments) {
  const auto& node = *e.node;
  if (!node.limited && !node.cached)
    return arguments;
  const auto at = p.seen_from(e);
  auto all = arguments->as_object();
  if (node.limited) {
    json::object limit{{"name", node.limited->name},
                       {"faults", node.limited->faults}};
    if (node.limited->key) {
      auto key = p.values().evaluate(*node.limited->key, *e.input, at);
      if (!key)
        return key.error();
      limit["key"] = as_text(**key);
    }
    all["limit"] = std::move(limit);
  }
  // Only a call has an answer that another can take its place.
  if (node.cached
      && (std::holds_alternative<tasks::call_http>(node.kind)
          || std::holds_alternative<tasks::call_openapi>(node.kind))) {
    auto key = p.values().evaluate(node.cached->key, *e.input, at);
    if (!key)
      return key.error();
    all["cache"] = {{"key", as_text(**key)}, {"ttl", node.cached->ttl.count()}};
  }
  return make_datum(std::move(all));
}

} // namespace

void begin_effect(planner& p, const entry& e, or_raised<datum> arguments) {
  if (arguments)
    arguments = with_terms(p, e, std::move(*arguments));
  if (!arguments) {
    (void)p.start(e, false);
    return p.fail(e, arguments.error());
  }
  (void)p.start(e, true, *arguments);
}

} // namespace pawl
