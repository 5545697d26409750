#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Reading the repository, for the tests that hold it to its own rules.
namespace pawl::house {

inline const std::filesystem::path root = PAWL_SOURCE_DIR;

/// Every file that belongs to the repository, relative to its root.
inline std::vector<std::filesystem::path> files() {
  constexpr std::array<std::string_view, 4> foreign
    = {".git", "build", ".cache", "__pycache__"};
  std::vector<std::filesystem::path> all;
  auto at = std::filesystem::recursive_directory_iterator{root};
  for (; at != std::filesystem::recursive_directory_iterator{}; ++at) {
    const auto name = at->path().filename().string();
    if (std::find(foreign.begin(), foreign.end(), name) != foreign.end())
      at.disable_recursion_pending();
    else if (at->is_regular_file())
      all.push_back(at->path().lexically_relative(root));
  }
  std::sort(all.begin(), all.end());
  return all;
}

inline bool is_source(const std::filesystem::path& file) {
  return file.extension() == ".cpp" || file.extension() == ".hpp";
}

/// Calls `visit` with each line of a file and its number, from 1.
inline void
each_line(const std::filesystem::path& file,
          const std::function<void(const std::string&, std::size_t)>& visit) {
  std::ifstream in{root / file};
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);)
    visit(line, ++number);
}

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{root / file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace pawl::house
