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

/// The namespaces and names of the workflows that a document starts as its
/// children; what an expression computes is not seen.
void find_children(const json::value& in,
                   std::vector<std::pair<std::string, std::string>>& out) {
  if (const auto* list = in.if_array())
    for (const auto& one : *list)
      find_children(one, out);
  const auto* members = in.if_object();
  if (members == nullptr)
    return;
  const auto* run = members->if_contains("run");
  const auto* steps = run == nullptr ? nullptr : run->if_object();
  const auto* child
    = steps == nullptr ? nullptr : steps->if_contains("workflow");
  const auto* named = child == nullptr ? nullptr : child->if_object();
  auto text = [&](std::string_view name) {
    const auto* value = named->if_contains(name);
    return value != nullptr && value->is_string()
             ? std::string{value->get_string()}
             : std::string{};
  };
  if (named != nullptr)
    out.emplace_back(text("namespace"), text("name"));
  for (const auto& member : *members)
    find_children(member.value(), out);
}

/// Why whoever comes with `by` may not register `d`. A definition acts in its
/// namespace with all its rights, so its author needs his in each namespace
/// whose workflows it starts.
std::optional<refusal> not_author(const mandate_ptr& by, const definition& d) {
  if (!access::may(by, d.id.ns, d.id.name))
    return forbidden(*by, d.id.ns);
  std::vector<std::pair<std::string, std::string>> children;
  if (by != nullptr && !by->may.is_all())
    find_children(d.document, children);
  for (const auto& [ns, name] : children)
    if (ns != d.id.ns && !access::may(by, ns, name))
      return forbidden(*by, ns);
  return std::nullopt;
}

using position = std::pair<timestamp, definition_id>;

/// Definitions that the client sees, newest first, at most `limit`.
result<std::vector<storage::stored_definition>>
seen_definitions(const context& ctx, const list_definitions& what,
                 const std::optional<position>& after, std::size_t limit) {
  std::vector<storage::stored_definition> out;
  for (const auto& ns : spaces_of(what.by, what.ns)) {
    auto from = after;
    for (std::size_t found = 0; found < limit;) {
      const auto wanted = static_cast<std::uint32_t>(limit - found);
      auto rows = ctx.store.newest_definitions(ns, what.name, from, wanted);
      if (!rows)
        return rows.error();
      const bool last = rows->size() < wanted;
      for (auto& row : *rows) {
        from = position{row.created, row.id};
        if (!access::sees(what.by, row.id.ns, row.id.name))
          continue;
        out.push_back(std::move(row));
        ++found;
      }
      if (last)
        break;
    }
  }
  std::ranges::stable_sort(out, std::greater{},
                           &storage::stored_definition::created);
  out.resize(std::min(out.size(), limit));
  return out;
}

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
  if (auto no = not_author(what.by, d))
    return to(std::move(*no));
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
  auto note = note_of(what.by, d.id.ns, d.id.name + '/' + d.id.version);
  if (note)
    note->status = a.status;
  store_definition(made,
                   {.id = d.id,
                    .digest = d.digest,
                    .source = what.text,
                    .content_type = what.content_type,
                    .document = to_canonical_text(d.document),
                    .created = now,
                    .resources = d.resources},
                   {std::move(kept), std::move(a), std::move(note)},
                   make_answer(to));
}

void gate::store_definition(definition_ptr made, storage::stored_definition row,
                            said_of_definition first, answer_ptr slot) {
  auto work = [g = shared_from_this(), made = std::move(made),
               row = std::move(row), first = std::move(first),
               slot = std::move(slot)](storage::store& s) -> result<> {
    auto said = first.now;
    if (const auto old = s.read_definition(row.id)) {
      said.status = 200; // The same again: as it was registered first.
      said.body
        = to_text(json::value(render_definition(*made, old->created, false)));
    }
    auto told = first.kept;
    if (told) {
      told->status = said.status;
      told->body = said.body;
    }
    const auto done = s.put_definition(
      row, told, schedule_of(*made, row.created, s.last_event()), first.note);
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
  if (!access::sees(which.by, which.ns, which.name))
    return to(refusal{.what = no_definition(which)});
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
    auto rows = seen_definitions(g->ctx_, what, *after, what.limit + 1);
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
  if (!access::sees(which.by, which.ns, which.name))
    return to(refusal{.what = no_definition(which)});
  if (!access::may(which.by, which.ns, which.name))
    return to(forbidden(*which.by, which.ns));
  auto slot = make_answer(std::move(to));
  auto note = note_of(which.by, which.ns,
                      which.name + '/' + which.version.value_or(""));
  if (note)
    note->status = 204;
  caf::anon_send(
    ctx_.writer.get(),
    write_job{[g = shared_from_this(), which, note = std::move(note),
               slot](storage::store& s) -> result<> {
      auto done = s.remove_definition(
        {which.ns, which.name, which.version.value_or("")}, note);
      if (!done) {
        slot->give(refusal{.what = done.error().code == errc::not_found
                                     ? no_definition(which)
                                     : done.error()});
        return done;
      }
      g->versions_changed({which.ns, which.name, ""});
      slot->give(answer{.status = 204});
      return done;
    }});
}

} // namespace pawl::actors
