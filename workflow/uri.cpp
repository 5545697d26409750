#include "workflow/uri.hpp"

#include <algorithm>
#include <vector>

namespace pawl {

namespace {

/// The five parts of a URI reference; those with a flag may be empty or absent.
struct uri_parts {
  std::string_view scheme, authority, path, query, fragment;
  bool has_authority = false, has_query = false, has_fragment = false;
};

uri_parts split(std::string_view text) {
  uri_parts out;
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    out.has_fragment = true;
    out.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    out.has_query = true;
    out.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (const auto colon = text.find(':');
      colon != std::string_view::npos && colon < text.find('/')) {
    out.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    out.has_authority = true;
    const auto slash = std::min(text.find('/'), text.size());
    out.authority = text.substr(0, slash);
    text.remove_prefix(slash);
  }
  out.path = text;
  return out;
}

/// RFC 3986 section 5.2.4, for paths whose segments `.` and `..` are whole.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool absolute = path.starts_with('/');
  auto rest = absolute ? path.substr(1) : path;
  bool ends_in_slash = false;
  for (;;) {
    const auto slash = rest.find('/');
    const auto segment = rest.substr(0, slash);
    ends_in_slash = segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty())
        kept.pop_back();
    } else if (segment != ".") {
      kept.push_back(segment);
    }
    if (slash == std::string_view::npos)
      break;
    rest.remove_prefix(slash + 1);
  }
  std::string out;
  for (const auto segment : kept) {
    if (absolute || !out.empty())
      out += '/';
    out += segment;
  }
  if (ends_in_slash)
    out += '/';
  return out;
}

std::string join(const uri_parts& parts, std::string_view path) {
  std::string out;
  if (!parts.scheme.empty())
    out.append(parts.scheme) += ':';
  if (parts.has_authority)
    out.append("//").append(parts.authority);
  out += path;
  if (parts.has_query)
    out.append("?").append(parts.query);
  if (parts.has_fragment)
    out.append("#").append(parts.fragment);
  return out;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
         || c == '~';
}

} // namespace

std::string resolve_uri(std::string_view base, std::string_view ref) {
  auto from = split(base);
  auto to = split(ref);
  if (!to.scheme.empty())
    return std::string{ref};
  to.scheme = from.scheme;
  if (to.has_authority)
    return join(to, without_dots(to.path));
  to.has_authority = from.has_authority;
  to.authority = from.authority;
  if (to.path.empty()) {
    if (!to.has_query) {
      to.has_query = from.has_query;
      to.query = from.query;
    }
    return join(to, from.path);
  }
  if (to.path.starts_with('/'))
    return join(to, without_dots(to.path));
  // The base of a URN has no hierarchy to go along.
  const auto slash = from.path.rfind('/');
  std::string merged;
  if (slash != std::string_view::npos)
    merged = from.path.substr(0, slash + 1);
  else if (from.has_authority)
    merged = "/";
  merged += to.path;
  return join(to, without_dots(merged));
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (text[i] == '%' && high >= 0 && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

void append_encoded(std::string& out, std::string_view text,
                    std::string_view also_kept) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (unreserved(c) || also_kept.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
}

} // namespace pawl
