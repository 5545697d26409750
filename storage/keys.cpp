#include "storage/keys.hpp"

#include "base/bytes.hpp"

#include <algorithm>

namespace pawl::storage {

namespace {

constexpr std::uint64_t sign_bit = 1ULL << 63;

std::uint64_t sortable(timestamp t) {
  return static_cast<std::uint64_t>(unix_ms(t)) ^ sign_bit;
}

void put_key(std::string& out, const instance_key& key) {
  out.append(bytes_of(key));
}

// Only half of the digest is kept: 128 bits do not collide by accident, and
// the row's value holds the whole scope.
std::string digest_key(std::string_view text) {
  return sha256(text).substr(0, 16);
}

} // namespace

instance_key instance_at(std::string_view row) {
  instance_key key;
  std::copy_n(row.begin(), key.bytes.size(),
              reinterpret_cast<char*>(key.bytes.data()));
  return key;
}

std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff')
    prefix.pop_back();
  if (!prefix.empty())
    ++prefix.back();
  return prefix;
}

void put_time(std::string& out, timestamp t) {
  put_u64(out, sortable(t));
}

timestamp time_at(std::string_view bytes) {
  return from_unix_ms(static_cast<std::int64_t>(get_u64(bytes) ^ sign_bit));
}

std::string journal_key(const instance_key& key, sequence last) {
  std::string out;
  out.reserve(24);
  put_key(out, key);
  put_u64(out, last);
  return out;
}

std::string snapshot_key(const instance_key& key, sequence at) {
  return journal_key(key, ~at);
}

std::string timer_key(const instance_key& key, timestamp due) {
  std::string out;
  out.reserve(25);
  out.push_back(static_cast<char>(key.partition()));
  put_time(out, due);
  put_key(out, key);
  return out;
}

std::string subscription_key(std::string_view type, const instance_key& key,
                             frame_id frame) {
  std::string out;
  out.reserve(28);
  put_key(out, key);
  put_u32(out, frame);
  put_u64(out, index_value(type));
  return out;
}

std::string listener_key(std::string_view type, const instance_key& key,
                         frame_id frame) {
  auto out = index_prefix(index_kind::listener, index_value(type));
  put_key(out, key);
  put_u32(out, frame);
  return out;
}

std::string left_child_key(const instance_key& key) {
  std::string out;
  out.reserve(17);
  put_key(out, key);
  out.push_back('\x01');
  return out;
}

bool is_left_child(std::string_view row) {
  return row.size() == sizeof(instance_key::bytes) + 1;
}

std::string lease_key(const instance_key& key, frame_id frame) {
  std::string out;
  out.reserve(21);
  put_key(out, key);
  out.push_back('\x02');
  put_u32(out, frame);
  return out;
}

bool is_lease(std::string_view row) {
  return row.size() > sizeof(instance_key::bytes) + 1;
}

std::string answer_key(std::string_view scope) {
  return digest_key(std::string{"a"}.append(scope));
}

std::string seen_key(std::string_view ns, std::string_view source,
                     std::string_view id) {
  std::string text{"e"};
  for (const auto part : {ns, source, id}) {
    put_u32(text, static_cast<std::uint32_t>(part.size()));
    text.append(part);
  }
  return digest_key(text);
}

std::string event_key(std::uint64_t number) {
  std::string out;
  put_u64(out, number);
  return out;
}

std::string garbage_key(timestamp expires, garbage_kind kind,
                        std::string_view row) {
  std::string out;
  out.reserve(9 + row.size());
  put_time(out, expires);
  out.push_back(static_cast<char>(kind));
  out.append(row);
  return out;
}

std::string definition_key(const definition_id& id) {
  std::string out{"n"};
  out.append(id.ns).push_back('\0');
  out.append(id.name).push_back('\0');
  return out.append(id.version);
}

std::string secret_key(std::string_view name) {
  return std::string{"secret/"}.append(name);
}

std::string outgoing_prefix(std::string_view subscription) {
  return std::string{"out/"}.append(subscription).append("/");
}

std::string outgoing_key(std::string_view subscription, timestamp at,
                         const instance_key& key, std::uint64_t number) {
  auto out = outgoing_prefix(subscription);
  put_time(out, at);
  out.append(bytes_of(key));
  put_u64(out, number);
  return out;
}

std::string audit_prefix() {
  return "audit/";
}

std::string audit_key(std::uint64_t number) {
  auto out = audit_prefix();
  put_u64(out, number);
  return out;
}

std::string schedule_key(std::string_view ns, std::string_view name) {
  std::string out{"s"};
  out.append(ns).push_back('\0');
  return out.append(name);
}

std::string newest_key(timestamp created, const definition_id& id) {
  std::string out{"t"};
  put_u64(out, ~sortable(created));
  return out.append(definition_key(id));
}

std::string content_key(std::string_view digest) {
  return std::string{"c"}.append(digest);
}

std::string index_prefix(index_kind kind, std::uint64_t value) {
  std::string out;
  out.reserve(index_key_size);
  out.push_back(static_cast<char>(kind));
  put_u64(out, value);
  return out;
}

std::string index_key(index_kind kind, std::uint64_t value, timestamp created,
                      const instance_key& key) {
  auto out = index_prefix(kind, value);
  put_u64(out, ~sortable(created));
  put_key(out, key);
  return out;
}

std::string tombstone_key(std::string_view id, const instance_key& key) {
  return index_key(index_kind::purged, index_value(id), timestamp{}, key);
}

std::uint64_t index_value(std::string_view first, std::string_view second) {
  const auto seed = xxh3(first, 0);
  return second.empty() ? seed : xxh3(second, seed);
}

} // namespace pawl::storage
