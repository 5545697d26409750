#include "storage/audit.hpp"

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/json_member.hpp"
#include "storage/database.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace pawl::storage {

namespace {

/// Records that a page may look at, so that a filter that nothing matches
/// holds no thread for long; the page then ends with where to go on.
constexpr std::uint64_t looked_at_max = 20'000;
constexpr std::uint64_t block = 256;
constexpr std::size_t faults_max = 100;

std::uint64_t number_in(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_int64() && value->get_int64() > 0
           ? static_cast<std::uint64_t>(value->get_int64())
           : 0;
}

/// Adds a key and a text, which mostly needs no escapes.
void add_member(std::string& out, std::string_view key,
                const std::string& text) {
  out.append(key);
  const bool plain = std::ranges::all_of(
    text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (!plain)
    return append_text(out, json::value(text));
  out.append("\"").append(text).append("\"");
}

bool is_by(const std::string& who, const std::string& wanted) {
  return wanted.empty() || who == wanted
         || (who.starts_with(wanted) && who[wanted.size()] == ' ');
}

bool fits(const std::string& wanted, const std::string& is) {
  return wanted.empty() || wanted == is;
}

bool matches(const audit_entry& e, const audit_query& q) {
  return is_by(e.who, q.who) && fits(q.action, e.action) && fits(q.ns, e.ns)
         && fits(q.target, e.target) && (!q.after || e.at > *q.after)
         && (!q.before || e.at < *q.before);
}

/// The records from `from` to `until`, both included.
result<std::vector<audit_record>> read_block(const database& db,
                                             const database::read_point& at,
                                             std::uint64_t from,
                                             std::uint64_t until) {
  std::vector<audit_record> out;
  scan rows{
    db, {family::meta, audit_key(from), audit_key(until + 1), false}, &at};
  for (; rows.valid(); rows.next()) {
    const auto text = decode_audit(rows.key(), rows.value());
    if (!text)
      return text.error();
    auto one = read_audit_text(*text);
    if (!one || audit_key(one->number) != rows.key())
      return broken_audit(rows.key());
    out.push_back(std::move(*one));
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

/// Where the log ends (`key` is audit_last), or what of it was pruned
/// (audit_pruned).
result<audit_position> position_of(const database& db, std::string_view key,
                                   const database::read_point* at = nullptr) {
  const auto row = db.get(family::meta, key, at);
  if (!row)
    return row.error();
  if (!*row)
    return audit_position{};
  return decode_audit_position(key, **row);
}

} // namespace

// By hand, in the order of canonical JSON: the writer makes one for each start.
std::string audit_text(const audit_record& what) {
  const auto& e = what.what;
  std::string out;
  out.reserve(320 + e.who.size() + e.target.size() + e.reason.size());
  add_member(out, "{\"action\":", e.action);
  add_member(out, ",\"from\":", e.from);
  add_member(out, ",\"namespace\":", e.ns);
  out.append(",\"number\":").append(std::to_string(what.number));
  add_member(out, ",\"previous\":", what.previous);
  add_member(out, ",\"reason\":", e.reason);
  out.append(",\"status\":").append(std::to_string(e.status));
  add_member(out, ",\"target\":", e.target);
  add_member(out, ",\"time\":", to_text(e.at));
  add_member(out, ",\"who\":", e.who);
  out.push_back('}');
  return out;
}

result<audit_record> read_audit_text(std::string_view text) {
  const error bad{errc::corrupt, "a record of the audit log does not decode"};
  const auto parsed = parse_json(text);
  const auto* members = parsed ? parsed->if_object() : nullptr;
  if (members == nullptr)
    return bad;
  const auto at = parse_timestamp(text_in(*members, "time"));
  audit_record out{.number = number_in(*members, "number"),
                   .what = {.who = text_in(*members, "who"),
                            .from = text_in(*members, "from"),
                            .action = text_in(*members, "action"),
                            .ns = text_in(*members, "namespace"),
                            .target = text_in(*members, "target"),
                            .reason = text_in(*members, "reason"),
                            .status = static_cast<std::uint32_t>(
                              number_in(*members, "status"))},
                   .previous = text_in(*members, "previous"),
                   .hash = to_hex(sha256(text))};
  if (!at || out.number == 0)
    return bad;
  out.what.at = *at;
  return out;
}

void audit_trail::add(row_list& rows, const audit_entry& what) {
  const audit_record next{
    .number = last_.number + 1, .what = what, .previous = last_.hash};
  const auto text = audit_text(next);
  rows.put(family::meta, audit_key(next.number), encode_audit(text));
  last_ = {next.number, to_hex(sha256(text))};
  used_ = true;
}

void audit_trail::finish(row_list& rows) const {
  if (used_)
    rows.put(family::meta, meta_keys::audit_last, encode_audit_position(last_));
}

result<> store::find_end_of_audit() {
  auto last = position_of(*db_, meta_keys::audit_last);
  if (!last)
    return last.error();
  audit_ = std::move(*last);
  return {};
}

result<> store::write_noted(row_list& rows,
                            const std::optional<audit_entry>& note) {
  audit_trail trail{audit_};
  if (note)
    trail.add(rows, *note);
  trail.finish(rows);
  if (rows.empty())
    return {};
  auto written = db_->write(rows);
  if (written)
    audit_ = trail.last();
  return written;
}

result<> store::put_audit(const audit_entry& what) {
  row_list rows;
  return write_noted(rows, what);
}

result<std::uint64_t> store::prune_audit(timestamp until, std::uint64_t most,
                                         audit_entry note) {
  const database::read_point now{*db_};
  auto pruned = position_of(*db_, meta_keys::audit_pruned, &now);
  if (!pruned)
    return pruned.error();
  const auto first = pruned->number + 1;
  // The last one stays: the next one follows it.
  const auto end = std::min(audit_.number, first + most);
  for (auto at = first; at < end;) {
    const auto some = read_block(*db_, now, at, std::min(end, at + block) - 1);
    if (!some)
      return some.error();
    // What stands before an old one is old, whatever its clock said.
    const auto over
      = std::find_if(some->rbegin(), some->rend(),
                     [&](const auto& one) { return one.what.at < until; });
    if (over == some->rend())
      break;
    *pruned = {over->number, over->hash};
    at += some->size();
  }
  if (pruned->number < first)
    return std::uint64_t{0};
  row_list rows;
  rows.erase_range(family::meta, audit_key(first),
                   audit_key(pruned->number + 1));
  rows.put(family::meta, meta_keys::audit_pruned,
           encode_audit_position(*pruned));
  note.target = fmt::format("{}-{}", first, pruned->number);
  note.reason = "the last hash was " + pruned->hash;
  if (auto written = write_noted(rows, note); !written)
    return written.error();
  return pruned->number - first + 1;
}

result<audit_page> store::read_audit(const audit_query& query) const {
  const database::read_point now{*db_};
  const auto last = position_of(*db_, meta_keys::audit_last, &now);
  if (!last)
    return last.error();
  const auto pruned = position_of(*db_, meta_keys::audit_pruned, &now);
  if (!pruned)
    return pruned.error();
  const auto begin = pruned->number + 1, end = last->number;
  audit_page page;
  auto at = query.from;
  if (at == 0)
    at = query.oldest_first ? begin : end;
  if (query.oldest_first)
    at = std::max(at, begin);
  std::uint64_t looked_at = 0;
  while (at >= begin && at <= end) {
    const auto first
      = query.oldest_first ? at : std::max(begin, at - std::min(at, block) + 1);
    const auto final = query.oldest_first ? std::min(end, at + block - 1) : at;
    auto some = read_block(*db_, now, first, final);
    if (!some)
      return some.error();
    if (!query.oldest_first)
      std::ranges::reverse(*some);
    for (auto& one : *some) {
      if (page.items.size() == query.limit || looked_at == looked_at_max) {
        page.next = one.number;
        return page;
      }
      ++looked_at;
      if (matches(one.what, query))
        page.items.push_back(std::move(one));
    }
    at = query.oldest_first ? final + 1 : first - 1;
  }
  return page;
}

result<audit_check> store::verify_audit(std::uint64_t after,
                                        std::uint64_t max) const {
  const database::read_point now{*db_};
  const auto end = position_of(*db_, meta_keys::audit_last, &now);
  if (!end)
    return end.error();
  const auto pruned = position_of(*db_, meta_keys::audit_pruned, &now);
  if (!pruned)
    return pruned.error();
  audit_check out{.pruned = pruned->number};
  // Some may have gone since the page before.
  after = std::max(after, pruned->number);
  auto complain = [&](std::string what) {
    if (out.faults.size() < faults_max)
      out.faults.push_back(std::move(what));
  };
  // The first one that is read must follow the one before it.
  if (after == pruned->number) {
    out.last = *pruned;
  } else {
    const auto before = read_block(*db_, now, after, after);
    if (!before)
      return before.error();
    if (before->empty())
      return error{errc::not_found, "The audit log has no record "
                                      + std::to_string(after) + '.'};
    out.last = {after, before->front().hash};
  }
  scan rows{
    *db_,
    {family::meta, audit_key(after + 1), after_prefix(audit_prefix()), false},
    &now};
  for (; rows.valid() && out.checked < max; rows.next(), ++out.checked) {
    const auto text = decode_audit(rows.key(), rows.value());
    const auto one = text ? read_audit_text(*text) : text.error();
    if (!one || audit_key(one->number) != rows.key()) {
      complain(
        fmt::format("audit record {} does not decode", out.last.number + 1));
      ++out.last.number;
      continue;
    }
    if (one->number != out.last.number + 1)
      complain(fmt::format("audit records {} to {} are missing",
                           out.last.number + 1, one->number - 1));
    else if (one->previous != out.last.hash)
      complain(fmt::format("audit record {} does not follow record {}: one of "
                           "them was changed",
                           one->number, out.last.number));
    out.last = {one->number, one->hash};
  }
  if (auto s = rows.status(); !s)
    return s.error();
  out.complete = !rows.valid();
  if (out.complete && out.last != *end)
    complain(fmt::format("the audit log ends at record {}, but {} were "
                         "written, or the last one was changed",
                         out.last.number, end->number));
  return out;
}

} // namespace pawl::storage
