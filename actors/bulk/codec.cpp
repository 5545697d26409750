#include "actors/bulk/bulk.hpp"

#include <utility>

namespace pawl::actors {

namespace {

/// Takes members off an object; one that is missing or of another kind leaves
/// its mark.
class reader {
public:
  explicit reader(const json::object& from) : from_{from} {}

  std::string text(std::string_view name) {
    const auto* value = from_.if_contains(name);
    if (value != nullptr && value->is_string())
      return std::string{value->get_string()};
    broken_ = broken_ || value != nullptr;
    return {};
  }
  std::uint64_t number(std::string_view name) {
    const auto* value = from_.if_contains(name);
    if (value == nullptr)
      return 0;
    if (value->is_uint64())
      return value->get_uint64();
    broken_ = broken_ || !value->is_int64() || value->get_int64() < 0;
    return broken_ ? 0 : static_cast<std::uint64_t>(value->get_int64());
  }
  double real(std::string_view name) {
    const auto* value = from_.if_contains(name);
    broken_ = broken_ || value == nullptr || !value->is_number();
    return broken_ ? 0 : value->to_number<double>();
  }
  bool flag(std::string_view name) {
    const auto* value = from_.if_contains(name);
    broken_ = broken_ || (value != nullptr && !value->is_bool());
    return !broken_ && value != nullptr && value->get_bool();
  }
  std::optional<timestamp> time(std::string_view name) {
    const auto written = text(name);
    if (written.empty())
      return std::nullopt;
    const auto at = parse_timestamp(written);
    broken_ = broken_ || !at;
    return at ? std::optional{*at} : std::nullopt;
  }
  timestamp needed_time(std::string_view name) {
    const auto at = time(name);
    broken_ = broken_ || !at;
    return at.value_or(timestamp{});
  }
  template <class Parse>
  auto word(std::string_view name, Parse parse) {
    const auto value = parse(text(name));
    broken_ = broken_ || !value;
    return value;
  }
  const json::object& object(std::string_view name) {
    static const json::object none;
    const auto* value = from_.if_contains(name);
    if (value != nullptr && value->is_object())
      return value->get_object();
    broken_ = broken_ || value != nullptr;
    return none;
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return from_.contains(name);
  }
  [[nodiscard]] bool broken() const { return broken_; }

private:
  const json::object& from_;
  bool broken_ = false;
};

bool read_filter(const json::object& stored, bulk_filter& out) {
  reader in{stored};
  out.ns = in.text("namespace");
  out.workflow = in.text("workflow");
  out.version = in.text("version");
  out.state = in.text("state");
  if (in.has("status"))
    out.status = in.word("status", parse_status);
  const auto add_all = [&](std::string_view member, const std::string& mark) {
    for (const auto& [key, value] : in.object(member))
      if (value.is_string())
        out.labels.emplace(mark + std::string{key},
                           std::string{value.get_string()});
  };
  add_all("labels", "");
  add_all("index", std::string{storage::attribute_mark});
  out.started_after = in.time("startedAfter");
  out.started_before = in.time("startedBefore");
  if (in.has("quarantined"))
    out.quarantined = in.flag("quarantined");
  return !in.broken();
}

bool read_orderer(const json::object& stored, bulk_orderer& out) {
  reader in{stored};
  out.who = in.text("who");
  out.from = in.text("from");
  out.credential = in.text("credential");
  out.token_id = in.text("token");
  out.almighty = in.flag("almighty");
  return !in.broken();
}

bool read_order(reader& in, bulk_order& out) {
  const auto action = in.word("action", parse_bulk_action);
  out.id = in.text("id");
  out.args = in.object("args");
  out.rate = in.real("rate");
  out.limit = in.number("limit");
  out.matched = in.number("matched");
  out.matched_all = in.flag("matchedAll");
  out.reason = in.text("reason");
  out.created = in.needed_time("created");
  if (in.broken() || out.id.empty() || !(out.rate > 0))
    return false;
  out.action = *action;
  return read_filter(in.object("filter"), out.filter)
         && read_orderer(in.object("by"), out.by);
}

bool read_counts(const json::object& stored, bulk& out) {
  reader in{stored};
  for (const auto& [key, value] : stored) {
    const auto which = parse_bulk_outcome(key);
    if (!which)
      return false;
    out.counts[*which] = in.number(key);
  }
  return !in.broken();
}

} // namespace

std::string encode_bulk(const bulk& what) {
  const auto& o = what.order;
  json::object counts;
  for (const auto& [outcome, count] : what.counts)
    counts[name_of(outcome)] = count;
  json::object out{{"id", o.id},
                   {"action", name_of(o.action)},
                   {"filter", filter_json(o.filter)},
                   {"args", o.args},
                   {"rate", o.rate},
                   {"limit", o.limit},
                   {"matched", o.matched},
                   {"matchedAll", o.matched_all},
                   {"reason", o.reason},
                   {"by", json::object{{"who", o.by.who},
                                       {"from", o.by.from},
                                       {"credential", o.by.credential},
                                       {"token", o.by.token_id},
                                       {"almighty", o.by.almighty}}},
                   {"created", to_text(o.created)},
                   {"status", name_of(what.status)},
                   {"detail", what.detail},
                   {"cursor", what.cursor},
                   {"taken", what.taken},
                   {"batchFrom", what.batch_from},
                   {"counts", std::move(counts)},
                   {"walked", what.walked},
                   {"updated", to_text(what.updated)}};
  if (what.ended)
    out["ended"] = to_text(*what.ended);
  return to_text(json::value(std::move(out)));
}

result<bulk> decode_bulk(std::string_view stored) {
  const error bad{errc::corrupt, "a stored bulk operation does not decode"};
  constexpr std::size_t levels = 80; // Its `args` are as deep as a body.
  const auto parsed = parse_json(stored, levels);
  const auto* all = parsed ? parsed->if_object() : nullptr;
  if (all == nullptr)
    return bad;
  reader in{*all};
  bulk out;
  if (!read_order(in, out.order) || !read_counts(in.object("counts"), out))
    return bad;
  const auto status = in.word("status", parse_bulk_status);
  out.detail = in.text("detail");
  out.cursor = in.text("cursor");
  out.taken = in.number("taken");
  out.batch_from = in.number("batchFrom");
  out.walked = in.flag("walked");
  out.updated = in.needed_time("updated");
  out.ended = in.time("ended");
  if (in.broken() || out.settled() > out.taken)
    return bad;
  out.status = *status;
  return out;
}

std::string encode_item(const bulk_item& what) {
  json::object out{{"namespace", what.ns},
                   {"instance", what.id},
                   {"outcome", name_of(what.outcome)},
                   {"at", to_text(what.at)}};
  if (what.status != 0)
    out["status"] = what.status;
  if (!what.code.empty())
    out["code"] = what.code;
  if (!what.detail.empty())
    out["detail"] = what.detail;
  return to_text(json::value(std::move(out)));
}

result<bulk_item> decode_item(std::uint64_t number, std::string_view stored) {
  const error bad{errc::corrupt,
                  "a line of the report of a bulk operation does not decode"};
  const auto parsed = parse_json(stored);
  const auto* all = parsed ? parsed->if_object() : nullptr;
  if (all == nullptr)
    return bad;
  reader in{*all};
  bulk_item out;
  out.number = number;
  out.ns = in.text("namespace");
  out.id = in.text("instance");
  const auto outcome = in.word("outcome", parse_bulk_outcome);
  out.status = static_cast<std::uint32_t>(in.number("status"));
  out.code = in.text("code");
  out.detail = in.text("detail");
  out.at = in.needed_time("at");
  if (in.broken() || out.id.empty())
    return bad;
  out.outcome = *outcome;
  return out;
}

} // namespace pawl::actors
