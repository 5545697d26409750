#include "actors/bulk/bulk_keeper.hpp"
#include "actors/bulk/wish.hpp"
#include "actors/gate.hpp"
#include "storage/bulk.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

constexpr std::size_t samples_max = 10;
constexpr std::uint32_t heads_at_once = 1000;
/// A count that takes longer is not complete.
constexpr std::chrono::seconds count_time{2};
/// Lines of a report that one request looks at.
constexpr std::size_t lines_at_once = 1000;
constexpr std::size_t lines_max = 20'000;

refusal unknown_bulk() {
  return {.what
          = {errc::not_found, "There is no bulk operation with this id."}};
}

std::string path_of(const std::string& id) {
  return "/v1/bulk/" + id;
}

/// Whose own it is; else who sees all that it is about.
bool sees_bulk(const mandate_ptr& by, const bulk& what) {
  const auto& f = what.order.filter;
  return access::sees_all(by) || by->who == what.order.by.who
         || (!f.ns.empty() && access::sees(by, f.ns, f.workflow));
}

std::optional<refusal> forbids_bulk(const mandate_ptr& by, const bulk& what) {
  const auto& f = what.order.filter;
  if (by == nullptr || by->may.is_all() || by->who == what.order.by.who
      || (!f.ns.empty() && by->may.covers(f.ns, f.workflow)))
    return std::nullopt;
  return forbidden(*by, f.ns);
}

/// What a dry run of the verb said.
json::object would(const reply& said) {
  if (const auto* no = std::get_if<refusal>(&said))
    return {{"refused", no->role.empty() ? slug(no->what.code) : "forbidden"},
            {"detail", no->what.detail}};
  constexpr std::size_t levels = 90;
  const auto body = parse_json(std::get<answer>(said).body, levels);
  json::error_code none;
  const auto* status
    = body ? body->find_pointer("/instance/status", none) : nullptr;
  return {{"refused", nullptr},
          {"then", status == nullptr ? json::value{} : *status}};
}

/// The lines of a report behind `what.after`, as far as one look reaches.
result<json::object> page_of(const storage::store& in,
                             const list_bulk_items& what) {
  json::array items;
  auto after = what.after;
  bool more = true;
  for (std::size_t seen = 0; more && seen < lines_max;) {
    const auto rows = in.read_bulk_items(what.which.id, after, lines_at_once);
    if (!rows)
      return rows.error();
    seen += rows->size();
    more = rows->size() == lines_at_once;
    for (const auto& row : *rows) {
      const auto line = decode_item(row.number, row.state);
      if (!line)
        return line.error();
      const bool wanted = !what.outcome || line->outcome == *what.outcome;
      if (wanted && items.size() == what.limit) {
        more = true;
        seen = lines_max;
        break;
      }
      after = row.number;
      if (wanted)
        items.emplace_back(display(*line));
    }
  }
  json::object body{{"items", std::move(items)}, {"nextCursor", nullptr}};
  if (more)
    body["nextCursor"] = std::to_string(after);
  return body;
}

} // namespace

/// A selection that is being counted.
struct gate::bulk_count {
  create_bulk what;
  reply_to to;
  storage::list_query query;
  timestamp now;
  std::chrono::steady_clock::time_point until;
  std::uint64_t found = 0;
  bool complete = true;
  std::map<instance_status, std::uint64_t> by_status = {};
  std::vector<storage::head> samples = {};
  std::mutex lock = {}; ///< For the two below: answers come from anywhere.
  json::array shown = {};
  std::size_t waits_for = 0;
};

void gate::order_bulk(create_bulk what, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  const auto& ns = what.what.filter.ns;
  if (what.by && !ns.empty()) {
    const auto spaces = what.by->may.namespaces();
    if (spaces && std::ranges::find(*spaces, ns) == spaces->end())
      return to(forbidden(*what.by, ns));
  }
  auto& o = what.what;
  const auto& bounds = ctx_.options.bulk;
  if (o.rate <= 0)
    o.rate = bounds.rate;
  if (o.limit == 0 || o.limit > bounds.items_max)
    o.limit = bounds.items_max;
  const auto key = what.dry_run ? std::nullopt : what.once;
  once(key, std::move(to), [&](reply_to first) {
    auto count = std::make_shared<bulk_count>();
    count->now = clock::now();
    count->until = std::chrono::steady_clock::now() + count_time;
    count->query = selection_of(what.what, count->now, what.by);
    count->query.limit = heads_at_once;
    count->what = std::move(what);
    count->to = std::move(first);
    count_bulk(count);
  });
}

// A page at a time, so that others get their turn between them.
void gate::count_bulk(const std::shared_ptr<bulk_count>& c) {
  aside([g = shared_from_this(), c] {
    auto page = g->ctx_.store.list(c->query);
    if (!page)
      return c->to(refusal{.what = page.error()});
    for (auto& head : page->items) {
      ++c->found;
      ++c->by_status[head.status];
      if (c->samples.size() < samples_max)
        c->samples.push_back(std::move(head));
    }
    c->query.cursor = page->next_cursor;
    c->complete = page->next_cursor.empty();
    if (!c->complete && c->found < g->ctx_.options.bulk.items_max
        && std::chrono::steady_clock::now() < c->until)
      return g->count_bulk(c);
    if (c->what.dry_run)
      g->preview_bulk(c);
    else
      g->create_bulk_of(*c);
  });
}

void gate::preview_bulk(const std::shared_ptr<bulk_count>& c) {
  const auto tell = [c] {
    json::object statuses;
    for (const auto& [status, count] : c->by_status)
      statuses[to_text(status)] = count;
    const auto& o = c->what.what;
    const json::object body{{"dryRun", true},
                            {"action", name_of(o.action)},
                            {"filter", filter_json(o.filter)},
                            {"args", o.args},
                            {"ratePerSecond", o.rate},
                            {"limit", o.limit},
                            {"count", c->found},
                            {"countComplete", c->complete},
                            {"byStatus", std::move(statuses)},
                            {"samples", std::move(c->shown)}};
    c->to(answer{.body = to_text(json::value(body))});
  };
  for (const auto& head : c->samples) {
    const auto aside = ctx_.store.read_quarantine(key_of(head.ns, head.id));
    c->shown.emplace_back(render_head(head, aside ? *aside : std::nullopt));
  }
  // Of what is deleted there is nothing to be tried.
  if (c->samples.empty() || c->what.what.action == bulk_action::remove)
    return tell();
  c->waits_for = c->samples.size();
  for (std::size_t n = 0; n < c->samples.size(); ++n) {
    auto wish
      = wish_of(c->what.what, {c->samples[n].id, c->samples[n].ns, c->what.by});
    wish.dry_run = true;
    act(std::move(wish), [c, n, tell](const reply& said) {
      const std::unique_lock hold{c->lock};
      c->shown[n].as_object()["would"] = would(said);
      if (--c->waits_for == 0)
        tell();
    });
  }
}

void gate::create_bulk_of(const bulk_count& c) {
  bulk made{.order = c.what.what, .updated = c.now};
  auto& o = made.order;
  o.id = make_ulid(unix_ms(c.now), random_entropy());
  o.created = c.now;
  o.matched = c.found;
  o.matched_all = c.complete;
  if (const auto& who = c.what.who)
    o.by = {.who = who->name,
            .from = c.what.by ? c.what.by->from : "",
            .credential = who->credential,
            .token_id = who->token_id,
            .almighty = who->almighty};
  const auto said = [](const bulk& b) {
    return answer{.status = 201,
                  .body = to_text(json::value(display(b))),
                  .location = path_of(b.order.id)};
  };
  auto papers = [g = shared_from_this(), said, once = c.what.once,
                 by = c.what.by](const bulk& b) {
    return g->papers_of(said(b), once,
                        note_of(by, b.order.filter.ns, b.order.id,
                                std::string{name_of(b.order.action)}
                                  + (b.order.reason.empty() ? "" : ": ")
                                  + b.order.reason));
  };
  const auto slot = make_answer(c.to);
  ctx_.bulks->add(std::move(made), {std::move(papers), [slot, said](auto how) {
                                      if (auto* no = std::get_if<refusal>(&how))
                                        return slot->give(std::move(*no));
                                      slot->give(said(std::get<bulk>(how)));
                                    }});
}

bulk_papers gate::papers_of(const answer& said,
                            const std::optional<idempotency>& once,
                            std::optional<storage::audit_entry> note) const {
  bulk_papers out{.kept = {}, .note = std::move(note)};
  if (out.note)
    out.note->status = said.status;
  if (once)
    out.kept = storage::kept_answer{
      .scope = once->scope,
      .body_digest = once->body_digest,
      .status = said.status,
      .location = said.location,
      .body = said.body,
      .expires = clock::now() + ctx_.options.retention.idempotency_for};
  return out;
}

void gate::act_on_bulk_of(act_on_bulk what, reply_to to) {
  if (auto no = overload(lane::control))
    return to(std::move(*no));
  const auto& by = what.which.by;
  const auto found = ctx_.bulks->find(what.which.id);
  if (!found || !sees_bulk(by, *found))
    return to(unknown_bulk());
  if (auto no = forbids_bulk(by, *found))
    return to(std::move(*no));
  once(what.once, std::move(to), [&](reply_to first) {
    const auto said = [](const bulk& b) {
      return answer{.body = to_text(json::value(display(b)))};
    };
    auto papers = [g = shared_from_this(), said, what](const bulk& b) {
      return g->papers_of(
        said(b), what.once,
        note_of(what.which.by, b.order.filter.ns, b.order.id, what.reason));
    };
    const auto slot = make_answer(std::move(first));
    ctx_.bulks->act(what.which.id, what.what, what.reason,
                    {std::move(papers), [slot, said](auto how) {
                       if (auto* no = std::get_if<refusal>(&how))
                         return slot->give(std::move(*no));
                       slot->give(said(std::get<bulk>(how)));
                     }});
  });
}

void gate::list_of_bulks(const list_bulks& what, const reply_to& to) {
  json::object body{{"items", json::array{}}, {"nextCursor", nullptr}};
  auto& items = body["items"].get_array();
  for (const auto& one : ctx_.bulks->list()) {
    if ((!what.cursor.empty() && one.order.id >= what.cursor)
        || !sees_bulk(what.by, one)
        || (!what.ns.empty() && one.order.filter.ns != what.ns)
        || (what.status && one.status != *what.status))
      continue;
    if (items.size() == what.limit) {
      body["nextCursor"] = items.back().at("id").as_string();
      break;
    }
    items.push_back(display(one));
  }
  to(answer{.body = to_text(json::value(std::move(body)))});
}

void gate::read_bulk(const bulk_ref& which, const reply_to& to) {
  const auto one = ctx_.bulks->find(which.id);
  if (!one || !sees_bulk(which.by, *one))
    return to(unknown_bulk());
  to(answer{.body = to_text(json::value(display(*one)))});
}

void gate::report_of_bulk(const list_bulk_items& what, const reply_to& to) {
  const auto one = ctx_.bulks->find(what.which.id);
  if (!one || !sees_bulk(what.which.by, *one))
    return to(unknown_bulk());
  aside([g = shared_from_this(), what, to] {
    auto page = page_of(g->ctx_.store, what);
    if (!page)
      return to(refusal{.what = page.error()});
    to(answer{.body = to_text(json::value(std::move(*page)))});
  });
}

} // namespace pawl::actors
