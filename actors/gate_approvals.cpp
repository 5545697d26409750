#include "actors/gate.hpp"
#include "actors/stored_machine.hpp"
#include "base/json_member.hpp"
#include "secrets/jwt.hpp"
#include "workflow/past_approval.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <charconv>

namespace pawl::actors {

namespace {

/// Instances that one list looks at, at most; then it goes on from a cursor.
constexpr int looked_max = 5000;
constexpr auto link_lasts = std::chrono::hours{7 * 24};

refusal unknown() {
  return {.what = {errc::not_found, "There is no approval with this id."}};
}

/// An approval of what is not there is unknown.
refusal if_unknown(error why) {
  if (why.code == errc::not_found)
    return unknown();
  return {.what = std::move(why)};
}

/// Where a list goes on: within an instance behind this approval, and the
/// instances from there on. "FRAME-CURSOR" as text.
struct place {
  frame_id behind = 0;
  std::string from;
};

std::optional<place> parse_place(std::string_view text) {
  place at;
  if (text.empty())
    return at;
  const auto* end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, at.behind);
  if (number.ec != std::errc{} || number.ptr == end || *number.ptr != '-')
    return std::nullopt;
  at.from.assign(number.ptr + 1, end);
  return at;
}

std::string to_cursor(const place& at) {
  return std::to_string(at.behind) + '-' + at.from;
}

bool holds(const std::vector<std::string>& all,
           const std::optional<std::string>& one) {
  return !one || std::ranges::find(all, *one) != all.end();
}

bool fits(const storage::open_approval& one, const list_approvals& what) {
  return holds(one.groups, what.group) && holds(one.users, what.user)
         && (!what.due_before || (one.due && *one.due < *what.due_before));
}

/// The open approval of `state`; null if there is none.
const frame* open_one(const instance_state& state, frame_id id,
                      std::uint32_t round) {
  const auto found = state.frames.find(id);
  if (found == state.frames.end() || !is_open_approval(found->second)
      || found->second.dispatch != round)
    return nullptr;
  return &found->second;
}

/// What the history tells of an approval.
result<past_approval> look_into_history(context& ctx, const instance_key& key,
                                        const definition& of,
                                        const approval_name& name) {
  past_approval past{of, name};
  const auto last = ctx.store.replay(key, 0, [&](storage::history_item&& item) {
    past.see(item.fact, item.at);
    return true;
  });
  if (!last)
    return last.error();
  return past;
}

/// One page of a list under way.
struct page {
  json::array items;
  std::string next;
};

/// Adds the approvals of `head` that are wanted, behind `at.behind`. False if
/// the page is full.
result<bool> add_approvals(context& ctx, const storage::head& head,
                           const list_approvals& what, const place& at,
                           page& to) {
  std::optional<stored_machine> loaded;
  auto behind = at.behind;
  for (const auto& one : head.approvals) {
    if (one.frame <= at.behind || !fits(one, what))
      continue;
    if (to.items.size() >= what.limit) {
      to.next = to_cursor({behind, at.from});
      return false;
    }
    if (!loaded) {
      auto found = load_machine(ctx, key_of(head.ns, head.id));
      if (!found && found.error().code == errc::not_found)
        return true; // Purged meanwhile.
      if (!found)
        return found.error();
      loaded.emplace(std::move(*found));
    }
    const auto& state = loaded->flow.state();
    if (const auto* f = open_one(state, one.frame, one.round))
      to.items.push_back(show_approval(state, loaded->flow.flow(), *f));
    behind = one.frame;
  }
  return true;
}

result<page> read_page(context& ctx, const list_approvals& what, place at) {
  page out;
  storage::list_query query;
  query.ns = what.ns;
  query.workflow = what.workflow;
  query.approvals = true;
  query.limit = 1;
  for (int looked = 0; looked < looked_max; ++looked) {
    query.cursor = at.from;
    const auto row = ctx.store.list(query);
    if (!row)
      return row.error();
    for (const auto& head : row->items) {
      if (!access::sees(what.by, head.ns, head.workflow.name))
        continue;
      const auto room = add_approvals(ctx, head, what, at, out);
      if (!room)
        return room.error();
      if (!*room)
        return out;
    }
    if (row->next_cursor.empty())
      return out;
    at = {0, row->next_cursor};
  }
  out.next = to_cursor(at);
  return out;
}

} // namespace

void gate::list_approvals_of(list_approvals what, const reply_to& to) {
  aside([g = shared_from_this(), what = std::move(what), to] {
    const auto at = parse_place(what.cursor);
    if (!at)
      return to(
        refusal{.what = {errc::malformed, "The cursor is not one of ours."}});
    auto found = read_page(g->ctx_, what, *at);
    if (!found)
      return to(refusal{.what = found.error()});
    json::object body{{"items", std::move(found->items)},
                      {"nextCursor", nullptr}};
    if (!found->next.empty())
      body["nextCursor"] = found->next;
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

gate::found_approval gate::find_approval(const approval_ref& which) {
  const auto name = parse_approval_name(which.id);
  if (!name)
    return unknown();
  const auto at = resolve({name->instance, which.ns, which.by});
  if (!at)
    return if_unknown(at.error());
  const auto loaded = load_machine(ctx_, at->key);
  if (!loaded)
    return if_unknown(loaded.error());
  const auto& state = loaded->flow.state();
  if (const auto* f = open_one(state, name->frame, name->round))
    return show_approval(state, loaded->flow.flow(), *f);
  const auto past
    = look_into_history(ctx_, at->key, loaded->flow.flow(), *name);
  if (!past)
    return refusal{.what = past.error()};
  if (!past->is_known())
    return unknown();
  return past->shown();
}

void gate::read_approval(const approval_ref& which, const reply_to& to) {
  aside([g = shared_from_this(), which, to] {
    auto found = g->find_approval(which);
    if (auto* no = std::get_if<refusal>(&found))
      return to(std::move(*no));
    to(answer{
      .body = to_text(json::value(std::move(std::get<json::object>(found))))});
  });
}

reply gate::late_vote(const vote_on_approval& what, refusal no) {
  const auto name = parse_approval_name(what.which.id);
  const auto at = resolve({name->instance, what.which.ns, what.which.by});
  if (!at)
    return refusal{.what = at.error()};
  const auto loaded = load_machine(ctx_, at->key);
  if (!loaded)
    return refusal{.what = loaded.error()};
  const auto past
    = look_into_history(ctx_, at->key, loaded->flow.flow(), *name);
  if (!past)
    return refusal{.what = past.error()};
  if (!past->is_known())
    return no;
  const auto own = std::ranges::find(past->votes(), what.who.by, &vote::by);
  if (own != past->votes().end() && own->outcome == what.outcome
      && own->comment == what.comment
      && *own->data == what.data.value_or(json::value{}))
    return snapshot_of(at->key); // The same once more.
  const auto shown = past->shown();
  const std::string status{shown.at("status").as_string()};
  no.what = {errc::invalid_state, "The approval is over: " + status + '.'};
  no.members = {{"from", status},
                {"allowed", json::array{}},
                {"votes", shown.at("votes")},
                {"allowedActions", json::array{}}};
  if (status == "approved" || status == "rejected")
    no.members["outcome"] = status;
  return no;
}

// Of those that the approval asks, the groups that his roles let him stand for.
void gate::settle_rights(approver& who, const instance_key& key,
                         frame_id frame) const {
  const auto head = ctx_.store.read_head(key);
  if (who.proven == nullptr || !head)
    return;
  const auto has = [&](access::need what, std::string_view of) {
    return who.proven->has(what, of).covers(head->ns, head->workflow.name);
  };
  who.operates = has(access::need::operate, {});
  for (const auto& one : head->approvals)
    if (one.frame == frame)
      for (const auto& group : one.groups)
        if (has(access::need::approve, group))
          who.groups.push_back(group);
}

void gate::vote(vote_on_approval what, const reply_to& to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  const auto name = parse_approval_name(what.which.id);
  if (!name)
    return to(unknown());
  const auto at = resolve({name->instance, what.which.ns, what.which.by});
  if (!at)
    return to(if_unknown(at.error()));
  settle_rights(what.who, at->key, name->frame);
  // The vote counts, whatever else is under way in the instance.
  const auto tell = [to](reply r) {
    if (auto* a = std::get_if<answer>(&r)) {
      a->status = 200;
      a->location.clear();
    }
    to(std::move(r));
  };
  once(what.once, tell, [&](const reply_to& first) {
    requests::vote wished{.frame = name->frame,
                          .round = name->round,
                          .by = what.who.by,
                          .groups = what.who.groups,
                          .operates = what.who.operates,
                          .outcome = what.outcome,
                          .comment = what.comment,
                          .data = {}};
    if (what.data)
      wished.data = make_datum(*what.data);
    const auto if_match = what.if_match;
    const auto key_once = what.once;
    auto note = note_of(what.which.by, at->ns, name->instance, what.comment);
    auto give = [g = shared_from_this(), what = std::move(what),
                 first](reply r) {
      const auto* no = std::get_if<refusal>(&r);
      if (no == nullptr || no->what.code != errc::not_found)
        return first(std::move(r));
      g->aside([g, what, first, no = *no] { first(g->late_vote(what, no)); });
    };
    caf::anon_send(ctx_.registry.get(), wish{.key = at->key,
                                             .what = std::move(wished),
                                             .if_match = if_match,
                                             .once = key_once,
                                             .reply = make_answer(give),
                                             .note = std::move(note)});
  });
}

// --- Links -------------------------------------------------------------------

namespace {

std::string new_link_key() {
  std::string key;
  for (int part = 0; part < 4; ++part)
    for (const auto byte : random_entropy())
      key.push_back(static_cast<char>(byte));
  return key;
}

/// The claims of a link, from what is asked for and the approval as it is.
json::object claims_of(const link_approval& what, const json::object& open,
                       timestamp now) {
  auto expires = now + link_lasts;
  if (const auto* due = open.at("due").if_string())
    if (const auto at = parse_timestamp(*due))
      expires = *at;
  json::array groups;
  for (const auto& group : what.who.groups)
    groups.emplace_back(group);
  return {{"approval", open.at("id")},
          {"namespace", open.at("namespace")},
          {"by", what.who.by},
          {"groups", std::move(groups)},
          {"operates", what.who.operates},
          {"outcome", what.outcome},
          {"expires", to_text(what.expires.value_or(expires))}};
}

vote_on_approval vote_by(const json::object& claims, std::string comment) {
  vote_on_approval cast;
  cast.which = {text_in(claims, "approval"), text_in(claims, "namespace"), {}};
  cast.who.by = text_in(claims, "by");
  if (const auto* groups = claims.if_contains("groups"))
    for (const auto& group : groups->as_array())
      cast.who.groups.emplace_back(group.as_string());
  if (const auto* operates = claims.if_contains("operates"))
    cast.who.operates = operates->as_bool();
  cast.outcome = text_in(claims, "outcome");
  cast.comment = std::move(comment);
  access::mandate by{.who = "link:" + cast.who.by,
                     .from = "link",
                     .action = "actOnLink",
                     .role = {},
                     .sees = access::scope::all(),
                     .may = access::scope::all()};
  cast.which.by = std::make_shared<const access::mandate>(std::move(by));
  return cast;
}

} // namespace

reply gate::make_link(const link_approval& what, std::string_view key) {
  auto found = find_approval(what.which);
  if (auto* no = std::get_if<refusal>(&found))
    return std::move(*no);
  const auto& one = std::get<json::object>(found);
  if (one.at("status") != "open")
    return refusal{.what = {errc::invalid_state, "The approval is over."},
                   .members = {{"from", one.at("status")},
                               {"allowed", json::array{}},
                               {"allowedActions", json::array{}}}};
  auto claims = claims_of(what, one, clock::now());
  const auto token
    = secrets::make_jwt(claims, secrets::signing::shared_secret, key, "");
  if (!token)
    return refusal{.what = token.error()};
  json::object body{{"url", what.root + "/v1/approvals/act?token=" + *token}};
  for (const auto* name : {"approval", "by", "outcome", "expires"})
    body[name] = claims.at(name);
  return answer{.status = 201, .body = to_text(json::value(std::move(body)))};
}

void gate::link_approval_of(link_approval what, const reply_to& to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  aside([g = shared_from_this(), what = std::move(what), to] {
    const auto key = g->ctx_.store.read_link_key();
    if (key)
      return to(g->make_link(what, *key));
    if (key.error().code != errc::not_found)
      return to(refusal{.what = key.error()});
    auto work
      = [g, what, slot = make_answer(to)](storage::store& s) -> result<> {
      auto done = s.put_link_key(new_link_key());
      const auto made = s.read_link_key();
      if (!done || !made)
        slot->give(refusal{.what = done ? made.error() : done.error()});
      else
        g->aside([g, what, slot, key = *made] {
          slot->give(g->make_link(what, key));
        });
      return done;
    };
    caf::anon_send(g->ctx_.writer.get(), write_job{std::move(work)});
  });
}

void gate::follow_link_of(follow_link what, const reply_to& to) {
  aside([g = shared_from_this(), what = std::move(what), to] {
    const auto key = g->ctx_.store.read_link_key();
    const auto claims = key ? secrets::read_jwt(what.token, *key)
                            : std::optional<json::object>{};
    if (!claims)
      return to(refusal{
        .what = {errc::not_found, "The link is none that was made here."}});
    const auto expires = parse_timestamp(text_in(*claims, "expires"));
    if (!expires || *expires <= clock::now())
      return to(refusal{.what = {errc::invalid_state, "The link has expired."},
                        .members = {{"from", "expired"},
                                    {"allowed", json::array{}},
                                    {"allowedActions", json::array{}}}});
    auto cast = vote_by(*claims, what.comment);
    if (what.decides)
      return g->vote(std::move(cast), to);
    auto found = g->find_approval(cast.which);
    if (auto* no = std::get_if<refusal>(&found))
      return to(std::move(*no));
    json::object body{{"by", cast.who.by}, {"outcome", cast.outcome}};
    body["approval"] = std::move(std::get<json::object>(found));
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

} // namespace pawl::actors
