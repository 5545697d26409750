#include "actors/definition_reader.hpp"
#include "actors/gate.hpp"
#include "workflow/schedule.hpp"

#include <caf/send.hpp>

#include <charconv>

namespace pawl::actors {

namespace {

std::string definition_path(const definition_id& id) {
  return "/v1/definitions/" + id.ns + '/' + id.name + '/' + id.version;
}

/// What a definition with a schedule is refused for, beside what its text
/// shows: a time zone that this host does not have.
result<> check_schedule(const definition& d) {
  if (!d.scheduled)
    return {};
  const auto by = make_timetable(*d.scheduled);
  if (by)
    return {};
  return error{errc::invalid_definition,
               "The document is not a valid definition.",
               {fault{.pointer = "/schedule/cron",
                      .line = 0,
                      .column = 0,
                      .detail = by.error().detail}}};
}

/// The schedule that comes into being with a definition.
std::optional<storage::stored_schedule>
schedule_of(const definition& d, timestamp now, std::uint64_t last_event) {
  if (!d.scheduled)
    return std::nullopt;
  return storage::stored_schedule{
    d.id.ns, d.id.name,
    encode_schedule(new_schedule(d.id, schedule_rule(d), now, last_event))};
}

using position = std::pair<timestamp, definition_id>;

/// A cursor is where the page before ended, as base64 would hide nothing that
/// the page did not show.
std::string cursor_of(const storage::stored_definition& last) {
  const auto& id = last.id;
  return std::to_string(unix_ms(last.created)) + '/' + id.ns + '/' + id.name
         + '/' + id.version;
}

result<std::optional<position>> read_cursor(const std::string& text) {
  if (text.empty())
    return std::optional<position>{};
  std::int64_t at = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, bad] = std::from_chars(text.data(), end, at);
  const auto first = static_cast<std::size_t>(stop - text.data());
  const auto second = text.find('/', first + 1);
  const auto third = text.find('/', second + 1);
  if (bad != std::errc{} || stop == end || *stop != '/'
      || second == std::string::npos || third == std::string::npos)
    return error{errc::malformed, "The cursor is not one of ours."};
  return std::optional{position{from_unix_ms(at),
                                {text.substr(first + 1, second - first - 1),
                                 text.substr(second + 1, third - second - 1),
                                 text.substr(third + 1)}}};
}

} // namespace

void gate::define(register_definition what, const reply_to& to) {
  if (!what.dry_run)
    if (auto no = overload(lane::signal))
      return to(std::move(*no));
  aside([g = shared_from_this(), what = std::move(what), to] {
    g->once(what.once, to,
            [&](const reply_to& first) { g->define_now(what, first); });
  });
}

void gate::define_now(const register_definition& what, const reply_to& to) {
  read_with_resources(
    ctx_, what.text,
    [g = shared_from_this(), what, to](const result<definition_ptr>& made) {
      if (made)
        g->define_read(what, *made, to);
      else
        to(refusal{.what = made.error()});
    });
}

void gate::define_read(const register_definition& what,
                       const definition_ptr& made, const reply_to& to) {
  const auto& d = *made;
  if (const auto good = check_schedule(d); !good)
    return to(refusal{.what = good.error()});
  const auto now = clock::now();
  const auto created = what.dry_run ? std::nullopt : std::optional{now};
  answer a{.status = what.dry_run ? 200U : 201U,
           .body = to_text(json::value(render_definition(d, created, false)))};
  if (what.dry_run)
    return to(std::move(a));
  a.location = definition_path(d.id);
  ctx_.definitions.add(made);
  std::optional<storage::kept_answer> kept;
  if (what.once)
    kept = storage::kept_answer{.scope = what.once->scope,
                                .body_digest = what.once->body_digest,
                                .status = a.status,
                                .location = a.location,
                                .body = a.body,
                                .expires
                                = now + ctx_.options.retention.idempotency_for};
  store_definition(made,
                   {.id = d.id,
                    .digest = d.digest,
                    .source = what.text,
                    .content_type = what.content_type,
                    .document = to_canonical_text(d.document),
                    .created = now,
                    .resources = d.resources},
                   std::move(kept), std::move(a), make_answer(to));
}

void gate::store_definition(definition_ptr made, storage::stored_definition row,
                            std::optional<storage::kept_answer> kept, answer a,
                            answer_ptr slot) {
  auto work = [g = shared_from_this(), made = std::move(made),
               row = std::move(row), kept = std::move(kept), a = std::move(a),
               slot = std::move(slot)](storage::store& s) -> result<> {
    auto said = a;
    if (const auto old = s.read_definition(row.id)) {
      said.status = 200; // The same again: as it was registered first.
      said.body
        = to_text(json::value(render_definition(*made, old->created, false)));
    }
    auto told = kept;
    if (told) {
      told->status = said.status;
      told->body = said.body;
    }
    const auto done = s.put_definition(
      row, told, schedule_of(*made, row.created, s.last_event()));
    if (!done) {
      slot->give(
        refusal{.what = done.error(), .location = definition_path(row.id)});
      return done.error();
    }
    if (*done)
      g->versions_changed(row.id);
    slot->give(std::move(said));
    return {};
  };
  caf::anon_send(ctx_.writer.get(), write_job{std::move(work)});
}

void gate::versions_changed(const definition_id& of) {
  ctx_.definitions.names_changed();
  caf::anon_send(ctx_.scheduler.get(), see_to_schedule{{of.ns, of.name}, true});
}

void gate::read_definition(const definition_ref& which, bool source,
                           const reply_to& to) {
  aside([g = shared_from_this(), which, source, to] {
    const auto row = g->ctx_.definitions.find_stored(which);
    if (!row)
      return to(refusal{.what = row.error()});
    if (source)
      return to(answer{.body = row->source, .location = row->content_type});
    const auto parsed = g->ctx_.definitions.by_digest(row->digest);
    if (!parsed)
      return to(refusal{.what = parsed.error()});
    to(answer{.body = to_text(
                json::value(render_definition(**parsed, row->created, true)))});
  });
}

void gate::list_of_definitions(const list_definitions& what,
                               const reply_to& to) {
  aside([g = shared_from_this(), what, to] {
    const auto after = read_cursor(what.cursor);
    if (!after)
      return to(refusal{.what = after.error()});
    // One more than is shown tells whether there is a next page.
    auto rows = g->ctx_.store.newest_definitions(what.ns, what.name, *after,
                                                 what.limit + 1);
    if (!rows)
      return to(refusal{.what = rows.error()});
    const bool more = rows->size() > what.limit;
    if (more)
      rows->pop_back();
    json::array items;
    for (const auto& row : *rows) {
      const auto parsed = g->ctx_.definitions.by_digest(row.digest);
      if (!parsed)
        return to(refusal{.what = parsed.error()});
      items.push_back(render_definition(**parsed, row.created, false));
    }
    json::object body{{"items", std::move(items)}, {"nextCursor", nullptr}};
    if (more)
      body["nextCursor"] = cursor_of(rows->back());
    to(answer{.body = to_text(json::value(std::move(body)))});
  });
}

void gate::remove_definition(const definition_ref& which, reply_to to) {
  if (auto no = overload(lane::signal))
    return to(std::move(*no));
  auto slot = make_answer(std::move(to));
  caf::anon_send(ctx_.writer.get(),
                 write_job{[g = shared_from_this(), which,
                            slot](storage::store& s) -> result<> {
                   auto done = s.remove_definition(
                     {which.ns, which.name, which.version.value_or("")});
                   if (!done) {
                     slot->give(refusal{.what = done.error()});
                     return done;
                   }
                   g->versions_changed({which.ns, which.name, ""});
                   slot->give(answer{.status = 204});
                   return done;
                 }});
}

} // namespace pawl::actors
