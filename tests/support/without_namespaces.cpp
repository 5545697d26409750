// Becomes pawl-runner where the kernel gives no user namespaces to anybody:
// without_namespaces ARGUMENTS... . As root it becomes nobody first, so that
// the runner keeps its user, as under a plain user's daemon.
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <grp.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

bool write_file(const char* name, const std::string& text) {
  const int fd = open(name, O_WRONLY | O_CLOEXEC);
  const bool done = fd >= 0
                    && write(fd, text.data(), text.size())
                         == static_cast<ssize_t>(text.size());
  close(fd);
  return done;
}

/// Enters a user namespace that may have none below it.
bool forbid_namespaces() {
  const auto user = std::to_string(geteuid());
  const auto group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER) != 0)
    return true; // They are forbidden as it is.
  return write_file("/proc/self/setgroups", "deny")
         && write_file("/proc/self/uid_map", user + " " + user + " 1")
         && write_file("/proc/self/gid_map", group + " " + group + " 1")
         && write_file("/proc/sys/user/max_user_namespaces", "0");
}

} // namespace

int main(int, char** words) {
  constexpr uid_t nobody = 65534;
  const auto beside
    = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  // Opened while this user may still walk there.
  const int runner = open((beside / "pawl-runner").c_str(), O_PATH | O_CLOEXEC);
  if (geteuid() == 0
      && (setgroups(0, nullptr) != 0 || setresgid(nobody, nobody, nobody) != 0
          || setresuid(nobody, nobody, nobody) != 0))
    return 1;
  // Else the files of this process in /proc would still be root's.
  prctl(PR_SET_DUMPABLE, 1);
  if (!forbid_namespaces())
    return 1;
  std::array<char*, 1> environment{nullptr};
  fexecve(runner, words, environment.data());
  return 1;
}
