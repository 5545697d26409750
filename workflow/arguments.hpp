#pragma once

#include "workflow/planner.hpp"

#include <string_view>

namespace pawl {

/// Evaluates the arguments of an effect one by one, up to the first error.
class argument_list {
public:
  argument_list(planner& p, const entry& e) : p_{p}, e_{e} {}

  /// Adds what `rule` yields.
  void add(std::string_view key, const dynamic_value& rule);
  void add(std::string_view key, const std::optional<dynamic_value>& rule);
  void add_fixed(std::string_view key, json::value value);
  /// Adds `key` as an object of texts and lists of texts, empty without a rule;
  /// null members are left out. With `headers`, fails on what no header can
  /// hold.
  void add_texts(std::string_view key, const std::optional<dynamic_value>& rule,
                 bool headers);
  /// Adds the URI that `where` yields.
  void add_uri(std::string_view key, const endpoint& where);
  /// Adds {uri, authentication}.
  void add_endpoint(std::string_view key, const endpoint& where);
  /// Adds `authentication`, if there is one.
  void add_access(const std::optional<authentication>& access);

  /// Whether the member `key` is to be evaluated by the worker.
  [[nodiscard]] bool is_late(std::string_view key) const;
  [[nodiscard]] const json::object& made() const { return made_; }
  /// Keeps the first error.
  void fail(raised why);
  void fail(error_kind kind, std::string detail);

  /// The arguments, or the first error.
  or_raised<datum> take();

private:
  json::value evaluate(const dynamic_value& rule, std::string where);
  json::value uri_of(const endpoint& where, const std::string& at);
  json::object access_of(const authentication& access,
                         const std::string& where);
  [[nodiscard]] bool is_late_at(std::string_view pointer) const;
  json::value texts_of(const json::value& member, std::string_view key,
                       std::string_view name, bool headers);

  planner& p_;
  const entry& e_;
  json::object made_;
  json::array late_;
  std::optional<raised> why_;
};

/// Begins a task whose effect has these arguments, or fails it.
void begin_effect(planner& p, const entry& e, or_raised<datum> arguments);

} // namespace pawl
