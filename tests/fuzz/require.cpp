#include "tests/fuzz/driver.hpp"

#include <cstdio>
#include <cstdlib>

void pawl::fuzz::require(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}
