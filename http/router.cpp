#include "http/router.hpp"

namespace pawl::http {

namespace {

std::vector<std::string_view> split_pattern(std::string_view pattern) {
  std::vector<std::string_view> out;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const auto segment = pattern.substr(0, pattern.find('/'));
    out.push_back(segment);
    pattern.remove_prefix(segment.size());
  }
  return out;
}

bool matches(const std::vector<std::string_view>& pattern,
             const std::vector<std::string>& segments,
             std::vector<std::string_view>& names) {
  if (pattern.size() != segments.size())
    return false;
  names.clear();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      if (segments[i].empty())
        return false;
      names.emplace_back(segments[i]);
    } else if (pattern[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

void allow(std::string& list, std::string_view method) {
  if ((", " + list + ',').find(" " + std::string{method} + ',')
      != std::string::npos)
    return; // Another route has the same path.
  if (!list.empty())
    list.append(", ");
  list.append(method);
}

} // namespace

router::router(std::span<const route> table) {
  for (const auto& line : table)
    entries_.push_back({&line, split_pattern(line.pattern)});
}

router::match router::find(std::string_view method,
                           const std::vector<std::string>& segments) const {
  match out;
  for (const auto& e : entries_) {
    if (!matches(e.segments, segments, out.names))
      continue;
    if (e.line->method == method
        || (method == "HEAD" && e.line->method == "GET")) {
      out.found = e.line;
      return out;
    }
    allow(out.allowed, e.line->method);
    if (e.line->method == "GET")
      allow(out.allowed, "HEAD");
  }
  out.names.clear();
  return out;
}

} // namespace pawl::http
