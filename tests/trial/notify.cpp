#define BOOST_TEST_MODULE trial.notify

#include "tests/trial/trying.hpp"
#include "trial/rehearsal.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::trying;

namespace {

const auto chat = R"(use: {secrets: [hook]}
do:
- guard:
    try:
    - tell:
        call: notify
        with: {channel: slack, url: '${ $secrets.hook }', text: '${ "Version " + .version + " is out." }'}
    catch: {retry: {delay: PT5S, limit: {attempt: {count: 2}}}}
)";

const auto mail = R"(do:
- tell:
    call: notify
    with: {channel: email, to: '${ .to }', subject: '${ .subject }', text: hello}
)";

const auto hook = R"(do:
- tell:
    call: notify
    with: {channel: webhook, url: 'https://x.test/in', body: {a: '${ .a }'}, secret: key}
)";

} // namespace

BOOST_AUTO_TEST_CASE(what_would_be_told_can_be_expected) {
  BOOST_TEST(wrong(made_of(chat), R"(input: {version: '4.2'}
mocks: {tell: {status: 200, latency: PT1S}}
expect:
  output: {channel: slack, status: 200}
  duration: PT1S
  calls: {tell: [{channel: slack, url: null, text: Version 4.2 is out.}]})")
             == "");
  BOOST_TEST(wrong(made_of(mail),
                   R"(input: {to: [ann@x.test, Bob <bob@x.test>], subject: Hi}
mocks: {tell: {}}
expect:
  output: {channel: email, status: 250}
  calls: {tell: {kind: notify, to: [ann@x.test, Bob <bob@x.test>], subject: Hi, text: hello}})")
             == "");
  BOOST_TEST(wrong(made_of(hook), R"(input: {a: 1}
mocks: {tell: {output: {channel: webhook, status: 204}}}
expect:
  output: {channel: webhook, status: 204}
  calls: {tell: {url: 'https://x.test/in', body: {a: 1}, secret: null}})")
             == ""); // The key is none of what is sent.
}

BOOST_AUTO_TEST_CASE(a_message_that_is_not_the_expected_one_is_shown) {
  BOOST_TEST(wrong(made_of(hook), R"(input: {a: 1}
mocks: {tell: {}}
expect: {calls: {tell: [{body: {a: 2}}]}})")
             == "calls/do/0/tell/0/body/a: 2 | 1");
  const auto twice = tried(made_of(hook), R"(input: {a: 1}
mocks: {tell: {}}
expect: {calls: {tell: [{}, {}]}})");
  BOOST_TEST(wrong(twice).find("calls/do/0/tell: 2 calls | 1 calls: [{") == 0U);
}

BOOST_AUTO_TEST_CASE(a_message_fails_as_a_real_one) {
  BOOST_TEST(wrong(made_of(chat), R"(input: {version: '4.2'}
mocks: {tell: [{status: 429, headers: {Retry-After: 30}}, {failure: no route}, {status: 200}]}
expect:
  attempts: {tell: 3}
  duration: PT35S
  calls: {tell: [{attempt: 1, after: PT0S}, {attempt: 2, after: PT0.5M}, {after: PT35S}]})")
             == "");
  BOOST_TEST(wrong(made_of(hook), R"(mocks: {tell: {status: 410, body: gone}}
expect: {status: faulted, error: {type: communication, status: 410, instance: /do/0/tell}})")
             == "");
  BOOST_TEST(wrong(made_of(mail), R"(input: {to: ann@x.test, subject: Hi}
mocks: {tell: {error: {type: configuration, detail: no server}}}
expect: {status: faulted, error: {type: configuration, detail: no server}})")
             == "");
}

BOOST_AUTO_TEST_CASE(what_no_channel_takes_is_an_error_as_in_the_daemon) {
  const auto comes_to = [](const char* of, const char* input) {
    const auto came = tried(
      made_of(of), std::string{"mocks: {tell: {}}\ninput: "} + input + "\n");
    return came.came.status == "faulted"
             ? std::string{came.came.error.at("detail").as_string()}
             : came.came.status;
  };
  BOOST_TEST(comes_to(mail, "{to: [], subject: a}") == "`to`: names nobody");
  BOOST_TEST(comes_to(mail, "{subject: a}") == "`to`: names nobody");
  BOOST_TEST(comes_to(mail, "{to: ann, subject: a}")
             == "`to`: 'ann' is no mail address; several stand in a list");
  BOOST_TEST(comes_to(mail, "{to: a@b.test, subject: 7}")
             == "`subject`: must be text");
  BOOST_TEST(comes_to(mail, "{to: a@b.test, subject: a}") == "completed");
  BOOST_TEST(comes_to(hook, "{a: 1}") == "completed");
  const auto teams = R"(do:
- tell: {call: notify, with: {channel: teams, url: 'http://x.test/', text: '${ .text }', title: '${ .title }'}}
)";
  BOOST_TEST(comes_to(teams, "{}") == "`text` is missing");
  BOOST_TEST(comes_to(teams, "{text: [a]}") == "`text` must yield text");
  BOOST_TEST(comes_to(teams, "{text: a, title: 1}")
             == "`title` must yield text");
  BOOST_TEST(comes_to(teams, "{text: a}") == "completed");
}

BOOST_AUTO_TEST_CASE(a_message_without_a_mock_is_named) {
  const auto out = tried(made_of(hook), "input: {a: 1}");
  BOOST_TEST(out.trouble
             == "/do/0/tell (call notify) has no mock. It would do: webhook "
                "https://x.test/in\nWrite one:\n  mocks:\n    tell: {status: "
                "200}");
}

BOOST_AUTO_TEST_CASE(a_dry_run_tells_what_would_be_told) {
  trial::terms by;
  by.input = json::object{{"version", "7"}};
  const auto came = trial::rehearse(made_of(chat), by, {}, no_helper);
  BOOST_TEST(came.status == "completed");
  BOOST_REQUIRE_EQUAL(came.calls.size(), 1U);
  BOOST_TEST(trial::line_of(came.calls[0].what)
             == "slack (depends on secrets): Version 7 is out.");
  by.input = json::object{{"to", json::array{"a@x.test", "b@x.test"}},
                          {"subject", "Hi"}};
  const auto mailed = trial::rehearse(made_of(mail), by, {}, no_helper);
  BOOST_TEST(trial::line_of(mailed.calls.at(0).what)
             == "email to a@x.test, b@x.test: Hi");
}
