#include "base/program_beside.hpp"

#include <filesystem>
#include <system_error>

namespace pawl {

std::string program_beside(const std::string& name) {
  std::error_code ec;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ec);
  const auto beside = self.parent_path() / name;
  if (!ec && std::filesystem::exists(beside, ec))
    return beside.string();
  return "/usr/lib/pawl/" + name;
}

} // namespace pawl
