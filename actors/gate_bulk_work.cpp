#include "actors/ask_writer.hpp"
#include "actors/bulk/bulk_keeper.hpp"
#include "actors/bulk/wish.hpp"
#include "actors/gate.hpp"
#include "base/log.hpp"
#include "storage/bulk.hpp"

/// What the keeper of bulk operations asks of the world.
namespace pawl::actors {

namespace {

std::vector<storage::stored_bulk_item>
rows_of(const std::vector<bulk_item>& items) {
  std::vector<storage::stored_bulk_item> out;
  out.reserve(items.size());
  for (const auto& one : items)
    out.push_back({one.number, encode_item(one)});
  return out;
}

result<std::vector<bulk_item>> read_batch(const storage::store& in,
                                          const bulk& of) {
  const auto rows = in.read_bulk_items(of.order.id, of.batch_from - 1,
                                       of.taken - of.batch_from + 1);
  if (!rows)
    return rows.error();
  std::vector<bulk_item> out;
  for (const auto& row : *rows) {
    auto one = decode_item(row.number, row.state);
    if (!one)
      return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

/// Runs a write on the writer's thread; true once it is durable.
bool written(context& ctx, std::function<result<>(storage::store&)> write) {
  return ask_writer<bool>(ctx,
                          [write = std::move(write)](storage::store& s) {
                            const auto done = write(s);
                            return done ? result<bool>{true}
                                        : result<bool>{done.error()};
                          })
    .value_or(false);
}

} // namespace

storage::list_query gate::selection_of(const bulk_order& what, timestamp until,
                                       const mandate_ptr& by) {
  auto q = query_of(what.filter, what.action, until);
  if (by == nullptr || by->may.is_all())
    return q;
  q.namespaces = by->may.namespaces();
  q.shown = [by, first = std::move(q.shown)](const storage::head& h) {
    return by->may.covers(h.ns, h.workflow.name) && first(h);
  };
  return q;
}

mandate_ptr gate::mandate_of(const bulk_order& what) const {
  if (what.by.who.empty())
    return nullptr; // Nobody is asked who he is.
  access::mandate out{.who = what.by.who,
                      .from = what.by.from,
                      .action = std::string{operation_of(what.action)},
                      .role
                      = std::string{access::role_for(access::need::operate)},
                      .why = reason_of(what)};
  if (what.by.almighty) {
    out.sees = access::scope::all();
    out.may = access::scope::all();
  } else if (const auto token = ctx_.guard.find(what.by.token_id)) {
    out.sees = access::scope{token->what.roles, access::need::view};
    out.may = access::scope{token->what.roles, access::need::operate};
  }
  return std::make_shared<const access::mandate>(std::move(out));
}

std::string gate::objection_to(const bulk_order& what) const {
  if (what.by.who.empty()
      || ctx_.guard.stands({.name = what.by.who,
                            .credential = what.by.credential,
                            .token_id = what.by.token_id,
                            .almighty = what.by.almighty},
                           clock::now()))
    return {};
  return what.by.token_id.empty()
           ? "Since it was ordered, clients need a token. Order it anew with "
             "one."
           : "The token that ordered it was revoked or has expired.";
}

result<bulk_page> gate::select_for(const bulk& what, std::size_t max) const {
  auto query
    = selection_of(what.order, what.order.created, mandate_of(what.order));
  query.limit = static_cast<std::uint32_t>(max);
  query.cursor = what.cursor;
  const auto page = ctx_.store.list(query);
  if (!page)
    return page.error();
  bulk_page out{.items = {}, .next = page->next_cursor};
  for (const auto& head : page->items)
    out.items.emplace_back(head.ns, head.id);
  return out;
}

void gate::act_for(const bulk& what, const bulk_item& item, reply_to to) {
  instance_ref which{item.id, item.ns, mandate_of(what.order)};
  if (what.order.action == bulk_action::remove)
    return remove({std::move(which), std::nullopt}, std::move(to));
  auto wish = wish_of(what.order, std::move(which));
  wish.once = idempotency{.scope = "bulk " + what.order.id + ' '
                                   + std::to_string(item.number)};
  act(std::move(wish), std::move(to));
}

std::shared_ptr<bulk_keeper> gate::make_bulk_keeper() {
  const auto g = shared_from_this();
  const auto& o = ctx_.options;
  bulk_world world;
  world.now = [] { return clock::now(); };
  world.select
    = [g](const bulk& b, std::size_t max) { return g->select_for(b, max); };
  world.save = [g](const bulk& b, const std::vector<bulk_item>& items,
                   const bulk_papers& papers) {
    return written(g->ctx_,
                   [row = storage::stored_record{b.order.id, encode_bulk(b)},
                    lines = rows_of(items), papers](storage::store& s) {
                     return s.put_bulk(row, lines, papers.kept, papers.note);
                   });
  };
  world.batch = [g](const bulk& b) { return read_batch(g->ctx_.store, b); };
  world.act = [g](const bulk& b, const bulk_item& item, reply_to to) {
    g->act_for(b, item, std::move(to));
  };
  world.objection = [g](const bulk& b) { return g->objection_to(b.order); };
  world.forget = [g](const bulk& b) {
    return written(g->ctx_, [id = b.order.id](storage::store& s) {
      return s.remove_bulk(id);
    });
  };
  world.closing = [g] { return g->ctx_.draining.load(); };
  return std::make_shared<bulk_keeper>(
    std::move(world),
    bulk_bounds{.active_max = o.bulk.active_max,
                .concurrency = o.bulk.concurrency,
                .kept_max = o.bulk.kept_max,
                .trusted_for = o.retention.idempotency_for / 2});
}

void begin_bulks(context& ctx) {
  const auto rows = ctx.store.list_records(storage::record_kind::bulk);
  if (!rows)
    return log::error("bulk.unreadable", {{"detail", rows.error().detail}});
  std::vector<bulk> all;
  for (const auto& row : *rows) {
    auto one = decode_bulk(row.state);
    if (one)
      all.push_back(std::move(*one));
    else
      log::error("bulk.unreadable",
                 {{"id", row.id}, {"detail", one.error().detail}});
  }
  if (auto taken = ctx.bulks->load(std::move(all)); !taken)
    return log::error("bulk.unreadable", {{"detail", taken.error().detail}});
  ctx.bulks->start();
}

} // namespace pawl::actors
