#include "actors/steps/resource_loader.hpp"
#include "workflow/uri.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace pawl::actors {

namespace {

namespace fs = std::filesystem;

class descriptor {
public:
  explicit descriptor(int number) : number_{number} {}
  ~descriptor() {
    if (number_ >= 0)
      close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

private:
  int number_;
};

no_resource refused(const std::string& uri, std::string_view why) {
  return {.kind = error_kind::configuration,
          .status = 0,
          .detail = uri + " cannot be read: " + std::string{why}};
}

std::string reason(int code) {
  return std::generic_category().message(code);
}

/// The path of a file URI, "" if it is none.
std::string path_of(std::string_view uri) {
  constexpr std::string_view scheme = "file://";
  uri.remove_prefix(scheme.size());
  constexpr std::string_view here = "localhost";
  if (uri.starts_with(here))
    uri.remove_prefix(here.size());
  auto path = percent_decode(uri);
  const bool whole = path.starts_with('/') && path.find('\0') == path.npos;
  return whole ? path : std::string{};
}

bool is_below(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first
         == root.end();
}

/// Where an open file really is, links followed.
fs::path place_of(const descriptor& file) {
  std::error_code why;
  return fs::read_symlink("/proc/self/fd/" + std::to_string(file.number()),
                          why);
}

bool allowed(const fs::path& place, const std::vector<std::string>& roots) {
  return std::any_of(roots.begin(), roots.end(), [&](const std::string& r) {
    std::error_code why;
    const auto root = fs::canonical(r, why);
    return !why && is_below(place, root);
  });
}

std::string media_type_of(const fs::path& path) {
  struct known {
    std::string_view extension, type;
  };
  constexpr known all[] = {{".json", "application/json"},
                           {".yaml", "application/yaml"},
                           {".yml", "application/yaml"},
                           {".js", "text/javascript"},
                           {".py", "text/x-python"}};
  for (const auto& [extension, type] : all)
    if (path.extension() == extension)
      return std::string{type};
  return "text/plain";
}

} // namespace

resource_loader::outcome
read_file_resource(const std::string& uri,
                   const std::vector<std::string>& roots,
                   std::uint64_t size_max) {
  if (roots.empty())
    return refused(uri, "files are read only below the directories that the "
                        "option resources.file_roots names, and it names none");
  const auto path = path_of(uri);
  if (path.empty())
    return refused(uri, "a file is named by file:// and an absolute path");
  // Opening as a mere place has no effect on what lies there, be it a device;
  // and what is open stays what it is, whoever moves links meanwhile.
  // Opening as a mere place has no effect on what lies there, be it a device;
  // and what is open stays what it is, whoever moves links meanwhile.
  const descriptor place{open(path.c_str(), O_PATH | O_CLOEXEC)};
  const int why = errno;
  std::error_code ignored;
  const auto where
    = place.number() >= 0
        ? place_of(place)
        : fs::weakly_canonical(fs::path{path}.parent_path(), ignored);
  // Whether a file is there is told only of places that may be read.
  if (!allowed(where, roots))
    return refused(uri, "it is not below a directory that the option "
                        "resources.file_roots names");
  if (place.number() < 0)
    return refused(uri, reason(why));
  struct stat about {};
  if (fstat(place.number(), &about) != 0 || !S_ISREG(about.st_mode))
    return refused(uri, "it is no regular file");
  const auto again = "/proc/self/fd/" + std::to_string(place.number());
  const descriptor file{open(again.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number() < 0)
    return refused(uri, reason(errno));
  auto out = std::make_shared<resource>();
  out->media_type = media_type_of(path);
  std::array<char, 65536> piece{};
  while (true) {
    const auto n = read(file.number(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return refused(uri, reason(errno));
    if (n == 0)
      return out;
    out->text.append(piece.data(), static_cast<std::size_t>(n));
    if (out->text.size() > size_max)
      return refused(uri, "it is larger than the option resources.size_max");
  }
}

} // namespace pawl::actors
