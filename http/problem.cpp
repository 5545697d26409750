#include "http/problem.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <string>

namespace pawl::http {

namespace {

json::array faults_json(const std::vector<fault>& faults) {
  json::array out;
  out.reserve(faults.size());
  for (const auto& f : faults) {
    json::object item{{"pointer", f.pointer}};
    if (f.line != 0)
      item["line"] = f.line;
    if (f.column != 0)
      item["column"] = f.column;
    item["detail"] = f.detail;
    out.push_back(std::move(item));
  }
  return out;
}

struct parts {
  unsigned status;
  std::string_view code;
  std::string_view detail;
  std::string_view path;
};

// The slug in words: "invalid-state" is titled "Invalid state".
std::string title_of(std::string_view code) {
  std::string title{code};
  std::replace(title.begin(), title.end(), '-', ' ');
  if (!title.empty())
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

json::object problem_object(const parts& p) {
  return {{"type", "/problems/" + std::string{p.code}},
          {"title", title_of(p.code)},
          {"status", p.status},
          {"detail", p.detail},
          {"instance", p.path},
          {"code", p.code}};
}

response problem_response(unsigned status, const json::object& body) {
  return {.status = status,
          .type = "application/problem+json",
          .body = to_text(body),
          .fields = {}};
}

void add_retry_after(response& to, std::optional<duration> after) {
  if (!after && to.status != 429 && to.status != 503)
    return;
  // Rounded up: a client that comes early is only shed again.
  const auto seconds
    = std::chrono::ceil<std::chrono::seconds>(after.value_or(duration{1000}));
  to.fields.emplace_back(
    "Retry-After", std::to_string(std::max<std::int64_t>(1, seconds.count())));
}

} // namespace

std::string_view slug(refused code) {
  switch (code) {
  case refused::bad_request:
    return "bad-request";
  case refused::forbidden_host:
    return "forbidden-host";
  case refused::forbidden_origin:
    return "forbidden-origin";
  case refused::method_not_allowed:
    return "method-not-allowed";
  case refused::request_timeout:
    return "request-timeout";
  case refused::unsupported_media_type:
    return "unsupported-media-type";
  case refused::expectation_failed:
    return "expectation-failed";
  case refused::header_too_large:
    return "header-too-large";
  case refused::too_many_connections:
    return "too-many-connections";
  case refused::version_not_supported:
    return "version-not-supported";
  case refused::unauthenticated:
    return "unauthenticated";
  case refused::forbidden:
    return "forbidden";
  case refused::too_many_bad_tokens:
    return "too-many-bad-tokens";
  case refused::lease_lost:
    return "lease-lost";
  case refused::upgrade_required:
    return "upgrade-required";
  case refused::not_ready:
    break;
  }
  return "not-ready";
}

unsigned status_of(errc code) {
  switch (code) {
  case errc::malformed:
    return 400;
  case errc::not_found:
    return 404;
  case errc::invalid_state:
  case errc::invalid_transition:
  case errc::already_exists:
  case errc::ambiguous:
  case errc::in_use:
  case errc::conflict:
  case errc::quarantined:
  case errc::no_secret_key:
    return 409;
  case errc::purged:
    return 410;
  case errc::precondition_failed:
    return 412;
  case errc::too_large:
    return 413;
  case errc::invalid_definition:
  case errc::invalid_input:
  case errc::invalid_request:
  case errc::unsupported:
  case errc::key_reused:
    return 422;
  case errc::overloaded:
    return 429;
  case errc::shutting_down:
    return 503;
  case errc::timed_out:
    return 504;
  case errc::disk_low:
    return 507;
  case errc::corrupt:
  case errc::locked:
  case errc::io:
  case errc::internal:
    break;
  }
  return 500;
}

unsigned status_of(refused code) {
  switch (code) {
  case refused::bad_request:
    return 400;
  case refused::unauthenticated:
    return 401;
  case refused::forbidden:
  case refused::forbidden_host:
  case refused::forbidden_origin:
    return 403;
  case refused::too_many_bad_tokens:
    return 429;
  case refused::method_not_allowed:
    return 405;
  case refused::request_timeout:
    return 408;
  case refused::lease_lost:
    return 409;
  case refused::unsupported_media_type:
    return 415;
  case refused::expectation_failed:
    return 417;
  case refused::upgrade_required:
    return 426;
  case refused::header_too_large:
    return 431;
  case refused::version_not_supported:
    return 505;
  case refused::too_many_connections:
  case refused::not_ready:
    break;
  }
  return 503;
}

response problem(const actors::refusal& why, std::string_view path) {
  const bool not_he = why.forbidden || !why.role.empty();
  const auto status
    = not_he ? status_of(refused::forbidden) : status_of(why.what.code);
  const auto code = not_he ? slug(refused::forbidden) : slug(why.what.code);
  auto body = problem_object({status, code, why.what.detail, path});
  if (!why.what.faults.empty())
    body["errors"] = faults_json(why.what.faults);
  for (const auto& member : why.members)
    body.emplace(member.key(), member.value()); // Ours are not replaced.
  auto out = problem_response(status, body);
  if (!why.location.empty())
    out.fields.emplace_back("Location", why.location);
  add_retry_after(out, why.retry_after);
  return out;
}

response problem(error why, std::string_view path) {
  return problem(
    actors::refusal{
      .what = std::move(why), .members = {}, .location = {}, .retry_after = {}},
    path);
}

response problem(refused code, std::string_view detail, std::string_view path) {
  const auto status = status_of(code);
  auto out = problem_response(
    status, problem_object({status, slug(code), detail, path}));
  add_retry_after(out, std::nullopt);
  return out;
}

} // namespace pawl::http
