#include "actors/steps/authorizer.hpp"

#include "actors/steps/token_request.hpp"
#include "base/bytes.hpp"
#include "base/json_member.hpp"
#include "base/log.hpp"
#include "workflow/late.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace pawl::actors {

namespace {

/// After a token could not be renewed, while the old one is still good.
constexpr duration renew_pause{5'000};

denied no(std::string detail) {
  return {error_kind::authentication, std::move(detail)};
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
}

authorizer::outcome basic(const json::object& with) {
  const auto user = text_in(with, "username");
  const auto word = text_in(with, "password");
  if (!with.contains("username") || !with.contains("password"))
    return no(
      "Basic authentication needs the texts `username` and `password`.");
  if (user.find(':') != std::string::npos)
    return no("A username with a colon cannot be sent by basic "
              "authentication.");
  auto credentials = to_base64(user + ':' + word);
  authorized out;
  out.headers = {{"Authorization", "Basic " + credentials}};
  out.secrets = {json::value(word), json::value(credentials)};
  out.authorization = {{"scheme", "Basic"}, {"parameter", credentials}};
  return out;
}

authorizer::outcome digest(const json::object& with) {
  if (!with.contains("username") || !with.contains("password"))
    return no("Digest authentication needs the texts `username` and "
              "`password`.");
  authorized out;
  out.digest = {text_in(with, "username"), text_in(with, "password")};
  out.secrets = {json::value(out.digest->password)};
  // What is sent follows from the server's challenge, so it is not known.
  out.authorization = {{"scheme", "Digest"}, {"parameter", ""}};
  return out;
}

authorized with_token(std::string token) {
  authorized out;
  out.headers = {{"Authorization", "Bearer " + token}};
  out.secrets = {json::value(token)};
  out.authorization = {{"scheme", "Bearer"}, {"parameter", token}};
  return out;
}

authorizer::outcome bearer(const json::object& with) {
  auto token = text_in(with, "token");
  if (token.empty())
    return no("Bearer authentication needs the text `token`.");
  if (!is_visible(token))
    return no("The bearer token holds characters that no header may hold.");
  return with_token(std::move(token));
}

/// What of a policy must not be shown.
json::array secrets_of(const token_policy& of) {
  json::array out;
  for (const auto* text : {&of.client_secret, &of.client_assertion,
                           &of.password, &of.subject.token, &of.actor.token})
    if (!text->empty())
      out.emplace_back(*text);
  return out;
}

/// Adds the names that stand in a secret: there, they are secret too.
void add_names(json::array& to, const json::object& secret) {
  const auto add = [&](const json::object& in, const char* name) {
    if (auto text = text_in(in, name); !text.empty())
      to.emplace_back(std::move(text));
  };
  add(secret, "username");
  if (const auto* client = secret.if_contains("client");
      client != nullptr && client->is_object())
    add(client->get_object(), "id");
}

} // namespace

/// The tokens, and who waits for them.
class authorizer::state : public std::enable_shared_from_this<state> {
public:
  state(http_client& http, finder find, std::function<timestamp()> now,
        std::size_t tokens_max)
      : http_{http}, find_{std::move(find)}, now_{std::move(now)},
        tokens_max_{tokens_max} {}

  void authorize(const json::object& what, const std::string& ns, done then) {
    const auto scheme = text_in(what, "scheme");
    json::value with;
    if (const auto* inlined = what.if_contains("with"))
      with = *inlined;
    const auto secret = text_in(what, "use");
    if (!secret.empty()) {
      auto found = find_(secret);
      if (!found)
        return then(denied{error_kind::authorization, found.error().detail});
      with = std::move(*found);
      if (scheme == "bearer" && with.is_string())
        with = json::object{{"token", with}};
    }
    if (!with.is_object())
      return then(no(secret.empty()
                       ? "The authentication is no object."
                       : "The secret '" + secret
                           + "' is no object, so it cannot be used as a whole "
                             "authentication."));
    finish(scheme, with.get_object(), !secret.empty(), ns, std::move(then));
  }

  bool renew(const authorized& refused) {
    if (refused.token_key.empty())
      return false;
    const std::lock_guard hold{lock_};
    const auto found = entries_.find(refused.token_key);
    if (found != entries_.end() && found->second.current
        && found->second.current->text == refused.token)
      found->second.current.reset();
    return true;
  }

  std::size_t kept() const {
    const std::lock_guard hold{lock_};
    return entries_.size();
  }

private:
  struct entry {
    std::optional<access_token> current;
    std::string refresh;  ///< What came with the last token, if it rotates.
    bool asked = false;   ///< A request is out.
    timestamp not_before; ///< When it may be asked for again ahead of time.
    std::uint64_t used = 0;
    std::vector<done> waiting;
  };
  /// All that one request for a token needs.
  struct errand {
    std::string key;
    token_policy policy;
    json::value hidden; ///< What no message may show.
    std::string refresh;
  };

  void finish(const std::string& scheme, const json::object& with,
              bool from_secret, const std::string& ns, done then) {
    if (scheme == "oauth2" || scheme == "oidc")
      return with_policy(scheme == "oidc", with, from_secret, ns,
                         std::move(then));
    auto out = scheme == "basic"    ? basic(with)
               : scheme == "bearer" ? bearer(with)
               : scheme == "digest" ? digest(with)
                                    : outcome{no("The scheme is not known.")};
    if (auto* good = std::get_if<authorized>(&out); good && from_secret)
      add_names(good->secrets, with);
    then(std::move(out));
  }

  void with_policy(bool discover, const json::object& with, bool from_secret,
                   const std::string& ns, done then) {
    auto policy = read_token_policy(with, discover);
    if (!policy)
      return then(no(policy.error().detail));
    auto secrets = secrets_of(*policy);
    if (from_secret)
      add_names(secrets, with);
    // Whoever cannot tell the policy does not get the token.
    auto key = sha256(to_canonical_text(
      json::array{json::value(ns), json::value(discover), with}));
    auto tell = [then = std::move(then), secrets, key](outcome out) {
      if (auto* good = std::get_if<authorized>(&out)) {
        good->secrets.insert(good->secrets.end(), secrets.begin(),
                             secrets.end());
        good->token_key = key;
      }
      then(std::move(out));
    };
    // In a secret, the authority is one too, and messages name hosts.
    json::value hidden = from_secret ? json::value(with) : json::value(secrets);
    serve({std::move(key), std::move(*policy), std::move(hidden), {}}, tell);
  }

  /// Gives the token that there is, or waits for one; asks if nobody has.
  void serve(errand what, const done& tell) {
    const auto now = now_();
    std::optional<std::string> token;
    bool ask = false;
    {
      const std::lock_guard hold{lock_};
      if (!entries_.contains(what.key))
        make_room(now);
      auto& e = entries_[what.key];
      e.used = ++uses_;
      what.refresh = e.refresh;
      if (e.current && now < e.current->expires) {
        token = e.current->text;
        ask = now >= e.current->refresh_at && now >= e.not_before;
      } else {
        e.waiting.push_back(tell);
        ask = true;
      }
      ask = ask && !e.asked;
      e.asked = e.asked || ask;
    }
    if (ask)
      begin(std::move(what));
    if (token)
      give(tell, *token);
  }

  static void give(const done& tell, const std::string& token) {
    auto out = with_token(token);
    out.token = token;
    tell(std::move(out));
  }

  void begin(errand what) {
    if (!what.policy.discover) {
      const auto endpoint = what.policy.token_endpoint;
      return ask(std::move(what), endpoint);
    }
    auto request = discovery_request(what.policy);
    http_.start(std::move(request),
                [me = shared_from_this(),
                 what = std::move(what)](const http_outcome& answer) {
                  const auto endpoint = read_discovery(what.policy, answer);
                  if (endpoint)
                    me->ask(what, *endpoint);
                  else
                    me->fail(what, endpoint.error());
                });
  }

  void ask(errand what, const std::string& endpoint) {
    auto request = token_request(what.policy, endpoint, what.refresh, now_());
    if (!request)
      return fail(what, request.error());
    http_.start(std::move(*request),
                [me = shared_from_this(), endpoint,
                 what = std::move(what)](const http_outcome& answer) mutable {
                  auto token = read_token(what.policy, answer, me->now_());
                  if (token)
                    return me->take(what, std::move(*token));
                  // The refresh token that came with the last token may be
                  // void; the policy's own is not meant to be.
                  if (what.refresh.empty() || !answer.failure.empty())
                    return me->fail(what, token.error());
                  what.refresh.clear();
                  me->ask(std::move(what), endpoint);
                });
  }

  void take(const errand& what, access_token token) {
    const auto text = token.text;
    std::vector<done> waiting;
    {
      const std::lock_guard hold{lock_};
      auto& e = entries_[what.key];
      if (what.policy.grant == token_policy::grant_kind::refresh_token)
        e.refresh = token.refresh.empty() ? what.refresh : token.refresh;
      e.current = std::move(token);
      e.asked = false;
      waiting.swap(e.waiting);
    }
    for (const auto& tell : waiting)
      give(tell, text);
  }

  void fail(const errand& what, const error& why) {
    std::vector<done> waiting;
    {
      const std::lock_guard hold{lock_};
      auto& e = entries_[what.key];
      e.asked = false;
      e.refresh = what.refresh;
      e.not_before = now_() + renew_pause;
      waiting.swap(e.waiting);
      if (!e.current && e.refresh.empty())
        entries_.erase(what.key);
    }
    const auto detail = redact_text(why.detail, what.hidden);
    if (waiting.empty())
      log::warn("authorization.token_not_renewed", {{"detail", detail}});
    for (const auto& tell : waiting)
      tell(no(detail));
  }

  /// Keeps to the bound: what has expired goes first, then what was not used
  /// for longest. What is being asked for stays.
  void make_room(timestamp now) {
    if (entries_.size() < tokens_max_)
      return;
    std::erase_if(entries_, [&](const auto& each) {
      const auto& e = each.second;
      return !e.asked && e.refresh.empty()
             && (!e.current || e.current->expires <= now);
    });
    if (entries_.size() < tokens_max_)
      return;
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it)
      if (!it->second.asked
          && (oldest == entries_.end()
              || it->second.used < oldest->second.used))
        oldest = it;
    if (oldest != entries_.end())
      entries_.erase(oldest);
  }

  http_client& http_;
  finder find_;
  std::function<timestamp()> now_;
  std::size_t tokens_max_;
  mutable std::mutex lock_;
  std::unordered_map<std::string, entry> entries_;
  std::uint64_t uses_ = 0;
};

authorizer::authorizer(http_client& http, finder find,
                       std::function<timestamp()> now, std::size_t tokens_max)
    : state_{std::make_shared<state>(http, std::move(find), std::move(now),
                                     tokens_max)} {}
authorizer::~authorizer() = default;

void authorizer::authorize(const json::object& authentication,
                           const std::string& ns, done then) {
  state_->authorize(authentication, ns, std::move(then));
}

bool authorizer::renew(const authorized& refused) {
  return state_->renew(refused);
}

std::size_t authorizer::kept() const {
  return state_->kept();
}

} // namespace pawl::actors
