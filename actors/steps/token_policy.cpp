#include "actors/steps/token_request.hpp"

#include <map>

namespace pawl::actors {

namespace {

/// Takes members of one object and remembers what is wrong with the first.
class member_reader {
public:
  member_reader(const json::object& of, std::string prefix)
      : of_{of}, prefix_{std::move(prefix)} {}

  std::string text(std::string_view name) {
    const auto* found = find(name);
    if (found == nullptr)
      return {};
    if (const auto* s = found->if_string())
      return std::string{std::string_view{*s}};
    complain(name, "must be a text");
    return {};
  }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const auto* found = find(name);
    if (found == nullptr)
      return out;
    const auto* list = found->if_array();
    if (list == nullptr) {
      complain(name, "must be a list of texts");
      return out;
    }
    for (const auto& item : *list) {
      if (const auto* s = item.if_string())
        out.emplace_back(std::string_view{*s});
      else
        complain(name, "must be a list of texts");
    }
    return out;
  }

  const json::object& object(std::string_view name) {
    static const json::object none;
    const auto* found = find(name);
    if (found == nullptr)
      return none;
    if (const auto* o = found->if_object())
      return *o;
    complain(name, "must be an object");
    return none;
  }

  /// One of `words`; `otherwise` if the member is absent.
  template <class T>
  T word(std::string_view name, const std::map<std::string_view, T>& words,
         T otherwise) {
    const auto given = text(name);
    if (given.empty())
      return otherwise;
    if (const auto found = words.find(given); found != words.end())
      return found->second;
    complain(name, "is none that is supported");
    return otherwise;
  }

  [[nodiscard]] const std::string& fault() const { return fault_; }

private:
  [[nodiscard]] const json::value* find(std::string_view name) const {
    const auto* found = of_.if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  void complain(std::string_view name, std::string_view what) {
    if (fault_.empty())
      fault_ = "`" + prefix_ + std::string{name} + "` " + std::string{what};
  }

  const json::object& of_;
  std::string prefix_;
  std::string fault_;
};

using policy = token_policy;

const std::map<std::string_view, policy::grant_kind> grants
  = {{"client_credentials", policy::grant_kind::client_credentials},
     {"password", policy::grant_kind::password},
     {"refresh_token", policy::grant_kind::refresh_token},
     {"urn:ietf:params:oauth:grant-type:token-exchange",
      policy::grant_kind::token_exchange},
     {"urn:ietf:params:oauth:grant-type:jwt-bearer",
      policy::grant_kind::jwt_bearer}};
const std::map<std::string_view, policy::client_kind> client_kinds
  = {{"client_secret_basic", policy::client_kind::secret_basic},
     {"client_secret_post", policy::client_kind::secret_post},
     {"client_secret_jwt", policy::client_kind::secret_jwt},
     {"private_key_jwt", policy::client_kind::private_key},
     {"none", policy::client_kind::none}};
const std::map<std::string_view, bool> encodings
  = {{"application/x-www-form-urlencoded", false}, {"application/json", true}};

std::string read_client(const json::object& with, policy& out) {
  member_reader client{with, "client."};
  out.client_id = client.text("id");
  out.client_secret = client.text("secret");
  out.client_assertion = client.text("assertion");
  out.key_id = client.text("keyId");
  // A JWT bearer is the grant by itself; whoever wants the client to prove
  // itself beside it says so.
  auto otherwise = policy::client_kind::absent;
  if (!with.empty() && out.grant != policy::grant_kind::jwt_bearer)
    otherwise = out.client_secret.empty() && !out.client_assertion.empty()
                  ? policy::client_kind::private_key
                  : policy::client_kind::secret_post;
  out.client = client.word("authentication", client_kinds, otherwise);
  return client.fault();
}

std::string read_foreign(const json::object& from, std::string_view name,
                         policy::foreign_token& out) {
  member_reader token{from, std::string{name} + '.'};
  out.token = token.text("token");
  out.type = token.text("type");
  return token.fault();
}

/// What the grant cannot do without; "" if all is there.
std::string missing_in(const policy& p) {
  using enum policy::grant_kind;
  const bool signs
    = p.grant == jwt_bearer || p.client == policy::client_kind::private_key;
  if (p.authority.empty())
    return "`authority` is missing";
  if (signs && p.client_secret.empty() && p.client_assertion.empty())
    return "`client.secret` (a private key) or `client.assertion` is missing";
  const bool needs_secret = p.client == policy::client_kind::secret_basic
                            || p.client == policy::client_kind::secret_jwt;
  if (needs_secret && p.client_secret.empty())
    return "`client.secret` is missing";
  const bool needs_id = needs_secret || (signs && p.client_assertion.empty())
                        || p.grant == client_credentials;
  if (needs_id && p.client_id.empty() && p.client_assertion.empty())
    return "`client.id` is missing";
  if (p.grant == password && (p.username.empty() || p.password.empty()))
    return "`username` or `password` is missing";
  if (p.grant == refresh_token && p.subject.token.empty())
    return "`subject.token` (the refresh token) is missing";
  if (p.grant == token_exchange
      && (p.subject.token.empty() || p.subject.type.empty()))
    return "`subject` is missing";
  return {};
}

bool is_absolute(std::string_view uri) {
  return uri.starts_with("http://") || uri.starts_with("https://");
}

std::string join(const std::string& authority, std::string_view path) {
  if (is_absolute(path))
    return std::string{path};
  return authority + (path.starts_with('/') ? "" : "/") + std::string{path};
}

} // namespace

result<token_policy> read_token_policy(const json::object& with,
                                       bool discover) {
  token_policy out;
  member_reader top{with, ""};
  out.discover = discover;
  out.authority = top.text("authority");
  while (out.authority.ends_with('/'))
    out.authority.pop_back();
  out.grant = top.word("grant", grants, out.grant);
  out.scopes = top.texts("scopes");
  out.audiences = top.texts("audiences");
  out.issuers = top.texts("issuers");
  out.username = top.text("username");
  out.password = top.text("password");
  member_reader endpoints{top.object("endpoints"), "endpoints."};
  const auto path = endpoints.text("token");
  out.token_endpoint
    = join(out.authority, path.empty() ? "/oauth2/token" : path);
  member_reader request{top.object("request"), "request."};
  out.as_json = request.word("encoding", encodings, false);
  const std::string faults[]
    = {read_client(top.object("client"), out),
       read_foreign(top.object("subject"), "subject", out.subject),
       read_foreign(top.object("actor"), "actor", out.actor),
       endpoints.fault(),
       request.fault(),
       top.fault(),
       missing_in(out)};
  for (const auto& fault : faults)
    if (!fault.empty())
      return error{errc::invalid_input,
                   "The policy for tokens is not complete: " + fault + '.'};
  return out;
}

} // namespace pawl::actors
