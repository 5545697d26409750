// What requests about approvals come to, before a daemon of lambdas.
#define BOOST_TEST_MODULE http.approvals

#include "http/dispatch.hpp"
#include "http/problem.hpp"
#include "tests/http/fake_daemon.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

struct fixture {
  test::fake_daemon daemon;
  http::server_options options;
  http::router finder{http::routes()};

  http::response ask(std::string_view method, std::string_view target,
                     std::string_view body = {},
                     std::string_view type = "application/json") {
    const auto door = daemon.door();
    http::request message{method, target, {{"Host", "pawl.example"}}, body};
    if (!body.empty())
      message.fields.push_back({"Content-Type", type});
    const auto where = http::parse_target(target).value();
    auto todo = http::dispatch({finder, door, options}, message, where,
                               {false, "192.0.2.1", {}});
    if (auto* now = std::get_if<http::response>(&todo.what))
      return *now;
    auto& wish = std::get<http::order>(todo.what);
    std::optional<actors::reply> reply;
    wish.send([&](actors::reply r) { reply = std::move(r); });
    if (const auto* no = std::get_if<actors::refusal>(&*reply))
      return http::problem(*no, where.path);
    const auto& ok = std::get<actors::answer>(*reply);
    return wish.tell ? wish.tell(ok) : http::answer_response(ok);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(approvals, fixture)

BOOST_AUTO_TEST_CASE(a_vote_is_read_whole) {
  const auto said
    = ask("POST", "/v1/approvals/one~3?namespace=shop",
          R"({"outcome":"rejected","comment":"no","data":{"n":1},)"
          R"("by":"ann","groups":["peer","elder"]})");
  BOOST_TEST(said.status == 200u);
  BOOST_TEST_REQUIRE(daemon.voted.has_value());
  const auto& wish = *daemon.voted;
  BOOST_TEST(wish.which.id == "one~3");
  BOOST_TEST(wish.which.ns.value() == "shop");
  BOOST_TEST(wish.who.by == "ann");
  BOOST_TEST(wish.who.groups.size() == 2u);
  BOOST_TEST(wish.outcome == "rejected");
  BOOST_TEST(wish.comment == "no");
  BOOST_TEST(to_text(wish.data.value()) == R"({"n":1})");
}

BOOST_AUTO_TEST_CASE(who_does_not_say_who_he_is_is_anonymous) {
  (void)ask("POST", "/v1/approvals/one~3", R"({"outcome":"approved"})");
  BOOST_TEST(daemon.voted->who.by == "anonymous");
  BOOST_TEST(daemon.voted->who.operates);
  BOOST_TEST(!daemon.voted->data);
  (void)ask("POST", "/v1/instances",
            R"({"workflow":{"namespace":"a","name":"b"},"by":"ann"})");
  BOOST_TEST(daemon.started->by == "ann");
}

BOOST_AUTO_TEST_CASE(what_makes_no_vote_is_refused) {
  for (const auto* body :
       {"{}", R"({"outcome":"maybe"})", R"({"outcome":"approved","by":3})",
        R"({"outcome":"approved","groups":"peer"})",
        R"({"outcome":"approved","groups":[""]})",
        R"({"outcome":"approved","who":"ann"})"})
    BOOST_TEST(ask("POST", "/v1/approvals/one~3", body).status == 422u, body);
  BOOST_TEST(!daemon.voted);
}

BOOST_AUTO_TEST_CASE(not_you_is_another_answer_than_not_now) {
  actors::refusal no{.what = {errc::invalid_state, "not you"}};
  daemon.next = no;
  const auto now
    = ask("POST", "/v1/approvals/one~3", R"({"outcome":"approved"})");
  BOOST_TEST(now.status == 409u);
  no.forbidden = true;
  daemon.next = no;
  const auto you
    = ask("POST", "/v1/approvals/one~3", R"({"outcome":"approved"})");
  BOOST_TEST(you.status == 403u);
  BOOST_TEST(parse_json(you.body)->at("code") == "forbidden");
  BOOST_TEST(parse_json(you.body)->at("type") == "/problems/forbidden");
}

BOOST_AUTO_TEST_CASE(a_list_takes_its_filters) {
  (void)ask("GET", "/v1/approvals?group=peer&user=ann&workflow=w&namespace=n"
                   "&dueBefore=2030-01-01T00:00:00Z&limit=7&cursor=0-c");
  const auto& wish = daemon.approvals_listed.value();
  BOOST_TEST(wish.group.value() == "peer");
  BOOST_TEST(wish.user.value() == "ann");
  BOOST_TEST(wish.limit == 7u);
  BOOST_TEST(wish.cursor == "0-c");
  BOOST_TEST(wish.due_before.has_value());
  BOOST_TEST(ask("GET", "/v1/approvals?dueBefore=soon").status == 400u);
}

BOOST_AUTO_TEST_CASE(a_link_begins_with_the_host_that_was_asked) {
  daemon.next = actors::answer{.status = 201, .body = "{}"};
  const auto said = ask("POST", "/v1/approvals/one~3/links",
                        R"({"outcome":"approved","by":"ann"})");
  BOOST_TEST(said.status == 201u);
  BOOST_TEST(daemon.linked->root == "http://pawl.example");
  BOOST_TEST(daemon.linked->who.by == "ann");
  options.tls_certificate = "/etc/pawl/tls.pem";
  (void)ask("POST", "/v1/approvals/one~3/links", R"({"outcome":"approved"})");
  BOOST_TEST(daemon.linked->root == "https://pawl.example");
}

BOOST_AUTO_TEST_CASE(the_page_of_a_link_shows_text_as_text) {
  daemon.next = actors::answer{
    .body = R"({"by":"<b>ann","outcome":"approved","approval":)"
            R"({"status":"open","title":"<script>","data":"\"&"}})"};
  const auto page = ask("GET", "/v1/approvals/act?token=zz%22%3E");
  BOOST_TEST(page.type == "text/html; charset=utf-8");
  BOOST_TEST(!daemon.link_followed->decides);
  BOOST_TEST(daemon.link_followed->token == "zz\">");
  for (const auto* raw : {"<script>", "<b>ann", "zz\">"})
    BOOST_TEST(page.body.find(raw) == std::string::npos, raw);
  BOOST_TEST(page.body.find("&lt;script&gt;") != std::string::npos);
  BOOST_TEST(page.body.find("value=\"zz&quot;&gt;\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_button_sends_a_form) {
  const auto done
    = ask("POST", "/v1/approvals/act", "comment=a+%26%0Ab&token=x.y",
          "application/x-www-form-urlencoded");
  BOOST_TEST(done.status == 200u);
  BOOST_TEST(daemon.link_followed->decides);
  BOOST_TEST(daemon.link_followed->token == "x.y");
  BOOST_TEST(daemon.link_followed->comment == "a &\nb");
  BOOST_TEST(ask("POST", "/v1/approvals/act", "{}").status == 415u);
}

BOOST_AUTO_TEST_SUITE_END()
