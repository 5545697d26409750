#include "cli/expressions.hpp"

#include "base/program_beside.hpp"
#include "sandbox/helper_process.hpp"

#include <memory>

namespace pawl::cli {

namespace {

// More than the daemon's second: tests must not depend on how busy a machine
// is that builds beside them.
constexpr duration deadline{5'000};
constexpr std::uint64_t memory_max = 256ULL * 1024 * 1024;

} // namespace

trial::helper local_expressions() {
  auto process = std::make_shared<sandbox::helper_process>(
    program_beside(sandbox::helper_name), memory_max);
  return [process](
           const sandbox::question& what) -> result<std::vector<json::value>> {
    const auto answer
      = process->ask(sandbox::encode(what), deadline, [](pid_t) {});
    if (!answer)
      return answer.error();
    return sandbox::decode(*answer);
  };
}

} // namespace pawl::cli
