#include "storage/journal_row.hpp"

#include "base/bytes.hpp"

#include <fmt/format.h>

namespace pawl::storage {

namespace {

constexpr std::uint8_t magic = 0xA7;
constexpr std::uint8_t format = 1;
constexpr std::size_t header_size = 1 + 1 + 1 + 8 + 4 + 8 + 8 + 4;
constexpr std::size_t trailer_size = 8 + 4;

error corrupt(std::string_view key, std::string_view why) {
  return {errc::corrupt, fmt::format("journal row {}: {}", to_hex(key), why)};
}

// The key is part of both sums, so that a row cannot stand for another one.
std::uint64_t chain_over(std::string_view key, std::string_view body,
                         std::uint64_t previous) {
  return xxh3(body, xxh3(key, previous));
}

} // namespace

std::string encode_journal_row(std::string_view key, journal_row& row) {
  std::string out;
  out.reserve(header_size + row.facts.size() + trailer_size);
  out.push_back(static_cast<char>(magic));
  out.push_back(static_cast<char>(format));
  out.push_back('\0'); // Flags: none so far.
  put_u64(out, row.first);
  put_u32(out, row.count);
  put_time(out, row.at);
  put_u64(out, row.previous);
  put_u32(out, static_cast<std::uint32_t>(row.facts.size()));
  out.append(row.facts);
  row.chain = chain_over(key, out, row.previous);
  put_u64(out, row.chain);
  put_u32(out, crc32c(out, crc32c(key)));
  return out;
}

result<journal_row> decode_journal_row(std::string_view key,
                                       std::string_view value) {
  if (key.size() != 24)
    return corrupt(key, "the key is no journal key");
  if (value.size() < header_size + trailer_size)
    return corrupt(key, "too short");
  if (static_cast<std::uint8_t>(value[0]) != magic)
    return corrupt(key, "not a journal row");
  const auto summed = value.substr(0, value.size() - 4);
  if (get_u32(value.substr(summed.size())) != crc32c(summed, crc32c(key)))
    return corrupt(key, "the checksum does not match");
  if (static_cast<std::uint8_t>(value[1]) != format)
    return corrupt(key, fmt::format("format {} is newer than this program",
                                    static_cast<unsigned char>(value[1])));
  if (value[2] != '\0')
    return corrupt(key, "it has flags that this program does not know");
  journal_row row;
  row.first = get_u64(value.substr(3));
  row.count = get_u32(value.substr(11));
  row.at = time_at(value.substr(15));
  row.previous = get_u64(value.substr(23));
  const auto body = value.substr(0, value.size() - trailer_size);
  row.facts = body.substr(header_size);
  row.chain = get_u64(value.substr(body.size()));
  if (get_u32(value.substr(31)) != row.facts.size())
    return corrupt(key, "its length is wrong");
  if (row.count == 0 || row.last() != get_u64(key.substr(16)))
    return corrupt(key, "it does not belong under this key");
  if (row.chain != chain_over(key, body, row.previous))
    return corrupt(key, "the chain does not match");
  return row;
}

} // namespace pawl::storage
