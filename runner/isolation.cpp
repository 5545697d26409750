#include "runner/isolation.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace pawl::runner {

namespace {

namespace fs = std::filesystem;

error refused(const std::string& what) {
  return {errc::internal,
          what + ": " + std::generic_category().message(errno) + "."};
}

bool write_file(const char* name, const std::string& text) {
  const int fd = open(name, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const bool done
    = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return done;
}

/// Inside, everybody is who they were outside; there is nobody else.
bool map_user(uid_t user, gid_t group) {
  const auto line = [](auto id) {
    const auto n = std::to_string(id);
    return n + " " + n + " 1";
  };
  // What is not dumpable belongs to root, its maps too.
  prctl(PR_SET_DUMPABLE, 1);
  const bool done = write_file("/proc/self/setgroups", "deny")
                    && write_file("/proc/self/gid_map", line(group))
                    && write_file("/proc/self/uid_map", line(user));
  prctl(PR_SET_DUMPABLE, 0);
  return done;
}

bool lies_under(std::string_view path, std::string_view folder) {
  return path.starts_with(folder)
         && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// The directories of $PATH that will be hidden, held open to be put back.
class kept_visible {
public:
  kept_visible(std::string_view path, const std::vector<std::string>& hidden) {
    while (!path.empty()) {
      const auto end = path.find(':');
      const std::string each{path.substr(0, end)};
      path.remove_prefix(end == path.npos ? path.size() : end + 1);
      for (const auto& folder : hidden)
        if (each.starts_with('/') && lies_under(each, folder)) {
          const int tree
            = open_tree(AT_FDCWD, each.c_str(),
                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
          if (tree >= 0)
            trees_.emplace_back(each, tree);
          break;
        }
    }
  }
  ~kept_visible() {
    for (const auto& [folder, tree] : trees_)
      close(tree);
  }
  kept_visible(const kept_visible&) = delete;
  kept_visible& operator=(const kept_visible&) = delete;

  [[nodiscard]] result<void> put_back() const {
    for (const auto& [folder, tree] : trees_) {
      std::error_code failed;
      fs::create_directories(folder, failed);
      if (failed
          || move_mount(tree, "", AT_FDCWD, folder.c_str(),
                        MOVE_MOUNT_F_EMPTY_PATH)
               != 0)
        return refused("'" + folder + "' of the path cannot be shown");
    }
    return {};
  }

private:
  std::vector<std::pair<std::string, int>> trees_;
};

bool mount_memory(const std::string& where, std::uint64_t bytes) {
  const auto options
    = "mode=0700,nr_inodes=65536,size=" + std::to_string(bytes);
  return mount("pawl", where.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
               options.c_str())
         == 0;
}

result<void> hide(const std::string& what, std::uint64_t bytes) {
  struct stat found {};
  if (stat(what.c_str(), &found) != 0)
    return {}; // Not there, or out of reach as it is.
  const bool hidden
    = S_ISDIR(found.st_mode)
        ? mount_memory(what, bytes)
        : mount("/dev/null", what.c_str(), nullptr, MS_BIND, nullptr) == 0;
  return hidden ? result<void>{} : refused("'" + what + "' cannot be hidden");
}

/// A /proc that shows this tree only. Where the kernel refuses that (some of
/// /proc is covered already) the old one stays, read-only as all else.
void mount_proc() {
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr)
      == 0)
    // A program needs no namespaces of its own, and each is a way to attack
    // the kernel.
    write_file("/proc/sys/user/max_user_namespaces", "0");
}

bool limit(int what, rlim_t most) {
  rlimit now{};
  getrlimit(static_cast<__rlimit_resource>(what), &now);
  most = std::min(most, now.rlim_max);
  const rlimit both{most, most};
  return setrlimit(static_cast<__rlimit_resource>(what), &both) == 0;
}

} // namespace

pid_t fork_apart(bool namespaces, bool network) {
  if (!namespaces)
    return fork();
  unsigned long flags
    = SIGCHLD | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC;
  if (!network)
    flags |= CLONE_NEWNET;
  return static_cast<pid_t>(
    syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr));
}

result<void> enter(const surroundings& around, const std::string& path,
                   std::uint64_t bytes) {
  if (!map_user(around.user, around.group))
    return refused("The user cannot be mapped");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return refused("The mounts cannot be parted");
  mount_attr fixed{};
  fixed.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
  if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &fixed, sizeof fixed) != 0)
    return refused("The files cannot be made read-only");
  std::vector<std::string> hidden{"/tmp",  "/var/tmp", "/dev/shm",
                                  "/home", "/root",    "/run/user"};
  hidden.insert(hidden.end(), around.hidden.begin(), around.hidden.end());
  const kept_visible shown{path, hidden};
  for (const auto& each : hidden)
    if (auto done = hide(each, bytes); !done)
      return done;
  if (auto done = shown.put_back(); !done)
    return done;
  mount_proc();
  return {};
}

result<std::string> make_private_directory() {
  std::string name = "/tmp/pawl-XXXXXX";
  if (mkdtemp(name.data()) == nullptr)
    return error{errc::io, "No private directory can be made in /tmp: "
                             + std::generic_category().message(errno) + "."};
  return name;
}

void remove_directory(const std::string& which) {
  std::error_code failed;
  fs::remove_all(which, failed);
  if (!failed)
    return;
  // Some directory in it is closed to its own owner.
  constexpr auto skip = fs::directory_options::skip_permission_denied;
  for (int round = 0; failed && round < 100; ++round) {
    std::error_code ignored;
    for (auto at = fs::recursive_directory_iterator{which, skip, ignored};
         at != fs::recursive_directory_iterator{}; at.increment(ignored))
      if (at->is_directory(ignored) && !at->is_symlink(ignored))
        fs::permissions(at->path(), fs::perms::owner_all, ignored);
    fs::remove_all(which, failed);
  }
}

bool limit_this_process(const bounds& limits, std::uint32_t processes_before) {
  constexpr rlim_t files_max = 1024;
  constexpr int lower = 5;
  errno = 0;
  setpriority(PRIO_PROCESS, 0, lower);
  // RLIMIT_DATA and not RLIMIT_AS: runtimes reserve far more than they use.
  return limit(RLIMIT_DATA, limits.memory) && limit(RLIMIT_CORE, 0)
         && limit(RLIMIT_FSIZE, limits.memory)
         && limit(RLIMIT_NOFILE, files_max) && limit(RLIMIT_MEMLOCK, 0)
         && limit(RLIMIT_MSGQUEUE, 0)
         && limit(RLIMIT_NPROC, limits.processes + processes_before)
         && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

std::uint32_t processes_of_this_user() {
  std::uint32_t count = 0;
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator{"/proc", ignored}) {
    struct stat found {};
    const auto name = each.path().filename().string();
    if (name[0] >= '0' && name[0] <= '9'
        && stat(each.path().c_str(), &found) == 0 && found.st_uid == geteuid())
      ++count;
  }
  return count;
}

} // namespace pawl::runner
