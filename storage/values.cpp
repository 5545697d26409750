#include "storage/values.hpp"

#include "storage/wire.hpp"
#include "workflow/codec.hpp"

namespace pawl::storage {

namespace {
// Every kind of value begins at format 1; a change of one raises its own.
constexpr std::uint8_t format = 1;
constexpr std::uint8_t format_with_resources = 2; ///< Of a definition.
} // namespace

std::string encode_snapshot(std::uint64_t chain, std::string_view state) {
  auto out = begin_value(format, 12 + state.size());
  put_u64(out, chain);
  put_text(out, state);
  seal(out);
  return out;
}

result<std::pair<std::uint64_t, std::string>>
decode_snapshot(std::string_view key, std::string_view value) {
  wire_reader in{value, format};
  const auto chain = in.u64();
  std::string state{in.text()};
  if (!in.done())
    return broken_row(family::snapshot, key);
  return std::pair{chain, std::move(state)};
}

std::string encode_answer(const kept_answer& what) {
  auto out = begin_value(format, 64 + what.scope.size() + what.body.size());
  put_time(out, what.expires);
  put_u32(out, what.status);
  put_text(out, what.scope);
  put_text(out, what.body_digest);
  put_text(out, what.location);
  put_text(out, what.body);
  seal(out);
  return out;
}

result<kept_answer> decode_answer(std::string_view key,
                                  std::string_view value) {
  wire_reader in{value, format};
  kept_answer out;
  out.expires = in.time();
  out.status = in.u32();
  out.scope = in.text();
  out.body_digest = in.text();
  out.location = in.text();
  out.body = in.text();
  if (!in.done())
    return broken_row(family::dedup, key);
  return out;
}

std::string encode_seen(timestamp expires) {
  auto out = begin_value(format, 8);
  put_time(out, expires);
  seal(out);
  return out;
}

result<timestamp> decode_seen(std::string_view key, std::string_view value) {
  wire_reader in{value, format};
  const auto expires = in.time();
  if (!in.done())
    return broken_row(family::dedup, key);
  return expires;
}

std::string encode_tombstone(const tombstone& what) {
  auto out = begin_value(format, 24 + what.ns.size() + what.id.size());
  put_time(out, what.purged);
  put_time(out, what.expires);
  put_text(out, what.ns);
  put_text(out, what.id);
  seal(out);
  return out;
}

result<tombstone> decode_tombstone(std::string_view key,
                                   std::string_view value) {
  wire_reader in{value, format};
  tombstone out;
  out.purged = in.time();
  out.expires = in.time();
  out.ns = in.text();
  out.id = in.text();
  if (!in.done())
    return broken_row(family::index, key);
  return out;
}

std::string encode_event(std::string_view ns, timestamp arrived,
                         std::string_view cbor) {
  auto out = begin_value(format, 16 + ns.size() + cbor.size());
  put_time(out, arrived);
  put_text(out, ns);
  put_text(out, cbor);
  seal(out);
  return out;
}

result<arrived_event> decode_event(std::string_view key,
                                   std::string_view value) {
  wire_reader in{value, format};
  arrived_event out;
  out.arrived = in.time();
  out.ns = in.text();
  const auto cbor = in.text();
  if (!in.done() || key.size() != 8)
    return broken_row(family::event, key);
  auto decoded = decode_cbor(cbor);
  if (!decoded)
    return broken_row(family::event, key);
  out.number = get_u64(key);
  out.event = make_datum(std::move(*decoded));
  return out;
}

std::string encode_subscription(const subscription& what) {
  auto out = begin_value(format, 16 + what.ns.size() + what.type.size());
  put_time(out, what.since);
  put_text(out, what.ns);
  put_text(out, what.type);
  seal(out);
  return out;
}

result<subscription> decode_subscription(std::string_view key,
                                         std::string_view value) {
  wire_reader in{value, format};
  subscription out;
  out.since = in.time();
  out.ns = in.text();
  out.type = in.text();
  if (!in.done() || key.size() < 20)
    return broken_row(family::subscription, key);
  out.key = instance_at(key);
  out.frame = get_u32(key.substr(16));
  return out;
}

std::string encode_definition(const stored_definition& what) {
  // What older programs can read stays readable to them.
  auto out
    = begin_value(what.resources.empty() ? format : format_with_resources,
                  200 + what.source.size() + what.document.size());
  put_time(out, what.created);
  put_text(out, what.id.ns);
  put_text(out, what.id.name);
  put_text(out, what.id.version);
  put_text(out, what.digest);
  put_text(out, what.content_type);
  put_text(out, what.source);
  put_text(out, what.document);
  if (!what.resources.empty()) {
    put_u32(out, static_cast<std::uint32_t>(what.resources.size()));
    for (const auto& [uri, text] : what.resources) {
      put_text(out, uri);
      put_text(out, text);
    }
  }
  seal(out);
  return out;
}

result<stored_definition> decode_definition(std::string_view key,
                                            std::string_view value) {
  const bool with_resources
    = !value.empty()
      && static_cast<std::uint8_t>(value.front()) == format_with_resources;
  wire_reader in{value, with_resources ? format_with_resources : format};
  stored_definition out;
  out.created = in.time();
  out.id.ns = in.text();
  out.id.name = in.text();
  out.id.version = in.text();
  out.digest = in.text();
  out.content_type = in.text();
  out.source = in.text();
  out.document = in.text();
  const auto count = with_resources ? in.u32() : 0;
  for (std::uint32_t i = 0; i < count && !in.broken(); ++i) {
    const auto uri = in.text();
    out.resources.emplace(uri, in.text());
  }
  if (!in.done())
    return broken_row(family::definition, key);
  return out;
}

std::string encode_secret(const sealed_secret& what) {
  auto out = begin_value(format, 16 + what.name.size() + what.sealed.size());
  put_time(out, what.updated);
  put_text(out, what.name);
  put_text(out, what.sealed);
  seal(out);
  return out;
}

std::string encode_schedule_row(const stored_schedule& what) {
  auto out = begin_value(format, 8 + what.ns.size() + what.name.size()
                                   + what.state.size());
  put_text(out, what.ns);
  put_text(out, what.name);
  put_text(out, what.state);
  seal(out);
  return out;
}

result<sealed_secret> decode_secret(std::string_view key,
                                    std::string_view value) {
  wire_reader in{value, format};
  sealed_secret out;
  out.updated = in.time();
  out.name = in.text();
  out.sealed = in.text();
  if (!in.done() || secret_key(out.name) != key)
    return broken_row(family::meta, key);
  return out;
}

std::string encode_audit(std::string_view text) {
  auto out = begin_value(format, 4 + text.size());
  put_text(out, text);
  seal(out);
  return out;
}

result<std::string> decode_audit(std::string_view key, std::string_view value) {
  wire_reader in{value, format};
  std::string text{in.text()};
  if (!in.done())
    return broken_audit(key);
  return text;
}

error broken_audit(std::string_view key) {
  return broken_row(family::meta, key);
}

std::string encode_audit_position(const audit_position& what) {
  auto out = begin_value(format, 12 + what.hash.size());
  put_u64(out, what.number);
  put_text(out, what.hash);
  seal(out);
  return out;
}

result<audit_position> decode_audit_position(std::string_view key,
                                             std::string_view value) {
  wire_reader in{value, format};
  audit_position out;
  out.number = in.u64();
  out.hash = in.text();
  if (!in.done())
    return broken_row(family::meta, key);
  return out;
}

result<stored_schedule> decode_schedule_row(std::string_view key,
                                            std::string_view value) {
  wire_reader in{value, format};
  stored_schedule out;
  out.ns = in.text();
  out.name = in.text();
  out.state = in.text();
  if (!in.done())
    return broken_row(family::definition, key);
  return out;
}

std::string encode_lease(const stored_lease& what) {
  auto out = begin_value(format, 128 + what.checkpoint.size());
  put_u32(out, what.dispatch);
  put_u64(out, what.fencing);
  put_time(out, what.given);
  put_time(out, what.until);
  put_u64(out, static_cast<std::uint64_t>(what.length.count()));
  put_u32(out, what.deliveries);
  put_text(out, what.token);
  put_text(out, what.worker);
  put_text(out, what.queue);
  put_text(out, what.checkpoint);
  seal(out);
  return out;
}

result<stored_lease> decode_lease(std::string_view key,
                                  std::string_view value) {
  constexpr std::size_t key_size = 21;
  wire_reader in{value, format};
  stored_lease out;
  out.dispatch = in.u32();
  out.fencing = in.u64();
  out.given = in.time();
  out.until = in.time();
  out.length = duration{static_cast<std::int64_t>(in.u64())};
  out.deliveries = in.u32();
  out.token = in.text();
  out.worker = in.text();
  out.queue = in.text();
  out.checkpoint = in.text();
  if (!in.done() || key.size() != key_size)
    return broken_row(family::busy, key);
  out.key = instance_at(key);
  out.frame = get_u32(key.substr(key_size - 4));
  return out;
}

std::string encode_quarantine(const quarantine& what) {
  auto out = begin_value(format, 16 + what.reason.size());
  put_time(out, what.since);
  put_u32(out, what.crashes);
  put_text(out, what.reason);
  seal(out);
  return out;
}

result<quarantine> decode_quarantine(std::string_view key,
                                     std::string_view value) {
  wire_reader in{value, format};
  quarantine out;
  out.since = in.time();
  out.crashes = in.u32();
  out.reason = in.text();
  if (!in.done())
    return broken_row(family::quarantine, key);
  return out;
}

std::string encode_number(std::uint64_t n) {
  auto out = begin_value(format, 8);
  put_u64(out, n);
  seal(out);
  return out;
}

result<std::uint64_t> decode_number(std::string_view key,
                                    std::string_view value) {
  wire_reader in{value, format};
  const auto n = in.u64();
  if (!in.done())
    return broken_row(family::meta, key);
  return n;
}

} // namespace pawl::storage
