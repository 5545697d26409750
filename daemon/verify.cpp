#include "daemon/verify.hpp"

#include "daemon/exit_code.hpp"
#include "storage/store.hpp"

#include <cstdio>

namespace pawl::daemon {

namespace {

int fail(const error& why) {
  std::fprintf(stderr, "pawld: %s\n", why.detail.c_str());
  return exit_code_of(why);
}

} // namespace

int verify(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2 || arguments[0] != "--data-dir") {
    std::fputs(verify_usage, stderr);
    return exit_usage;
  }
  if (!std::filesystem::exists(arguments[1])) {
    std::fprintf(stderr, "pawld: there is no directory %s\n",
                 arguments[1].c_str());
    return exit_usage;
  }
  storage::recovery_report found;
  const auto store = storage::store::open(
    {.directory = arguments[1], .torn_tail_cut = false}, found);
  if (!store)
    return fail(store.error());
  const auto faults = storage::verify(**store);
  if (!faults)
    return fail(faults.error());
  for (const auto& f : *faults)
    std::printf("%s\n", f.c_str());
  std::printf("%zu faults\n", faults->size());
  if (const auto closed = (*store)->close(); !closed)
    return fail(closed.error());
  return faults->empty() ? 0 : exit_config;
}

} // namespace pawl::daemon
