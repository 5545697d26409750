#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;

using p = options::programs_options;
constexpr option programs[] = {
  {.key = "programs.enabled",
   .is = unit::flag,
   .help = "Whether workflows may run programs: shell, scripts, containers.",
   .at = at<&o::programs, &p::enabled>},
  {.key = "programs.socket",
   .is = unit::text,
   .help = "Where pawl-runner listens (systemd/pawl-runner.socket). Empty: "
           "pawld starts a pawl-runner of its own.",
   .at = at<&o::programs, &p::socket>},
  {.key = "programs.user",
   .is = unit::text,
   .help = "The user that programs run as when pawld itself is root.",
   .at = at<&o::programs, &p::user>},
  {.key = "programs.isolation",
   .is = unit::word,
   .words = "namespaces, user, none",
   .help = "The least that must keep programs from the daemon: namespaces, "
           "those or another user, or nothing. Where there is less, none runs.",
   .at = at<&o::programs, &p::isolation>},
  {.key = "programs.path",
   .is = unit::text,
   .help = "Where sh, node, python3, docker and podman are looked for, and "
           "the PATH of every program.",
   .at = at<&o::programs, &p::path>},
  {.key = "programs.environment",
   .is = unit::list,
   .help = "Variables of every program, each NAME=value. Workflows see them.",
   .at = at<&o::programs, &p::environment>},
  {.key = "programs.concurrency_max",
   .is = unit::count,
   .min = 1,
   .max = 256,
   .help = "Programs that run and are awaited; further ones wait their turn.",
   .at = at<&o::programs, &p::concurrency_max>},
  {.key = "programs.detached_max",
   .is = unit::count,
   .min = 1,
   .max = 64,
   .help = "Programs that run with `await: false`, beside those that are "
           "awaited; further ones wait their turn.",
   .at = at<&o::programs, &p::detached_max>},
  {.key = "programs.detached_queue_max",
   .is = unit::count,
   .max = 4096,
   .help = "Programs with `await: false` that wait their turn; the task of "
           "one more fails.",
   .at = at<&o::programs, &p::detached_queue_max>},
  {.key = "programs.timeout_max",
   .is = unit::time,
   .min = 100,
   .max = 30 * day,
   .help = "For a program, whatever timeout its task has.",
   .at = at<&o::programs, &p::timeout_max>},
  {.key = "programs.grace",
   .is = unit::time,
   .max = 1 * minute,
   .help = "Between SIGTERM and SIGKILL for a program that is to stop.",
   .at = at<&o::programs, &p::grace>},
  {.key = "programs.memory_max",
   .is = unit::bytes,
   .min = 16 * mib,
   .max = 1024 * gib,
   .help = "Memory of one program with all it starts; also of its files.",
   .at = at<&o::programs, &p::memory_max>},
  {.key = "programs.output_max",
   .is = unit::bytes,
   .min = 1 * kib,
   .max = 8 * mib,
   .help = "What a program may write to standard output, and to errors.",
   .at = at<&o::programs, &p::output_max>},
  {.key = "programs.processes_max",
   .is = unit::count,
   .min = 1,
   .max = 65'536,
   .help = "Processes and threads of one program.",
   .at = at<&o::programs, &p::processes_max>},
  {.key = "programs.network",
   .is = unit::flag,
   .help = "Whether programs reach the network, the daemon's own listener "
           "among it. False needs namespaces.",
   .at = at<&o::programs, &p::network>},
};

} // namespace

std::span<const option> catalogue_of_programs() {
  return programs;
}

} // namespace pawl::config
