#include "base/bytes.hpp"
#include "storage/database.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace pawl::storage {

namespace {

// What all index rows of a list agree on, whatever their filter: inverted time
// of creation, instance. A list walks in this order, and a cursor is one.
constexpr std::size_t position_size = 8 + 16;
constexpr char cursor_version = 2;

/// Rows that a page may look at. A filter that nothing matches ends a page
/// early, with a cursor, rather than hold a thread for millions of rows.
constexpr std::size_t rows_max = 50'000;
/// What is sorted for a page by another time than that of creation.
constexpr std::uint32_t sorted_max = 10'000;

/// Where an item stands in the order of a list: earlier ones are less.
struct place {
  std::uint64_t rank = 0; ///< 0 in a list by creation, else by its time.
  std::string position;
  auto operator<=>(const place&) const = default; // NOLINT
};

char order_byte(const list_order& order) {
  return static_cast<char>(2 * static_cast<unsigned>(order.by)
                           + (order.newest_first ? 1 : 0));
}

std::string to_cursor(const list_order& order, const place& next) {
  std::string raw{cursor_version, order_byte(order)};
  put_u64(raw, next.rank);
  raw.append(next.position);
  put_u32(raw, crc32c(raw));
  return to_hex(raw);
}

int digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

result<place> from_cursor(const list_order& order, std::string_view text) {
  const error bad{errc::malformed,
                  "the cursor is none that a list in this order gave"};
  constexpr std::size_t head_size = 2;
  constexpr std::size_t raw_size = head_size + 8 + position_size + 4;
  if (text.size() != 2 * raw_size)
    return bad;
  std::string raw;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = digit(text[i]);
    const auto low = digit(text[i + 1]);
    if (high < 0 || low < 0)
      return bad;
    raw.push_back(static_cast<char>(high * 16 + low));
  }
  const auto summed = std::string_view{raw}.substr(0, raw_size - 4);
  if (raw[0] != cursor_version || raw[1] != order_byte(order)
      || get_u32(std::string_view{raw}.substr(summed.size())) != crc32c(summed))
    return bad;
  return place{get_u64(summed.substr(head_size)),
               raw.substr(head_size + 8, position_size)};
}

/// The place of `one` in a list by another time than that of creation.
std::uint64_t rank_of(const list_order& order, const head& one) {
  std::optional<timestamp> at;
  if (order.by == list_order::time::updated)
    at = one.updated;
  else if (order.by == list_order::time::started)
    at = one.started;
  else
    at = one.ended;
  if (!at)
    return std::numeric_limits<std::uint64_t>::max();
  const auto told = static_cast<std::uint64_t>(at->time_since_epoch().count());
  return order.newest_first ? std::numeric_limits<std::uint64_t>::max() - told
                            : told;
}

/// The indexes that all rows of the page stand in.
std::vector<std::string> prefixes_of(const list_query& q) {
  std::vector<std::string> out;
  if (q.quarantined == true)
    out.push_back(index_prefix(index_kind::quarantined, 0));
  if (q.approvals)
    out.push_back(index_prefix(index_kind::approval, 0));
  for (const auto& [key, value] : q.labels)
    out.push_back(index_prefix(index_kind::label, index_value(key, value)));
  if (q.workflow && q.version)
    out.push_back(
      index_prefix(index_kind::version, index_value(*q.workflow, *q.version)));
  else if (q.workflow)
    out.push_back(index_prefix(index_kind::workflow, index_value(*q.workflow)));
  if (q.status) {
    const char status = static_cast<char>(*q.status);
    out.push_back(index_prefix(index_kind::status, index_value({&status, 1})));
  }
  if (q.state)
    out.push_back(index_prefix(index_kind::state, index_value(*q.state)));
  if (q.ns)
    out.push_back(index_prefix(index_kind::ns, index_value(*q.ns)));
  if (out.empty())
    out.push_back(index_prefix(index_kind::all, 0));
  return out;
}

/// The time of creation is inverted in a position: the newest come first.
bool walks_backwards(const list_order& order) {
  return order.by == list_order::time::created && !order.newest_first;
}

bool matches(const head& h, const list_query& q) {
  // An index row stands for a hash: the head has the last word.
  if ((q.ns && h.ns != *q.ns) || (q.workflow && h.workflow.name != *q.workflow)
      || (q.version && h.workflow.version != *q.version)
      || (q.status && h.status != *q.status)
      || (q.state && h.state != *q.state))
    return false;
  if (q.started_after && (!h.started || *h.started <= *q.started_after))
    return false;
  if (q.started_before && (!h.started || *h.started >= *q.started_before))
    return false;
  if (q.shown && !q.shown(h))
    return false;
  return std::ranges::all_of(q.labels, [&](const auto& label) {
    const auto found = h.labels.find(label.first);
    return found != h.labels.end() && found->second == label.second;
  });
}

/// Walks over the positions that stand in all of several indexes: whichever
/// index is behind jumps to where the others are, so that the rarest filter
/// sets the pace.
class intersection {
public:
  /// Begins at the position `from`, or with "" where the order does.
  intersection(const database& db, const database::read_point& at,
               const list_query& query, const std::string& from)
      : backwards_{walks_backwards(query.order)}, prefixes_{prefixes_of(query)},
        reached_{from} {
    for (const auto& prefix : prefixes_) {
      rows_.emplace_back(db,
                         scan::range{.where = family::index,
                                     .from = prefix,
                                     .until = after_prefix(prefix),
                                     .backwards = backwards_},
                         &at);
      if (!from.empty())
        rows_.back().seek(prefix + from);
    }
  }

  /// The next position; nothing at the end, or when no row may be looked at
  /// any more.
  result<std::optional<std::string>> next(std::size_t& rows_left) {
    std::string target;
    std::size_t agreed = 0;
    for (std::size_t i = 0; agreed < rows_.size(); i = (i + 1) % rows_.size()) {
      auto& rows = rows_[i];
      if (rows_left == 0)
        return std::optional<std::string>{};
      --rows_left;
      if (rows.valid() && !target.empty()
          && is_before(rows.key().substr(index_prefix_size), target))
        rows.seek(prefixes_[i] + target);
      if (!rows.valid()) {
        if (auto s = rows.status(); !s)
          return s.error();
        return std::optional<std::string>{};
      }
      const auto here = rows.key().substr(index_prefix_size);
      agreed = here == target ? agreed + 1 : 1;
      target = here;
      reached_ = here;
    }
    rows_[0].next();
    return std::optional{target};
  }

  /// As far as any index has come: what is before it has been looked at.
  [[nodiscard]] const std::string& reached() const { return reached_; }

private:
  [[nodiscard]] bool is_before(std::string_view a, std::string_view b) const {
    return backwards_ ? b < a : a < b;
  }

  bool backwards_;
  std::vector<std::string> prefixes_;
  std::vector<scan> rows_;
  std::string reached_;
};

/// The head at `position` if the list shows it.
result<std::optional<head>> read_shown(const database& db,
                                       const database::read_point& at,
                                       std::string_view position,
                                       const list_query& query) {
  const auto key = instance_at(position.substr(8));
  auto row = db.get(family::head, bytes_of(key), &at);
  if (!row)
    return row.error();
  if (!*row)
    return error{errc::corrupt, "an index names an instance that is not there: "
                                  + to_hex(bytes_of(key))};
  auto one = decode_head(bytes_of(key), **row);
  if (!one)
    return one.error();
  if (!matches(*one, query))
    return std::optional<head>{};
  if (query.quarantined) {
    auto aside = db.get(family::quarantine, bytes_of(key), &at);
    if (!aside)
      return aside.error();
    if (aside->has_value() != *query.quarantined)
      return std::optional<head>{};
  }
  return std::optional{std::move(*one)};
}

/// Where a list begins, and how much of it is wanted.
struct window {
  std::string from; ///< A position, "" for the start.
  std::uint32_t limit = 0;
};

/// What one walk found, with the position of each.
struct part {
  std::vector<std::pair<std::string, head>> items;
  std::string next; ///< What is before it has been looked at; "" at the end.
};

result<part> read_part(const database& db, const database::read_point& now,
                       const list_query& query, const window& wanted) {
  intersection found{db, now, query, wanted.from};
  part out;
  std::size_t rows_left = rows_max;
  for (;;) {
    auto position = found.next(rows_left);
    if (!position)
      return position.error();
    if (!*position)
      break;
    auto one = read_shown(db, now, **position, query);
    if (!one)
      return one.error();
    if (!*one)
      continue;
    if (out.items.size() == wanted.limit) {
      out.next = **position;
      return out;
    }
    out.items.emplace_back(**position, std::move(**one));
  }
  if (rows_left == 0)
    out.next = found.reached();
  return out;
}

/// One query for each namespace, so that a list takes as long as what is in
/// these, whatever there is in others.
std::vector<list_query> by_namespace(const list_query& query) {
  if (!query.namespaces)
    return {query};
  std::vector<list_query> out;
  for (const auto& ns : *query.namespaces)
    if (!query.ns || *query.ns == ns) {
      out.push_back(query);
      out.back().ns = ns;
    }
  return out;
}

/// What several walks found as one page, the first of which is `limit`.
list_page merge(std::vector<part> parts, const list_order& order,
                std::uint32_t limit) {
  const auto is_before
    = [back = walks_backwards(order)](const auto& a, const auto& b) {
        return back ? b < a : a < b;
      };
  std::vector<std::pair<std::string, head>> all;
  std::string end;
  for (auto& p : parts) {
    if (!p.next.empty() && (end.empty() || is_before(p.next, end)))
      end = p.next;
    std::ranges::move(p.items, std::back_inserter(all));
  }
  std::ranges::sort(all, is_before, [](const auto& i) { return i.first; });
  list_page page;
  for (auto& [position, one] : all) {
    if (page.items.size() == limit
        || (!end.empty() && !is_before(position, end))) {
      end = position;
      break;
    }
    page.items.push_back(std::move(one));
  }
  if (!end.empty())
    page.next_cursor = to_cursor(order, {0, end});
  return page;
}

/// A page of all that was found, in an order that no index has.
result<list_page> sort(std::vector<part>&& parts, const list_order& order,
                       std::uint32_t limit, const place& from) {
  std::vector<std::pair<place, head>> all;
  bool whole = true;
  for (auto& p : parts) {
    whole = whole && p.next.empty();
    for (auto& [position, one] : p.items)
      if (place at{rank_of(order, one), std::move(position)}; from <= at)
        all.emplace_back(std::move(at), std::move(one));
  }
  if (!whole || all.size() > sorted_max)
    return error{errc::invalid_request,
                 "More than 10,000 instances match, which are too many to be "
                 "sorted so: add filters, or sort by createdAt."};
  std::ranges::sort(all, {}, [](const auto& i) { return i.first; });
  list_page page;
  for (auto& [at, one] : all) {
    if (page.items.size() == limit) {
      page.next_cursor = to_cursor(order, at);
      break;
    }
    page.items.push_back(std::move(one));
  }
  return page;
}

} // namespace

result<list_page> store::list(const list_query& query) const {
  constexpr std::uint32_t limit_max = 1000;
  const auto limit = std::clamp<std::uint32_t>(query.limit, 1, limit_max);
  place from;
  if (!query.cursor.empty()) {
    auto told = from_cursor(query.order, query.cursor);
    if (!told)
      return told.error();
    from = std::move(*told);
  }
  const bool indexed = query.order.by == list_order::time::created;
  const window wanted
    = indexed ? window{from.position, limit} : window{"", sorted_max};
  const database::read_point now{*db_};
  std::vector<part> parts;
  for (const auto& one : by_namespace(query)) {
    auto found = read_part(*db_, now, one, wanted);
    if (!found)
      return found.error();
    parts.push_back(std::move(*found));
  }
  if (!indexed)
    return sort(std::move(parts), query.order, limit, from);
  return merge(std::move(parts), query.order, limit);
}

result<std::vector<std::string>>
store::namespaces_of(std::string_view instance_id) const {
  const database::read_point now{*db_};
  const auto prefix = index_prefix(index_kind::id, index_value(instance_id));
  scan rows{*db_, {family::index, prefix, after_prefix(prefix), false}, &now};
  std::vector<std::string> out;
  for (; rows.valid() && out.size() < 2; rows.next()) {
    const auto key = instance_at(rows.key().substr(index_prefix_size + 8));
    auto row = db_->get(family::head, bytes_of(key), &now);
    if (!row)
      return row.error();
    if (!*row)
      continue;
    auto one = decode_head(bytes_of(key), **row);
    if (!one)
      return one.error();
    if (one->id == instance_id)
      out.push_back(std::move(one->ns));
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

} // namespace pawl::storage
