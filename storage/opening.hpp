#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace rocksdb {
class Env;
} // namespace rocksdb

namespace pawl::storage {

/// How a store is opened.
struct open_options {
  std::filesystem::path directory;
  bool torn_tail_cut = true; ///< False: refuse to cut a torn tail, exit 78.
  bool accept_loss = false;  ///< Open damaged data and say loudly what is lost.
  std::uint64_t memory_max = 128ULL << 20; ///< Block cache and write buffers.
  rocksdb::Env* env = nullptr; ///< For tests: a disk of memory. Not owned.
};

/// What opening the store found.
struct recovery_report {
  bool clean = true;                ///< The last stop was an orderly one.
  std::uint64_t tail_bytes_cut = 0; ///< Of an unacknowledged, torn last group.
  std::vector<std::string> notes;   ///< Sentences for the log.
};

} // namespace pawl::storage
