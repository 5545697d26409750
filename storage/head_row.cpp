#include "storage/values.hpp"
#include "storage/wire.hpp"

#include <algorithm>

namespace pawl::storage {

namespace {

constexpr std::uint8_t format = 1;
constexpr std::uint8_t busy_flag = 1;
constexpr std::uint8_t state_flag = 2;     // A business state stands behind ...
constexpr std::uint8_t approvals_flag = 4; // ... and then approvals, ...
constexpr std::uint8_t since_flag = 8;     // ... the time of that state, ...
constexpr std::uint8_t waits_flag = 16;    // ... what is waited for, ...
constexpr std::uint8_t verbs_flag = 32;    // ... what may be done, ...
constexpr std::uint8_t takes_flag = 64;    // ... and what may be sent.

void put_texts(std::string& out, const std::vector<std::string>& all) {
  put_u32(out, static_cast<std::uint32_t>(all.size()));
  for (const auto& one : all)
    put_text(out, one);
}

void get_texts(wire_reader& in, std::vector<std::string>& all) {
  for (auto left = in.u32(); left > 0 && !in.broken(); --left)
    all.emplace_back(in.text());
}

void put_approval(std::string& out, const open_approval& one) {
  put_u32(out, one.frame);
  put_u32(out, one.round);
  put_text(out, one.task);
  put_text(out, one.title);
  put_texts(out, one.groups);
  put_texts(out, one.users);
  put_time(out, one.since);
  put_optional_time(out, one.due);
}

open_approval get_approval(wire_reader& in) {
  open_approval one;
  one.frame = in.u32();
  one.round = in.u32();
  one.task = in.text();
  one.title = in.text();
  get_texts(in, one.groups);
  get_texts(in, one.users);
  one.since = in.time();
  one.due = in.optional_time();
  return one;
}

void put_wait(std::string& out, const standing_wait& one) {
  out.push_back(static_cast<char>(one.kind));
  put_text(out, one.task);
  put_u32(out, one.count);
  put_time(out, one.since);
}

standing_wait get_wait(wire_reader& in) {
  standing_wait one;
  one.kind = static_cast<wait_kind>(in.u8());
  one.task = in.text();
  one.count = in.u32();
  one.since = in.time();
  return one;
}

void put_taken(std::string& out, const std::vector<awaited_type>& all) {
  put_u32(out, static_cast<std::uint32_t>(all.size()));
  for (const auto& one : all)
    for (const auto* text : {&one.type, &one.route, &one.task})
      put_text(out, *text);
}

void get_taken(wire_reader& in, std::vector<awaited_type>& all) {
  for (auto left = in.u32(); left > 0 && !in.broken(); --left) {
    auto& one = all.emplace_back();
    for (auto* text : {&one.type, &one.route, &one.task})
      *text = in.text();
  }
}

bool is_known(const standing_wait& one) {
  return one.kind >= wait_kind::timer && one.kind <= wait_kind::retry;
}

std::uint8_t flags_of(const head& h) {
  return static_cast<std::uint8_t>(
    (h.busy ? busy_flag : 0) | (h.state.empty() ? 0 : state_flag)
    | (h.approvals.empty() ? 0 : approvals_flag)
    | (h.state_since ? since_flag : 0) | (h.waits.empty() ? 0 : waits_flag)
    | (h.verbs.empty() ? 0 : verbs_flag) | (h.takes.empty() ? 0 : takes_flag));
}

std::size_t text_size(const head& h) {
  auto size = h.ns.size() + h.id.size() + h.workflow.ns.size()
              + h.workflow.name.size() + h.workflow.version.size()
              + h.digest.size() + h.error.size() + h.outcome.size();
  for (const auto& [key, value] : h.labels)
    size += key.size() + value.size() + 8;
  return size;
}

} // namespace

std::string encode_head(const head& what) {
  auto out = begin_value(format, 150 + text_size(what));
  put_u64(out, what.last);
  put_u64(out, what.chain);
  out.push_back(static_cast<char>(what.status));
  out.push_back(static_cast<char>(flags_of(what)));
  put_time(out, what.created);
  put_time(out, what.updated);
  put_optional_time(out, what.started);
  put_optional_time(out, what.ended);
  put_optional_time(out, what.next_timer);
  put_u64(out, what.snapshot);
  put_u64(out, what.older_snapshot);
  put_u64(out, what.completed);
  put_u64(out, what.faulted);
  for (const auto* text :
       {&what.ns, &what.id, &what.workflow.ns, &what.workflow.name,
        &what.workflow.version, &what.digest, &what.error, &what.outcome})
    put_text(out, *text);
  put_u32(out, static_cast<std::uint32_t>(what.labels.size()));
  for (const auto& [key, value] : what.labels) {
    put_text(out, key);
    put_text(out, value);
  }
  if (!what.state.empty())
    put_text(out, what.state);
  if (!what.approvals.empty())
    put_u32(out, static_cast<std::uint32_t>(what.approvals.size()));
  for (const auto& one : what.approvals)
    put_approval(out, one);
  if (what.state_since)
    put_time(out, *what.state_since);
  if (!what.waits.empty())
    put_u32(out, static_cast<std::uint32_t>(what.waits.size()));
  for (const auto& one : what.waits)
    put_wait(out, one);
  if (!what.verbs.empty())
    put_texts(out, what.verbs);
  if (!what.takes.empty())
    put_taken(out, what.takes);
  seal(out);
  return out;
}

result<head> decode_head(std::string_view key, std::string_view value) {
  wire_reader in{value, format};
  head out;
  out.last = in.u64();
  out.chain = in.u64();
  out.status = static_cast<instance_status>(in.u8());
  const auto flags = in.u8();
  out.busy = (flags & busy_flag) != 0;
  out.created = in.time();
  out.updated = in.time();
  out.started = in.optional_time();
  out.ended = in.optional_time();
  out.next_timer = in.optional_time();
  out.snapshot = in.u64();
  out.older_snapshot = in.u64();
  out.completed = in.u64();
  out.faulted = in.u64();
  for (auto* text :
       {&out.ns, &out.id, &out.workflow.ns, &out.workflow.name,
        &out.workflow.version, &out.digest, &out.error, &out.outcome})
    *text = in.text();
  for (auto left = in.u32(); left > 0 && !in.broken(); --left) {
    std::string label{in.text()};
    out.labels.emplace_hint(out.labels.end(), std::move(label), in.text());
  }
  if ((flags & state_flag) != 0)
    out.state = in.text();
  if ((flags & approvals_flag) != 0)
    for (auto left = in.u32(); left > 0 && !in.broken(); --left)
      out.approvals.push_back(get_approval(in));
  if ((flags & since_flag) != 0)
    out.state_since = in.time();
  if ((flags & waits_flag) != 0)
    for (auto left = in.u32(); left > 0 && !in.broken(); --left)
      out.waits.push_back(get_wait(in));
  if ((flags & verbs_flag) != 0)
    get_texts(in, out.verbs);
  if ((flags & takes_flag) != 0)
    get_taken(in, out.takes);
  const auto status = static_cast<std::uint8_t>(out.status);
  const bool known
    = std::ranges::all_of(out.waits, is_known)
      && status >= static_cast<std::uint8_t>(instance_status::pending)
      && status <= static_cast<std::uint8_t>(instance_status::cancelled);
  if (!in.done() || !known)
    return broken_row(family::head, key);
  return out;
}

result<sequence> decode_head_last(std::string_view key,
                                  std::string_view value) {
  wire_reader in{value, format};
  const auto last = in.u64();
  if (in.broken())
    return broken_row(family::head, key);
  return last;
}

} // namespace pawl::storage
