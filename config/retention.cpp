#include "config/retention.hpp"

#include "config/options.hpp"

namespace pawl::config {

result<namespace_retention> parse_namespace_retention(std::string_view entry) {
  const error bad{errc::malformed,
                  "retention.namespaces takes NAMESPACE=TIME or "
                  "NAMESPACE/STATUS=TIME, where STATUS is completed, faulted "
                  "or cancelled and TIME is like 30d, P30D or forever, not '"
                    + std::string{entry.substr(0, 128)} + "'"};
  const auto equals = entry.find('=');
  if (equals == std::string_view::npos)
    return bad;
  const auto whose = entry.substr(0, equals);
  const auto time = entry.substr(equals + 1);
  const auto slash = whose.find('/');
  namespace_retention out{
    .ns = std::string{whose.substr(0, slash)}, .status = {}, .keep = {}};
  if (slash != std::string_view::npos) {
    out.status = whose.substr(slash + 1);
    if (out.status != "completed" && out.status != "faulted"
        && out.status != "cancelled")
      return bad;
  }
  if (time != "forever") {
    out.keep = parse_time(time);
    if (!out.keep || *out.keep <= duration{})
      return bad;
  }
  if (out.ns.empty())
    return bad;
  return out;
}

} // namespace pawl::config
