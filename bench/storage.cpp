// How many prepared turns a second go through commit, synced, for groups of
// several sizes: bench-storage [directory] [seconds a size].
#include "storage/store.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>

using namespace pawl;
using namespace pawl::storage;

namespace {

turn start_of(const std::string& id, timestamp now) {
  turn t;
  t.key = key_of("default", id);
  t.creates = true;
  t.at = now;
  t.after.ns = "default";
  t.after.id = id;
  t.after.workflow = {"default", "story", "1.0.0"};
  t.after.digest = std::string(64, 'd');
  t.after.status = instance_status::completed;
  t.after.created = t.after.updated = now;
  t.after.started = t.after.ended = now;
  t.after.labels = {{"team", "red"}};
  t.events = {events::instance_created{"default",
                                       id,
                                       t.after.workflow,
                                       t.after.digest,
                                       make_datum(json::string(200, 'x')),
                                       {}},
              events::instance_started{},
              events::instance_completed{make_datum(json::string(200, 'y'))}};
  return t;
}

struct outcome {
  double turns_a_second = 0;
  double prepare_us = 0;
  double commit_us = 0; ///< Of one group.
};

outcome run(store& to, std::size_t size, double seconds) {
  using clock = std::chrono::steady_clock;
  static std::uint64_t number = 0;
  const auto now = from_unix_ms(1'750'000'000'000);
  std::chrono::duration<double> preparing{};
  std::chrono::duration<double> committing{};
  std::uint64_t groups = 0;
  while ((preparing + committing).count() < seconds) {
    std::vector<turn> turns;
    std::vector<prepared_turn> rows;
    std::vector<const prepared_turn*> group;
    for (std::size_t i = 0; i < size; ++i)
      turns.push_back(start_of(fmt::format("i{:012}", ++number), now));
    const auto start = clock::now();
    for (const auto& t : turns)
      rows.push_back(prepare(t));
    const auto prepared = clock::now();
    for (const auto& r : rows)
      group.push_back(&r);
    if (!to.commit(group)) {
      fmt::print(stderr, "commit failed\n");
      std::exit(EXIT_FAILURE);
    }
    committing += clock::now() - prepared;
    preparing += prepared - start;
    ++groups;
  }
  const auto turns = static_cast<double>(groups * size);
  return {turns / (preparing + committing).count(),
          preparing.count() / turns * 1e6,
          committing.count() / static_cast<double>(groups) * 1e6};
}

} // namespace

int main(int argc, char** argv) {
  const auto directory
    = argc > 1 ? std::filesystem::path{argv[1]}
               : std::filesystem::temp_directory_path() / "pawl-bench-storage";
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 3;
  open_options options;
  options.directory = directory;
  recovery_report found;
  auto opened = store::open(options, found);
  if (!opened) {
    fmt::print(stderr, "{}\n", opened.error().detail);
    return EXIT_FAILURE;
  }
  fmt::print("{:>6} {:>12} {:>12} {:>14}\n", "group", "turns/s", "prepare us",
             "commit us");
  for (const std::size_t size : {1, 16, 64, 256}) {
    const auto got = run(**opened, size, seconds);
    fmt::print("{:>6} {:>12.0f} {:>12.1f} {:>14.0f}\n", size,
               got.turns_a_second, got.prepare_us, got.commit_us);
  }
  return (*opened)->close() ? EXIT_SUCCESS : EXIT_FAILURE;
}
