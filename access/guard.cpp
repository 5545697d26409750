#include "access/guard.hpp"

#include <algorithm>
#include <mutex>

namespace pawl::access {

namespace {

/// Refusals that are recorded in one second.
constexpr std::uint32_t refusals_max = 20;

std::optional<std::string_view> bearer_in(std::string_view field) {
  constexpr std::string_view scheme = "bearer ";
  if (field.size() < scheme.size())
    return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = field[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != scheme[i])
      return std::nullopt;
  }
  field.remove_prefix(scheme.size());
  while (field.starts_with(' '))
    field.remove_prefix(1);
  while (field.ends_with(' '))
    field.remove_suffix(1);
  return field;
}

caller_ptr caller_of(const token& t) {
  return std::make_shared<const caller>(
    caller{.name = "token:" + t.id + " (" + t.name + ")",
           .user = t.name,
           .credential = "token:" + t.id,
           .token_id = t.id,
           .roles = t.roles});
}

bool expired(const token& t, timestamp now) {
  return t.expires && *t.expires <= now;
}

std::optional<timestamp> used_at(std::int64_t ms) {
  return ms == 0 ? std::nullopt : std::optional{from_unix_ms(ms)};
}

} // namespace

void guard::load(std::vector<token> all, bool ever_made) {
  for (auto& t : all)
    add(std::move(t));
  if (ever_made)
    closed_ = true;
}

void guard::add(token made) {
  auto e = std::make_shared<entry>();
  e->as = caller_of(made);
  e->what = std::move(made);
  const std::lock_guard hold{lock_};
  tokens_[e->what.id] = e;
  closed_ = true;
}

void guard::remove(const std::string& id) {
  const std::lock_guard hold{lock_};
  tokens_.erase(id);
}

guard::entry_ptr guard::entry_of(std::string_view id) const {
  const std::shared_lock hold{lock_};
  const auto at = tokens_.find(std::string{id});
  return at == tokens_.end() ? nullptr : at->second;
}

caller_ptr guard::without_token(const peer& from) const {
  const auto name = from.uid
                      ? "uid:" + std::to_string(*from.uid)
                      : std::string{from.is_local ? "loopback" : "anonymous"};
  if (!closed_ && from.is_local)
    return std::make_shared<const caller>(
      caller{.name = name, .almighty = true});
  if (from.uid && (*from.uid == 0 || *from.uid == own_uid_))
    return std::make_shared<const caller>(
      caller{.name = name, .credential = name, .almighty = true});
  return nullptr;
}

denial guard::refuse(const peer& from, std::string why, timestamp now) {
  return {.bad_token = true,
          .detail = std::move(why),
          .retry_after = misses_.miss(place_of(from.address), now)};
}

std::variant<caller_ptr, denial>
guard::admit(const peer& from,
             const std::optional<std::string_view>& authorization,
             timestamp now) {
  // Without tokens nobody is asked for one, and none that is shown is read.
  if (!authorization || (!closed_ && from.is_local)) {
    if (auto who = without_token(from))
      return who;
    return denial{.detail = "Show a token: Authorization: Bearer pawl_..."};
  }
  const auto text = bearer_in(*authorization);
  const auto parts = text ? parse_token(*text) : std::nullopt;
  if (!parts)
    return refuse(from,
                  "This is no token of Pawl: Authorization: Bearer "
                  "pawl_...",
                  now);
  const auto e = entry_of(parts->id);
  // Whether there is such an id takes as long to find out as whether the
  // secret is right.
  static const std::string nothing(64, '0');
  const bool right = same_secret(digest_of(parts->secret),
                                 e == nullptr ? nothing : e->what.digest);
  if (e == nullptr || !right)
    return refuse(from, "The token is not known, or was revoked.", now);
  if (expired(e->what, now))
    return refuse(from, "The token has expired.", now);
  e->used_ms = unix_ms(now);
  return e->as;
}

bool guard::stands(const caller& who, timestamp now) const {
  if (who.token_id.empty())
    // Who came in while there were no tokens must show one from then on.
    return !who.credential.empty() || !closed_;
  const auto e = entry_of(who.token_id);
  return e != nullptr && !expired(e->what, now);
}

std::vector<guard::listed> guard::list() const {
  std::vector<listed> out;
  {
    const std::shared_lock hold{lock_};
    for (const auto& [id, e] : tokens_)
      out.push_back({e->what, used_at(e->used_ms)});
  }
  std::ranges::sort(out, {}, [](const listed& l) { return l.what.id; });
  return out;
}

std::optional<guard::listed> guard::find(const std::string& id) const {
  const auto e = entry_of(id);
  if (e == nullptr)
    return std::nullopt;
  return listed{e->what, used_at(e->used_ms)};
}

bool guard::record_refusal(timestamp now) {
  const auto second = unix_ms(now) / 1000;
  if (refusals_second_.exchange(second) != second)
    refusals_ = 0;
  return refusals_++ < refusals_max;
}

} // namespace pawl::access
