#include "runner/process_tree.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fstream>
#include <poll.h>
#include <set>
#include <string>
#include <sys/wait.h>

namespace pawl::runner {

namespace {

/// Adds the children of `process` ("self" or a number) to `to`.
void add_children(const std::string& process, std::vector<pid_t>& to) {
  const auto tasks = "/proc/" + process + "/task";
  DIR* const each = opendir(tasks.c_str());
  if (each == nullptr)
    return;
  // A child belongs to the thread that made it.
  while (const dirent* const task = readdir(each)) { // NOLINT(concurrency-*)
    if (task->d_name[0] == '.')
      continue;
    std::ifstream in{tasks + "/" + task->d_name + "/children"};
    for (pid_t child = 0; in >> child;)
      to.push_back(child);
  }
  closedir(each);
}

/// Stops whatever lives until nothing new turns up.
std::vector<pid_t> stop_all() {
  constexpr int rounds_max = 1000;
  std::set<pid_t> stopped;
  std::vector<pid_t> all;
  for (int round = 0; round < rounds_max; ++round) {
    all = descendants();
    bool fresh = false;
    for (const auto pid : all)
      if (stopped.insert(pid).second) {
        kill(pid, SIGSTOP);
        fresh = true;
      }
    if (!fresh)
      break;
  }
  return all;
}

} // namespace

std::vector<pid_t> children() {
  std::vector<pid_t> all;
  add_children("self", all);
  return all;
}

std::vector<pid_t> descendants() {
  auto all = children();
  for (std::size_t i = 0; i < all.size(); ++i)
    add_children(std::to_string(all[i]), all);
  return all;
}

std::uint64_t memory_of(std::span<const pid_t> processes) {
  std::uint64_t sum = 0;
  for (const auto pid : processes) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("RssAnon:") || line.starts_with("RssShmem:"))
        sum += std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 10)
               * 1024;
  }
  return sum;
}

int kill_descendants(pid_t child) {
  constexpr int looks_max = 500;
  int status = -1;
  for (int look = 0; look < looks_max; ++look) {
    for (const auto pid : stop_all())
      kill(pid, SIGKILL);
    for (;;) {
      int one = 0;
      const auto gone = waitpid(-1, &one, WNOHANG);
      if (gone > 0 && gone == child)
        status = one;
      if (gone == 0 || (gone < 0 && errno == EINTR))
        break;
      if (gone < 0)
        return status;
    }
    poll(nullptr, 0, 2);
  }
  return status;
}

} // namespace pawl::runner
