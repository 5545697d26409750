#include "storage/values.hpp"
#include "storage/wire.hpp"

namespace pawl::storage {

namespace {

constexpr std::uint8_t format = 1;
constexpr std::uint8_t busy_flag = 1;

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
  out.push_back(static_cast<char>(what.busy ? busy_flag : 0));
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
  seal(out);
  return out;
}

result<head> decode_head(std::string_view key, std::string_view value) {
  wire_reader in{value, format};
  head out;
  out.last = in.u64();
  out.chain = in.u64();
  out.status = static_cast<instance_status>(in.u8());
  out.busy = (in.u8() & busy_flag) != 0;
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
  const auto status = static_cast<std::uint8_t>(out.status);
  const bool known
    = status >= static_cast<std::uint8_t>(instance_status::pending)
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
