#include "tests/conformance/corpus.hpp"

#include <algorithm>
#include <fstream>

namespace pawl::conformance {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::filesystem::path> examples() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry :
       std::filesystem::directory_iterator{spec / "examples"})
    out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::filesystem::path everything() {
  return spec.parent_path() / "more" / "everything.yaml";
}

resource_map resources() {
  return {{"https://raw.githubusercontent.com/serverlessworkflow/catalog/main/"
           "functions/log/1.0.0/function.yaml",
           "set: '${ .message }'\n"}};
}

} // namespace pawl::conformance
