#include "workflow/near_miss.hpp"
#include "workflow/openapi/contract.hpp"
#include "workflow/uri.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl::openapi {

namespace {

std::string_view scheme_of(std::string_view uri) {
  return uri.substr(0, std::min(uri.find("://"), uri.size()));
}

/// "host:port" of an http or https URI, else nothing.
std::string_view authority_of(std::string_view uri) {
  const auto start = uri.find("://");
  if (start == std::string_view::npos)
    return {};
  uri.remove_prefix(start + 3);
  return uri.substr(0, std::min(uri.find_first_of("/?#"), uri.size()));
}

bool is_http(std::string_view uri) {
  const auto scheme = scheme_of(uri);
  return (scheme == "http" || scheme == "https") && !authority_of(uri).empty();
}

/// `server.url` with its variables' defaults.
result<std::string> expand(const json::object& server) {
  auto text = text_in(server, "url");
  const auto* variables = object_in(server, "variables");
  std::string out;
  while (true) {
    const auto open = text.find('{');
    out += text.substr(0, open);
    const auto close = text.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos)
      return out;
    const auto name = text.substr(open + 1, close - open - 1);
    const auto* rule
      = variables == nullptr ? nullptr : object_in(*variables, name);
    if (rule == nullptr || rule->if_contains("default") == nullptr)
      return broken("the server " + quoted(text_in(server, "url"))
                    + " has a variable " + quoted(name) + " without a default");
    const auto& value = rule->at("default");
    out += value.is_string() ? std::string{value.get_string()} : to_text(value);
    text.remove_prefix(close + 1);
  }
}

std::string without_slash(std::string uri) {
  while (uri.ends_with('/'))
    uri.pop_back();
  return uri;
}

/// Swagger 2.0: schemes, host and basePath, each with what the document's own
/// URI says if it is not given.
result<std::string> swagger_server(const json::object& root,
                                   const json::object& operation,
                                   std::string_view document_uri) {
  std::string scheme{is_http(document_uri) ? scheme_of(document_uri) : "https"};
  const auto* schemes = list_in(operation, "schemes");
  if (schemes == nullptr)
    schemes = list_in(root, "schemes");
  if (schemes != nullptr && !schemes->empty()) {
    const auto has = [&](std::string_view word) {
      return std::ranges::any_of(*schemes, [&](const json::value& s) {
        return s.is_string() && s.get_string() == word;
      });
    };
    scheme = has("https") ? "https" : has("http") ? "http" : "";
    if (scheme.empty())
      return broken("the operation is served neither by http nor by https");
  }
  std::string host{text_in(root, "host")};
  if (host.empty() && is_http(document_uri))
    host = authority_of(document_uri);
  if (host.empty())
    return broken("the document names no host, and its own URI has none");
  return without_slash(scheme + "://" + host
                       + std::string{text_in(root, "basePath")});
}

} // namespace

result<std::string> server_of(const json::object& root, bool swagger,
                              const std::vector<const json::object*>& holders,
                              std::string_view document_uri) {
  if (swagger)
    return swagger_server(root, *holders.front(), document_uri);
  const json::array* servers = nullptr;
  auto nearest = holders;
  nearest.push_back(&root);
  for (const auto* holder : nearest) {
    const auto* list = list_in(*holder, "servers");
    if (list != nullptr && !list->empty()) {
      servers = list;
      break;
    }
  }
  std::string first;
  if (servers == nullptr)
    first = resolve_uri(document_uri, "/");
  else
    for (const auto& entry : *servers) {
      const auto* server = entry.if_object();
      if (server == nullptr)
        continue;
      auto url = expand(*server);
      if (!url)
        return url.error();
      const auto uri = resolve_uri(document_uri, *url);
      // What stands where the document was found is as good as https.
      if (is_http(uri) && (uri.starts_with("https:") || !is_http(*url)))
        return without_slash(uri);
      if (first.empty())
        first = uri;
    }
  if (!is_http(first))
    return broken("the document names no http or https server: "
                  + quoted(first));
  return without_slash(first);
}

} // namespace pawl::openapi
