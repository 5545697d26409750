#include "storage/directory.hpp"
#include "storage/status.hpp"
#include "storage/wal_scanner.hpp"

#include <rocksdb/env.h>

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <utility>
#include <vector>

namespace pawl::storage {

namespace {

using log_list = std::vector<std::pair<std::uint64_t, std::string>>;

result<log_list> logs_of(rocksdb::Env& env,
                         const std::filesystem::path& directory) {
  std::vector<std::string> names;
  if (auto s = env.GetChildren(directory.string(), &names); !s.ok())
    return to_error(s, "reading the directory " + directory.string());
  log_list out;
  for (auto& name : names) {
    std::uint64_t number = 0;
    const auto* end = name.data() + name.size();
    const auto [stop, bad] = std::from_chars(name.data(), end, number);
    if (bad == std::errc{} && std::string_view{stop, end} == ".log")
      out.emplace_back(number, std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

result<wal_scanner::findings>
scan_log(rocksdb::Env& env, const std::string& path, std::uint64_t number) {
  std::unique_ptr<rocksdb::SequentialFile> file;
  auto s = env.NewSequentialFile(path, &file, rocksdb::EnvOptions{});
  if (!s.ok())
    return to_error(s, "reading " + path);
  wal_scanner scanner{number};
  std::string scratch(wal_scanner::block_size, '\0');
  for (;;) {
    // A read may return less than was asked for without being at the end.
    std::string block;
    while (block.size() < wal_scanner::block_size) {
      rocksdb::Slice got;
      s = file->Read(wal_scanner::block_size - block.size(), &got,
                     scratch.data());
      if (!s.ok())
        return to_error(s, "reading " + path);
      if (got.empty())
        break;
      block.append(got.data(), got.size());
    }
    if (!block.empty())
      scanner.take(block);
    if (block.size() < wal_scanner::block_size)
      return scanner.finish();
  }
}

wal_verdict bad_log(const std::string& name,
                    const wal_scanner::findings& found) {
  wal_verdict out;
  out.what = found.next_group_at ? wal_verdict::kind::damaged
                                 : wal_verdict::kind::torn;
  out.file = name;
  out.good_end = found.good_end;
  out.offset = *found.bad_at;
  out.tail_bytes = out.lost_bytes = found.size - found.good_end;
  out.why = found.why;
  if (found.next_group_at)
    out.why += fmt::format("; a later group follows at byte {}",
                           *found.next_group_at);
  return out;
}

} // namespace

result<wal_verdict> scan_logs(rocksdb::Env& env,
                              const std::filesystem::path& directory) {
  auto logs = logs_of(env, directory);
  if (!logs)
    return logs.error();
  wal_verdict verdict;
  std::uint64_t next_sequence = 0;
  for (const auto& [number, name] : *logs) {
    auto found = scan_log(env, (directory / name).string(), number);
    if (!found)
      return found.error();
    if (verdict.what != wal_verdict::kind::intact) {
      verdict.lost_bytes += found->size;
      // The log was left for a later one: its last group had been synced.
      if (verdict.what == wal_verdict::kind::torn && found->groups > 0) {
        verdict.what = wal_verdict::kind::damaged;
        verdict.why += fmt::format("; the later log {} holds groups", name);
      }
      continue;
    }
    if (found->groups > 0 && next_sequence != 0
        && found->first_sequence > next_sequence) {
      verdict = {wal_verdict::kind::damaged,
                 name,
                 0,
                 0,
                 found->size,
                 found->size,
                 fmt::format("groups are missing before this log: it begins at "
                             "{}, the log before ended at {}",
                             found->first_sequence, next_sequence)};
      continue;
    }
    if (found->groups > 0)
      next_sequence = found->next_sequence;
    if (found->bad_at)
      verdict = bad_log(name, *found);
  }
  return verdict;
}

result<> cut_log(rocksdb::Env& env, const std::filesystem::path& directory,
                 const std::string& name, std::uint64_t size) {
  std::string bytes;
  const auto path = (directory / name).string();
  if (auto s = rocksdb::ReadFileToString(&env, path, &bytes); !s.ok())
    return to_error(s, "reading " + path);
  bytes.resize(std::min<std::size_t>(bytes.size(), size));
  // A whole new file, since a log that is cut in place and then cut off from
  // power would be a puzzle.
  return replace_file(env, directory, name, bytes);
}

} // namespace pawl::storage
