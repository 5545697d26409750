// Drawings as clients ask for them and get them.
#define BOOST_TEST_MODULE http.diagrams

#include "http/dispatch.hpp"
#include "tests/http/fake_daemon.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using actors::drawing;

namespace {

struct fixture {
  test::fake_daemon daemon;
  http::server_options options;
  http::router finder{http::routes()};

  http::response ask(std::string_view method, std::string_view target,
                     std::string_view body = {}) {
    const auto door = daemon.door();
    const http::request message{method, target, {{"Host", "localhost"}}, body};
    const auto where = http::parse_target(target).value();
    auto todo = http::dispatch({finder, door, options}, message, where,
                               {true, "127.0.0.1", {}});
    if (auto* now = std::get_if<http::response>(&todo.what))
      return *now;
    const auto& wish = std::get<http::order>(todo.what);
    http::response out;
    wish.send(
      [&](actors::reply r) { out = wish.tell(std::get<actors::answer>(r)); });
    return out;
  }
};

std::string field_of(const http::response& of, std::string_view name) {
  for (const auto& [key, value] : of.fields)
    if (key == name)
      return value;
  return {};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(diagrams, fixture)

BOOST_AUTO_TEST_CASE(a_definition_is_drawn_as_mermaid_unless_said_otherwise) {
  daemon.next = actors::answer{.body = "flowchart TD"};
  const auto out = ask("GET", "/v1/definitions/n/w/1.2.3/diagram");
  BOOST_TEST(out.status == 200U);
  BOOST_TEST(out.type == "text/vnd.mermaid; charset=utf-8");
  BOOST_TEST(out.body == "flowchart TD");
  const auto& which = *daemon.definition_drawn;
  BOOST_TEST(which.ns + which.name + which.version.value() == "nw1.2.3");
  BOOST_TEST((daemon.drawn.as == drawing::form::mermaid));
  BOOST_TEST((daemon.drawn.of == drawing::subject::tasks));
}

BOOST_AUTO_TEST_CASE(an_instance_is_drawn_as_svg_that_may_do_nothing) {
  daemon.next = actors::answer{.body = "<svg/>", .etag = 42};
  const auto out
    = ask("GET", "/v1/instances/a/diagram?format=svg&of=states&namespace=n");
  BOOST_TEST(out.status == 200U);
  BOOST_TEST(out.type == "image/svg+xml; charset=utf-8");
  BOOST_TEST(field_of(out, "ETag") == "\"42\"");
  const auto policy = field_of(out, "Content-Security-Policy");
  BOOST_TEST(policy.starts_with("default-src 'none';"));
  BOOST_TEST(policy.find("script") == policy.npos);
  BOOST_TEST(daemon.instance_drawn->id == "a");
  BOOST_TEST((daemon.instance_drawn->ns == "n"));
  BOOST_TEST((daemon.drawn.as == drawing::form::svg));
  BOOST_TEST((daemon.drawn.of == drawing::subject::states));
}

BOOST_AUTO_TEST_CASE(a_document_is_drawn_as_it_comes) {
  const auto out = ask("POST", "/v1/definitions/diagram", "do: []");
  BOOST_TEST(out.status == 200U);
  BOOST_TEST(daemon.document_drawn->text == "do: []");
  BOOST_TEST(daemon.document_drawn->dry_run);
  BOOST_TEST(ask("POST", "/v1/definitions/diagram").status == 400U);
}

BOOST_AUTO_TEST_CASE(other_forms_are_refused) {
  for (const auto* query : {"?format=png", "?of=people", "?format="}) {
    BOOST_TEST(ask("GET", std::string{"/v1/instances/a/diagram"} + query).status
                 == 422U,
               query);
    BOOST_TEST(
      ask("GET", std::string{"/v1/definitions/n/w/1/diagram"} + query).status
        == 422U,
      query);
  }
  BOOST_TEST(!daemon.instance_drawn);
  BOOST_TEST(!daemon.definition_drawn);
}

BOOST_AUTO_TEST_SUITE_END()
