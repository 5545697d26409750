#define BOOST_TEST_MODULE http.problem

#include "http/problem.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <set>

using namespace pawl;

namespace {

std::string field(const http::response& from, std::string_view name) {
  for (const auto& [key, value] : from.fields)
    if (key == name)
      return value;
  return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(problem)

BOOST_AUTO_TEST_CASE(says_what_happened_in_every_member) {
  const actors::refusal why{.what = {errc::invalid_state,
                                     "It is cancelling.",
                                     {{"/a", 3, 4, "d"}, {"", 0, 0, "e"}}},
                            .members = {{"from", "cancelling"},
                                        {"allowed", json::array{"cancel"}},
                                        {"status", 1}},
                            .location = "",
                            .retry_after = {}};
  const auto out = http::problem(why, "/v1/instances/x/pause");
  BOOST_TEST(out.status == 409U);
  BOOST_TEST(out.type == "application/problem+json");
  BOOST_TEST(
    out.body
    == R"({"type":"/problems/invalid-state","title":"Invalid state",)"
       R"("status":409,"detail":"It is cancelling.",)"
       R"("instance":"/v1/instances/x/pause","code":"invalid-state",)"
       R"("errors":[{"pointer":"/a","line":3,"column":4,"detail":"d"},)"
       R"({"pointer":"","detail":"e"}],"from":"cancelling",)"
       R"("allowed":["cancel"]})");
}

BOOST_AUTO_TEST_CASE(maps_every_code_to_its_status) {
  const std::pair<errc, unsigned> table[] = {
    {errc::malformed, 400},
    {errc::invalid_definition, 422},
    {errc::invalid_input, 422},
    {errc::invalid_request, 422},
    {errc::unsupported, 422},
    {errc::invalid_state, 409},
    {errc::not_found, 404},
    {errc::already_exists, 409},
    {errc::ambiguous, 409},
    {errc::in_use, 409},
    {errc::conflict, 409},
    {errc::key_reused, 422},
    {errc::precondition_failed, 412},
    {errc::too_large, 413},
    {errc::overloaded, 429},
    {errc::shutting_down, 503},
    {errc::disk_low, 507},
    {errc::quarantined, 409},
    {errc::no_secret_key, 409},
    {errc::purged, 410},
    {errc::invalid_transition, 409},
    {errc::timed_out, 504},
    {errc::corrupt, 500},
    {errc::locked, 500},
    {errc::io, 500},
    {errc::internal, 500},
  };
  for (const auto& [code, status] : table)
    BOOST_TEST(http::problem(error{code, "d"}, "/").status == status,
               slug(code));
  BOOST_TEST(std::size(table) == static_cast<std::size_t>(errc::internal));
}

BOOST_AUTO_TEST_CASE(has_a_page_and_a_phrase_for_each_refusal_of_its_own) {
  std::set<std::string_view> slugs;
  for (int n = 1; n <= static_cast<int>(http::refused::not_ready); ++n) {
    const auto code = static_cast<http::refused>(n);
    slugs.insert(http::slug(code));
    BOOST_TEST(http::reason_phrase(http::status_of(code)) != "Unknown");
    const auto page = std::filesystem::path{PAWL_SOURCE_DIR} / "docs/errors"
                      / (std::string{http::slug(code)} + ".md");
    BOOST_TEST(std::filesystem::exists(page), page);
  }
  BOOST_TEST(slugs.size()
             == static_cast<std::size_t>(http::refused::not_ready));
}

BOOST_AUTO_TEST_CASE(tells_when_to_come_again) {
  actors::refusal shed{.what = {errc::overloaded, "busy", {}},
                       .members = {},
                       .location = {},
                       .retry_after = duration{1001}};
  BOOST_TEST(field(http::problem(shed, "/"), "Retry-After") == "2");
  shed.retry_after = duration{0};
  BOOST_TEST(field(http::problem(shed, "/"), "Retry-After") == "1");
  shed.retry_after = {};
  BOOST_TEST(field(http::problem(shed, "/"), "Retry-After") == "1");
  BOOST_TEST(
    field(http::problem(error{errc::not_found, ""}, "/"), "Retry-After") == "");
  actors::refusal taken{.what = {errc::already_exists, "taken", {}},
                        .members = {},
                        .location = "/v1/instances/x",
                        .retry_after = {}};
  BOOST_TEST(field(http::problem(taken, "/"), "Location") == "/v1/instances/x");
}

BOOST_AUTO_TEST_CASE(lets_no_value_add_a_field) {
  const http::response evil{.status = 200,
                            .type = "text/plain",
                            .body = "x",
                            .fields = {{"Location", "/a\r\nSet-Cookie: b"}}};
  const auto head = http::head_bytes(evil, {}, "now");
  BOOST_TEST(head.find("\r\nSet-Cookie") == std::string::npos);
  BOOST_TEST(head.find("Location: /a  Set-Cookie: b\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(writes_dates_as_http_wants_them) {
  BOOST_TEST(http::http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

BOOST_AUTO_TEST_SUITE_END()
