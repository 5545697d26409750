#include "storage/wal_scanner.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace pawl::storage {

namespace {

// RocksDB's record types. The recyclable ones carry the number of their log.
enum record_type : std::uint8_t {
  zero = 0,
  full = 1,
  first = 2,
  middle = 3,
  last = 4,
  recyclable_full = 5,
  recyclable_last = 8,
  compression = 9, ///< Says how the log is compressed; not part of a group.
};
constexpr std::size_t header_size = 7;
constexpr std::size_t recyclable_header_size = 11;

std::uint64_t get_le(std::string_view in, int bytes) {
  std::uint64_t n = 0;
  for (int i = bytes - 1; i >= 0; --i)
    n = n << 8 | static_cast<std::uint8_t>(in[static_cast<std::size_t>(i)]);
  return n;
}

std::uint32_t unmask(std::uint32_t masked) {
  const auto rotated = masked - 0xa282ead8U;
  return rotated >> 17 | rotated << 15;
}

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

} // namespace

struct wal_scanner::fragment {
  bool good = false;
  bool older = false;       ///< Left over from the log whose file this was.
  std::uint8_t type = zero; ///< Without the recyclable ones.
  std::size_t size = 0;     ///< With its header.
  std::string_view payload;
  std::string_view why;
};

wal_scanner::fragment wal_scanner::read(std::string_view rest) const {
  fragment out;
  const auto length = static_cast<std::size_t>(get_le(rest.substr(4), 2));
  const auto type = static_cast<std::uint8_t>(rest[6]);
  const bool recyclable = type >= recyclable_full && type <= recyclable_last;
  const auto header = recyclable ? recyclable_header_size : header_size;
  if (type == zero || type > compression) {
    out.why = "a record of unknown type";
    return out;
  }
  if (header + length > rest.size()) {
    out.why = "a record that is cut off";
    return out;
  }
  const auto stored = unmask(static_cast<std::uint32_t>(get_le(rest, 4)));
  if (stored != crc32c(rest.substr(6, header - 6 + length))) {
    out.why = "a record whose checksum does not match";
    return out;
  }
  out.good = true;
  out.older = recyclable
              && get_le(rest.substr(header_size), 4) != (number_ & 0xFFFFFFFFU);
  out.type = recyclable ? static_cast<std::uint8_t>(type - 4) : type;
  out.size = header + length;
  out.payload = rest.substr(header, length);
  return out;
}

void wal_scanner::spoil(std::uint64_t at, std::string why) {
  if (found_.bad_at)
    return;
  // A group is bad from its first byte on: part of it is nothing.
  found_.bad_at = at;
  found_.why = std::move(why);
}

void wal_scanner::end_group(std::uint64_t end) {
  in_group_ = false;
  constexpr std::size_t batch_header = 12;
  if (group_head_.size() < batch_header) {
    spoil(group_at_, "a group too short to be one");
    return;
  }
  const auto sequence = get_le(group_head_, 8);
  const auto count = get_le(std::string_view{group_head_}.substr(8), 4);
  if (found_.groups > 0 && sequence > found_.next_sequence) {
    // Nothing may be missing between two groups of one log.
    spoil(group_at_, fmt::format("groups are missing before it: it begins at "
                                 "{}, the one before ended at {}",
                                 sequence, found_.next_sequence));
    found_.next_group_at = group_at_;
    return;
  }
  if (found_.groups == 0)
    found_.first_sequence = sequence;
  found_.next_sequence = sequence + count;
  found_.good_end = end;
  ++found_.groups;
}

bool wal_scanner::accept(const fragment& what, std::uint64_t at) {
  const bool begins = what.type == full || what.type == first;
  if (what.type == compression)
    return true;
  if (begins && in_group_) {
    spoil(group_at_, "a group that has no end");
    found_.next_group_at = at;
    return false;
  }
  if (!begins && !in_group_) {
    spoil(at, "a group that has no beginning");
    return false;
  }
  if (begins) {
    group_at_ = at;
    group_head_.clear();
    in_group_ = true;
  }
  constexpr std::size_t batch_header = 12;
  const auto wanted = batch_header - std::min(batch_header, group_head_.size());
  group_head_.append(what.payload.substr(0, wanted));
  if (what.type == full || what.type == last)
    end_group(at + what.size);
  return !found_.bad_at;
}

void wal_scanner::walk(std::string_view block) {
  std::size_t pos = 0;
  while (!found_.bad_at && !ended_ && block.size() - pos >= header_size) {
    const auto rest = block.substr(pos);
    const auto at = found_.size + pos;
    // Zeros to the end are room that was set aside, and nothing written yet.
    if (all_zero(rest)) {
      if (!zeros_at_)
        zeros_at_ = at;
      return;
    }
    if (zeros_at_) {
      spoil(*zeros_at_, "zeros, with more behind them");
      search(block, pos, false);
      return;
    }
    const auto got = read(rest);
    if (!got.good) {
      spoil(at, std::string{got.why});
      search(block, pos + 1, true);
      return;
    }
    if (got.older) {
      ended_ = true;
      return;
    }
    if (!accept(got, at)) {
      search(block, pos + got.size, false);
      return;
    }
    pos += got.size;
  }
  // The last few bytes of a full block are no room for a header: all zeros.
  const auto trailer = block.substr(pos);
  if (found_.bad_at || ended_ || all_zero(trailer))
    return;
  spoil(found_.size + pos, block.size() == block_size
                             ? "bytes where a block must end with zeros"
                             : "a record that is cut off");
}

bool wal_scanner::starts_group(const fragment& what) const {
  if (!what.good || what.older || (what.type != full && what.type != first))
    return false;
  // The sequence of a later group is higher; this tells it from bytes of a
  // value that look like a record by accident.
  constexpr std::size_t sequence_size = 8;
  return what.payload.size() < sequence_size
         || get_le(what.payload, 8) >= found_.next_sequence;
}

/// Looks for the beginning of a group behind the bad place. Where the length
/// of the bad record cannot be trusted, every byte may be one; a block behind
/// it begins with a record.
void wal_scanner::search(std::string_view block, std::size_t from,
                         bool every_byte) {
  for (auto pos = from; pos + header_size <= block.size();) {
    const auto got = read(block.substr(pos));
    if (starts_group(got)) {
      if (!found_.next_group_at)
        found_.next_group_at = found_.size + pos;
      return;
    }
    if (!got.good && !every_byte && all_zero(block.substr(pos)))
      return;
    pos += got.good ? got.size : 1;
  }
}

void wal_scanner::take(std::string_view block) {
  if (found_.bad_at && !found_.next_group_at)
    search(block, 0, false);
  else if (!found_.bad_at && !ended_)
    walk(block);
  found_.size += block.size();
}

wal_scanner::findings wal_scanner::finish() {
  if (in_group_ && !found_.bad_at)
    spoil(group_at_, "a group that has no end");
  return found_;
}

} // namespace pawl::storage
