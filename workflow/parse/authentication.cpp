#include "workflow/parse/context.hpp"

#include <array>

namespace pawl::parsing {

namespace {

using scheme_kind = authentication::scheme_kind;

// In the order of scheme_kind.
constexpr std::array<std::string_view, 5> schemes{"basic", "bearer", "digest",
                                                  "oauth2", "oidc"};

/// The member `name`, which must be text, and maybe an expression.
void check_text(context& c, const cursor& where, site at) {
  read_text_or_expression(c, where, at);
}

void check_texts(context& c, const cursor& where, std::string_view what) {
  if (where.value == nullptr)
    return;
  if (!where.value->is_array()) {
    c.faults.invalid(where, quoted(what) + " must be a list of texts");
    return;
  }
  for (std::size_t i = 0; i < where.value->get_array().size(); ++i)
    if (!where.item(i).value->is_string())
      c.faults.invalid(where.item(i), "text is needed");
}

void check_token(context& c, const cursor& where, std::string_view what,
                 site at) {
  object_reader fields{c.faults, where, quoted(what)};
  check_text(c, fields.need("token"), at);
  check_text(c, fields.need("type"), at);
  fields.close();
}

void check_grant(context& c, const cursor& where) {
  constexpr std::array<std::string_view, 5> grants{
    "authorization_code", "client_credentials", "password", "refresh_token",
    "urn:ietf:params:oauth:grant-type:token-exchange"};
  // A person would have to be asked.
  if (read_choice(c, where, grants) == std::size_t{0})
    c.faults.unsupported(where, "the grant 'authorization_code'");
}

void check_client(context& c, const cursor& where, site at) {
  constexpr std::array<std::string_view, 5> ways{
    "client_secret_basic", "client_secret_post", "client_secret_jwt",
    "private_key_jwt", "none"};
  object_reader fields{c.faults, where, "'client'"};
  check_text(c, fields.take("id"), at);
  check_text(c, fields.take("secret"), at);
  check_text(c, fields.take("assertion"), at);
  read_choice(c, fields.take("authentication"), ways);
  fields.close();
}

/// The members of `oauth2` and `oidc`.
void check_oauth2(context& c, object_reader& fields, bool endpoints, site at) {
  const auto authority = fields.need("authority");
  if (authority.value != nullptr && !is_literal(authority))
    c.faults.invalid(authority, "the authority is a URI, not an expression");
  else
    read_uri(c, authority, at);
  check_grant(c, fields.need("grant"));
  check_client(c, fields.take("client"), at);
  constexpr std::array<std::string_view, 2> encodings{
    "application/x-www-form-urlencoded", "application/json"};
  object_reader request{c.faults, fields.take("request"), "'request'"};
  read_choice(c, request.take("encoding"), encodings);
  request.close();
  for (const std::string_view name : {"issuers", "scopes", "audiences"})
    check_texts(c, fields.take(name), name);
  check_text(c, fields.take("username"), at);
  check_text(c, fields.take("password"), at);
  for (const std::string_view name : {"subject", "actor"})
    check_token(c, fields.take(name), name, at);
  if (!endpoints)
    return;
  object_reader paths{c.faults, fields.take("endpoints"), "'endpoints'"};
  for (const std::string_view name : {"token", "revocation", "introspection"})
    read_text(c, paths.take(name));
  paths.close();
}

/// Checks the members of the scheme at `where`, which refers to no secret.
void check_members(context& c, object_reader& fields, scheme_kind scheme,
                   site at) {
  switch (scheme) {
  case scheme_kind::basic:
  case scheme_kind::digest:
    check_text(c, fields.need("username"), at);
    check_text(c, fields.need("password"), at);
    break;
  case scheme_kind::bearer:
    check_text(c, fields.need("token"), at);
    break;
  case scheme_kind::oauth2:
  case scheme_kind::oidc:
    check_oauth2(c, fields, scheme == scheme_kind::oauth2, at);
    break;
  }
}

/// Which secret the members are those of: its name, or an expression for it.
/// The name is kept, so the expression may not read secrets itself.
void read_use_of(context& c, const cursor& where, site at,
                 authentication& out) {
  if (where.value->is_string() && !is_literal(where)) {
    if (at == site::registration)
      c.faults.invalid(where, "the secret's name is needed here, not an "
                              "expression: there is no instance yet");
    dynamic_value::object by;
    by.emplace_back("use", read_dynamic(c, where, site::task_body));
    out.with = make_object(std::move(by));
    return;
  }
  out.secret = read_text(c, where).value_or("");
  if (!out.secret.empty())
    check_secret(c, where, out.secret);
}

} // namespace

authentication read_policy(context& c, const cursor& where, site at) {
  authentication out;
  object_reader fields{c.faults, where, "an authentication"};
  fields.refuse("certificate", "the authentication 'certificate'");
  cursor chosen;
  int found = 0;
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    const auto scheme = fields.take(schemes[i]);
    if (scheme.value == nullptr)
      continue;
    ++found;
    chosen = scheme;
    out.scheme = static_cast<scheme_kind>(i);
  }
  fields.close();
  if (fields.is_object() && found != 1 && !fields.has("certificate"))
    c.faults.invalid(where, "an authentication needs exactly one of "
                              + listed(schemes));
  if (found != 1)
    return out;
  const auto name = schemes[static_cast<std::size_t>(out.scheme)];
  object_reader members{c.faults, chosen, quoted(name)};
  if (members.has("use")) {
    read_use_of(c, members.take("use"), at, out);
    members.close();
    return out;
  }
  check_members(c, members, out.scheme, at);
  members.close();
  if (members.is_object())
    out.with = read_dynamic(c, chosen, at);
  return out;
}

std::optional<authentication>
read_authentication(context& c, const cursor& where, site at) {
  if (where.value == nullptr)
    return std::nullopt;
  const auto use = where.member("use");
  if (use.value == nullptr)
    return read_policy(c, where, at);
  object_reader fields{c.faults, where, "an authentication by name"};
  const auto name = read_text(c, fields.take("use"));
  fields.close();
  if (!name)
    return std::nullopt;
  const auto found = c.authentications_made.find(*name);
  if (found == c.authentications_made.end()) {
    std::vector<std::string_view> names;
    for (const auto& each : c.authentications_made)
      names.emplace_back(each.first);
    report_unknown_name(c, use, "authentications", names);
    return std::nullopt;
  }
  if (at != site::registration)
    return found->second;
  // Fewer variables are there, so it is read once more for that place.
  const reading_part main{c.faults, nullptr};
  return read_policy(c, c.authentications.member(*name), at);
}

} // namespace pawl::parsing
