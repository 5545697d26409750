#define BOOST_TEST_MODULE workflow.parse_late

#include "tests/support/definitions.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::test;

namespace {

const late_expression& late_of(const dynamic_value& value) {
  return std::get<late_expression>(value.form);
}

} // namespace

BOOST_AUTO_TEST_CASE(leaves_expressions_over_secrets_to_the_worker) {
  const auto made = parsed(R"(
  - a:
      call: http
      with:
        method: post
        endpoint: ${ "https://x/" + $secrets.path }
        headers: {Authorization: '${ $authorization.scheme }', X: '${ .x }'}
        body: [{deep: '${ $secrets.key + .x }'}]
  - b: {run: {shell: {command: x, environment: {K: '${ $secrets.key }'}}}}
)",
                           "use: {secrets: [key, path]}\n");
  BOOST_TEST((made->secrets == std::vector<std::string>{"key", "path"}));
  const auto& a = as<tasks::call_http>(*made);
  BOOST_TEST(late_of(a.where.uri).place == "/do/0/a/with/endpoint");
  BOOST_TEST(late_of(member(*a.headers, "Authorization")).place
             == "/do/0/a/with/headers/Authorization");
  BOOST_TEST(program_text(member(*a.headers, "X")) == " .x ");
  const auto& body = std::get<dynamic_value::array>(a.body->form);
  BOOST_TEST(late_of(member(body.at(0), "deep")).place
             == "/do/0/a/with/body/0/deep");
  BOOST_TEST(made->late.size() == 4U);
  BOOST_TEST(made->late.at("/do/1/b/run/shell/environment/K")->text()
             == " $secrets.key ");
  BOOST_TEST(made->native_count == 5U);
}

BOOST_AUTO_TEST_CASE(keeps_secrets_out_of_all_that_is_kept) {
  constexpr std::string_view why = "the variable $secrets can only be used";
  constexpr row rows[] = {
    {"use: {secrets: [k]}\ndo: [{a: {set: {x: '${ $secrets.k }'}}}]",
     "/do/0/a/set/x", 3, 20, why},
    {"use: {secrets: [k]}\ndo: [{a: {if: $secrets.k, wait: PT1S}}]",
     "/do/0/a/if", 3, 15, why},
    {"use: {secrets: [k]}\ndo: [{a: {wait: PT1S, output: {as: $secrets.k}}}]",
     "/do/0/a/output/as", 3, 36, why},
    {"use: {secrets: [k]}\ninput: {from: $secrets.k}\ndo: []", "/input/from", 3,
     15, why},
    {"use: {secrets: [k]}\ndo: [{a: {emit: {event: {with: {type: t, "
     "data: '${ $secrets.k }'}}}}}]",
     "/do/0/a/emit/event/with/data", 3, 48, why},
    {"use: {secrets: [k]}\ndo: [{a: {call: log, with: {message: "
     "'${ $secrets.k }'}}}]",
     "/do/0/a/with/message", 3, 38, why},
    {"use: {secrets: [k], functions: {f: {wait: PT1S}}}\ndo: [{a: {call: f, "
     "with: {x: '${ $secrets.k }'}}}]",
     "/do/0/a/with/x", 3, 30, why},
    {"use: {secrets: [k]}\ndo: [{a: {run: {workflow: {namespace: n, name: w, "
     "version: latest, input: {x: '${ $secrets.k }'}}}}}]",
     "/do/0/a/run/workflow/input/x", 3, 79, why},
    {"do: [{a: {wait: PT1S, output: {as: $authorization}}}]",
     "/do/0/a/output/as", 2, 36, "the variable $authorization can only"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_expressions_over_secrets) {
  constexpr row rows[] = {
    {"use: {secrets: [key]}\ndo: [{a: {run: {shell: {command: "
     "'${ $secrets.kye }'}}}}]",
     "/do/0/a/run/shell/command", 3, 34,
     "'use.secrets' has no 'kye'. Did you mean 'key'?"},
    {"use: {secrets: [key]}\ndo: [{a: {run: {shell: {command: "
     "'${ $secrets.key | repeat(.) }'}}}}]",
     "/do/0/a/run/shell/command", 3, 34,
     "an expression over $secrets or $authorization must be one that Pawl"},
    {"use: {secrets: [a, a]}\ndo: []", "/use/secrets/1", 2, 20,
     "the secret 'a' is in this list already"},
    {"use: {secrets: a}\ndo: []", "/use/secrets", 2, 16,
     "'use.secrets' must be a list"},
    {"use: {authentications: {a: {basic: {use: b}}}}\ndo: []",
     "/use/authentications/a/basic/use", 2, 42, "'use.secrets' has no 'b'."},
    {"use: {catalogs: {c: {endpoint: {uri: 'https://x', authentication: "
     "{basic: {use: '${ .b }'}}}}}}\ndo: []",
     "/use/catalogs/c/endpoint/authentication/basic/use", 2, 81,
     "the secret's name is needed here, not an expression"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(reads_all_kinds_of_authentication) {
  const auto made = parsed("  []", R"(use:
  secrets: [s]
  authentications:
    a: {basic: {username: u, password: '${ $secrets.s }'}}
    b: {bearer: {token: '${ .token }'}}
    c: {digest: {use: s}}
)");
  BOOST_TEST(made->late.count("/use/authentications/a/basic/password") == 1U);
  const auto with = [](std::string_view policy) {
    const auto it = parsed("  - a: {call: http, with: {method: get, endpoint: "
                           "{uri: 'https://x', authentication: "
                             + std::string{policy} + "}}}\n",
                           "use: {secrets: [s], authentications: {me: {basic: "
                           "{username: u, password: p}}}}\n");
    return *as<tasks::call_http>(*it).where.access;
  };
  using scheme = authentication::scheme_kind;
  BOOST_TEST((with("{use: me}").scheme == scheme::basic));
  BOOST_TEST(with("{digest: {use: s}}").secret == "s");
  BOOST_TEST((with("{digest: {use: s}}").scheme == scheme::digest));
  const auto named = with("{oauth2: {use: '${ .secret }'}}");
  BOOST_TEST(named.secret.empty());
  BOOST_TEST(program_text(member(named.with, "use")) == " .secret ");
  BOOST_TEST(
    program_text(member(with("{bearer: {token: '${ .t }'}}").with, "token"))
    == " .t ");
  const auto oauth2 = with(R"({oauth2: {authority: 'https://x', grant: password,
    endpoints: {token: /t}, client: {id: i, secret: '${ $secrets.s }',
    authentication: none}, request: {encoding: application/json},
    scopes: [a], username: u, password: p,
    subject: {token: t, type: u}}})");
  BOOST_TEST((oauth2.scheme == scheme::oauth2));
  BOOST_TEST(constant_text(member(oauth2.with, "grant")) == R"("password")");
  BOOST_TEST(late_of(member(member(oauth2.with, "client"), "secret")).place
             == "/do/0/a/with/endpoint/authentication/oauth2/client/secret");
  BOOST_TEST(
    (with("{oidc: {authority: 'https://x', grant: refresh_token}}").scheme
     == scheme::oidc));
}

BOOST_AUTO_TEST_CASE(finds_faults_of_authentications) {
  const auto begin = std::string{"use: {authentications: {me: {basic: {use: "
                                 "s}}}, secrets: [s]}\n"};
  const auto check_one = [&](std::string_view policy, std::string_view pointer,
                             std::string_view begins) {
    const auto got = parse_definition(
      std::string{header} + begin
      + "do: [{a: {call: http, with: {method: get, endpoint: {uri: "
        "'https://x', authentication: "
      + std::string{policy} + "}}}}]");
    BOOST_TEST_CONTEXT(policy) {
      BOOST_TEST_REQUIRE(!got);
      const auto why = got.error();
      BOOST_TEST(why.faults.at(0).pointer
                 == "/do/0/a/with/endpoint/authentication"
                      + std::string{pointer});
      BOOST_TEST(why.faults[0].detail.starts_with(begins),
                 why.faults[0].detail);
    }
  };
  check_one("{use: mee}", "/use",
            "'use.authentications' has no 'mee'. Did you mean 'me'?");
  check_one("{}", "", "an authentication needs exactly one of 'basic',");
  check_one("{basic: {use: s}, bearer: {use: s}}", "",
            "an authentication needs exactly one of");
  check_one("{basic: {username: u}}", "/basic", "'basic' needs 'password'");
  check_one("{basic: {use: s, username: u}}", "/basic/username",
            "'basic' has no member 'username'");
  check_one("{bearer: {token: 5}}", "/bearer/token", "text, or an expression");
  check_one("{oauth2: {authority: 'https://x'}}", "/oauth2",
            "'oauth2' needs 'grant'");
  check_one("{oauth2: {authority: '${ .x }', grant: password}}",
            "/oauth2/authority", "the authority is a URI");
  check_one("{oidc: {authority: 'https://x', grant: pasword}}", "/oidc/grant",
            "'pasword' is not one of");
  check_one("{oidc: {authority: 'https://x', grant: password, endpoints: {}}}",
            "/oidc/endpoints", "'oidc' has no member 'endpoints'");
  check_one("{bearer: {token: '${ $authorization }'}}", "/bearer/token",
            "the variable $authorization can only be used");
  // The name of a secret is kept.
  check_one("{bearer: {use: '${ $secrets.s }'}}", "/bearer/use",
            "the variable $secrets can only be used");
  check_one("{bearer: {use: 5}}", "/bearer/use", "text is needed");
}

BOOST_AUTO_TEST_CASE(tries_every_text_in_the_mode_loose) {
  const auto made = parsed(R"(
  - a: {set: {expression: .x + 1, text: Hello there, number: '5', braced: '${ .y }'}}
  - b: {call: http, with: {method: get, endpoint: 'https://x', body: $secrets.s,
        headers: {A: .x, B: $secrets.s}}}
  - c: {run: {shell: {command: now, stdin: now}}}
)",
                           "evaluate: {mode: loose}\nuse: {secrets: [s]}\n");
  const auto& value = as<tasks::set>(*made).value;
  const auto& loose
    = std::get<loose_expression>(member(value, "expression").form);
  BOOST_TEST(loose.program->text() == ".x + 1");
  BOOST_TEST(to_text(*loose.literal) == R"(".x + 1")");
  BOOST_TEST(constant_text(member(value, "text")) == R"("Hello there")");
  BOOST_TEST(
    std::holds_alternative<loose_expression>(member(value, "number").form));
  BOOST_TEST(program_text(member(value, "braced")) == " .y ");
  const auto& b = as<tasks::call_http>(*made, 1);
  BOOST_TEST(constant_text(b.where.uri) == R"("https://x")");
  BOOST_TEST(late_of(*b.body).place == "/do/1/b/with/body");
  BOOST_TEST(late_of(member(*b.headers, "B")).place
             == "/do/1/b/with/headers/B");
  const auto& c = as<tasks::run_program>(*made, 2).with;
  BOOST_TEST(constant_text(member(c, "command")) == R"("now")");
  BOOST_TEST(std::holds_alternative<loose_expression>(member(c, "stdin").form));
}

BOOST_AUTO_TEST_CASE(takes_what_a_place_does_not_have_as_text_when_loose) {
  const auto made
    = parsed("  - a: {set: {a: $secrets.s, b: $output, c: ' $input'}}\n",
             "evaluate: {mode: loose}\n");
  const auto& value = as<tasks::set>(*made).value;
  BOOST_TEST(constant_text(member(value, "a")) == R"("$secrets.s")");
  BOOST_TEST(constant_text(member(value, "b")) == R"("$output")");
  BOOST_TEST(std::holds_alternative<loose_expression>(member(value, "c").form));
}

BOOST_AUTO_TEST_CASE(evaluates_no_text_of_an_authentication_when_loose) {
  const auto made = parsed("  []", R"(evaluate: {mode: loose}
use: {authentications: {a: {basic: {username: now, password: '5'}}}}
)");
  BOOST_TEST(made->native_count == 0U);
}
