#include "daemon/backup.hpp"

#include "actors/restored.hpp"
#include "base/log.hpp"
#include "daemon/exit_code.hpp"
#include "storage/backups.hpp"
#include "storage/store.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace pawl::daemon {

namespace {

struct wanted {
  std::string verb;
  std::string directory;
  std::optional<std::uint32_t> name;
  std::string to;
};

std::optional<wanted> read(const std::vector<std::string>& words) {
  if (words.size() < 2 || words.size() % 2 != 0)
    return std::nullopt;
  wanted out{.verb = words[0],
             .directory = std::filesystem::absolute(words[1]).string(),
             .name = {},
             .to = {}};
  for (std::size_t i = 2; i < words.size(); i += 2) {
    const auto& value = words[i + 1];
    if (words[i] == "--name") {
      std::uint32_t n = 0;
      const auto* end = value.data() + value.size();
      const auto got = std::from_chars(value.data(), end, n);
      if (got.ec != std::errc{} || got.ptr != end)
        return std::nullopt;
      out.name = n;
    } else if (words[i] == "--to" && out.verb == "restore") {
      out.to = value;
    } else {
      return std::nullopt;
    }
  }
  const bool known
    = out.verb == "ls" || out.verb == "verify" || out.verb == "restore";
  if (!known || (out.verb == "restore") == out.to.empty()
      || (out.verb == "ls" && out.name))
    return std::nullopt;
  return out;
}

int fail(const error& why) {
  std::fprintf(stderr, "pawld: %s\n", why.detail.c_str());
  return why.code == errc::not_found || why.code == errc::already_exists
           ? exit_usage
           : exit_code_of(why);
}

std::string line_of(const storage::backup_info& one) {
  if (one.damaged)
    return fmt::format("backup {}: DAMAGED", one.number);
  return fmt::format("backup {} of {}: {} bytes in {} files, by pawld {}",
                     one.number, to_text(one.taken), one.bytes, one.files,
                     one.program);
}

int list(const storage::backups& all) {
  for (const auto& one : all.list())
    std::printf("%s\n", line_of(one).c_str());
  return 0;
}

/// Prints the faults of one; 0 if there are none.
int verify_one(const storage::backups& all, std::uint32_t number) {
  const auto faults = all.verify(number);
  if (!faults)
    return fail(faults.error());
  for (const auto& f : *faults)
    std::printf("backup %u: %s\n", number, f.c_str());
  std::printf("backup %u: %zu faults\n", number, faults->size());
  return faults->empty() ? 0 : exit_config;
}

int verify(const storage::backups& all, std::optional<std::uint32_t> name) {
  if (name)
    return verify_one(all, *name);
  const auto every = all.list();
  int worst = 0;
  for (const auto& one : every)
    worst = std::max(worst, verify_one(all, one.number));
  std::printf("%zu backups\n", every.size());
  return worst;
}

/// Whether nothing is there that a restore would mix with.
result<> must_be_free(const std::filesystem::path& target) {
  std::error_code failed;
  if (!std::filesystem::exists(target, failed))
    return {};
  struct stat own {};
  struct stat above {};
  if (stat(target.c_str(), &own) == 0
      && stat(target.parent_path().c_str(), &above) == 0
      && own.st_dev != above.st_dev)
    return error{errc::already_exists,
                 target.string()
                   + " is where a file system is mounted: restore into a "
                     "directory below it, and move that or configure it"};
  if (std::filesystem::is_directory(target, failed)
      && std::filesystem::is_empty(target, failed) && !failed)
    return {};
  return error{errc::already_exists,
               target.string()
                 + " is not empty: a backup is restored into a directory of "
                   "its own"};
}

/// Makes the new name of a directory durable.
void sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  fsync(fd);
  close(fd);
}

/// Suspends what lives in the restored store, and looks through all of it.
result<actors::restored> settle(const std::filesystem::path& draft,
                                const storage::backup_info& from) {
  storage::recovery_report found;
  auto store = storage::store::open({.directory = draft}, found);
  if (!store)
    return store.error();
  const auto reason = fmt::format("restored from backup {} of {}", from.number,
                                  to_text(from.taken));
  auto done
    = actors::suspend_all(**store, config::options{}, reason, clock::now());
  if (!done)
    return done;
  const auto faults = storage::verify(**store);
  if (!faults)
    return faults.error();
  if (!faults->empty())
    return error{errc::corrupt, fmt::format("the restored store has {} faults, "
                                            "the first: {}",
                                            faults->size(), faults->front())};
  if (auto closed = (*store)->close(); !closed)
    return closed.error();
  return done;
}

int restore(const storage::backups& all, const wanted& what) {
  const auto every = all.list();
  const auto newest = std::find_if(every.rbegin(), every.rend(),
                                   [](const auto& b) { return !b.damaged; });
  if (!what.name && newest == every.rend())
    return fail({errc::not_found, "there is no backup in " + what.directory});
  const auto from = what.name ? all.find(*what.name) : *newest;
  if (!from)
    return fail(from.error());
  const auto target
    = std::filesystem::absolute(what.to).lexically_normal() / "";
  const auto place = target.parent_path();
  if (auto is_free = must_be_free(place); !is_free)
    return fail(is_free.error());
  // Beside it, so that it appears whole or not at all.
  const std::filesystem::path draft{place.string() + ".restoring"};
  std::error_code failed;
  std::filesystem::remove_all(draft, failed); // Of one that was cut short.
  if (auto copied = all.restore(from->number, draft); !copied)
    return fail(copied.error());
  const auto done = settle(draft, *from);
  if (!done)
    return fail(done.error());
  std::filesystem::rename(draft, place, failed);
  if (failed)
    return fail(
      {errc::io, fmt::format("cannot rename {} to {}: {}", draft.string(),
                             place.string(), failed.message())});
  sync_directory(place.parent_path());
  std::printf("restored %s\n", line_of(*from).c_str());
  std::printf("%zu live instances are suspended now, %zu were before, %zu are "
              "being cancelled; %zu schedules are paused\n",
              done->suspended, done->held, done->cancelling, done->schedules);
  if (done->bulks != 0)
    std::printf("%zu bulk operations are paused\n", done->bulks);
  for (const auto& one : done->left)
    std::printf("NOT SUSPENDED: %s\n", one.c_str());
  return 0;
}

} // namespace

int backup(const std::vector<std::string>& arguments) {
  const auto what = read(arguments);
  if (!what) {
    std::fputs(backup_usage, stderr);
    return exit_usage;
  }
  // What RocksDB has to say of opening files is not for who runs this.
  log::set_level(log::level::error);
  const auto all = storage::backups::open_to_read(what->directory);
  if (!all)
    return fail(all.error());
  if (what->verb == "ls")
    return list(**all);
  if (what->verb == "verify")
    return verify(**all, what->name);
  return restore(**all, *what);
}

} // namespace pawl::daemon
