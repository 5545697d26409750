#define BOOST_TEST_MODULE trial.rehearsal

#include "trial/rehearsal.hpp"

#include "tests/trial/trying.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::trying;

namespace {

const auto some = R"(do:
- early: {switch: [{yes: {when: .a == 1, then: ask}}]}
- ask: {call: http, with: {method: post, endpoint: 'http://svc.test/{a}', body: {a: 1}}}
- late: {switch: [{good: {when: .score > 3, then: end}}, {bad: {then: people}}]}
- people: {call: approval, with: {title: Go?}}
- hear: {listen: {to: {all: [{with: {type: a}}, {with: {type: b}}]}}}
- work: {call: worker, with: {queue: q}}
- list: {run: {shell: {command: ls}}}
- child: {run: {workflow: {namespace: t, name: other, version: 1.0.0}}}
- rest: {wait: P1D}
)";

std::string told(const trial::ending& came) {
  std::string all;
  for (const auto& step : came.path)
    if (step.is_task)
      all += step.name + (step.assumed ? "!" : "") + (step.uncertain ? "?" : "")
             + " ";
  return all + came.status;
}

trial::ending rehearsed(const std::map<std::string, datum>& given = {}) {
  trial::terms by;
  by.input = json::object{{"a", 1}};
  return trial::rehearse(made_of(some), std::move(by), given, no_helper);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_assumed_and_what_depends_on_it_is_marked) {
  const auto came = rehearsed();
  BOOST_TEST(told(came)
             == "early ask! late? people! hear! work! list! child! rest "
                "completed");
  BOOST_TEST((came.span == std::chrono::hours{24}));
}

BOOST_AUTO_TEST_CASE(what_is_given_is_not_assumed) {
  std::map<std::string, datum> given;
  const auto of = made_of(some);
  BOOST_REQUIRE(trial::give(*of, "ask", json::object{{"score", 4}}, given));
  BOOST_TEST(told(rehearsed(given)) == "early ask late completed");
  BOOST_TEST(!trial::give(*of, "late", nullptr, given));
  BOOST_TEST(!trial::give(*of, "nobody", nullptr, given));
  BOOST_TEST(!trial::give(*of, "list", json::object{}, given));
}

BOOST_AUTO_TEST_CASE(what_would_be_done_is_told) {
  std::string all;
  for (const auto& step : rehearsed().path)
    if (!step.action.empty())
      all += trial::line_of(step.action) + ";";
  BOOST_TEST(all.find("POST http://svc.test/1;asks: Go?;awaits ") == 0U, all);
  BOOST_TEST(all.find("queue q;shell: ls;workflow t/other@1.0.0;")
               != std::string::npos,
             all);
}

BOOST_AUTO_TEST_CASE(input_that_breaks_its_schema_is_refused) {
  trial::terms by;
  by.input = json::object{};
  const auto of = made_of("input: {schema: {document: {required: [a]}}}\n"
                          "do:\n- only: {set: {a: 1}}\n");
  const auto came = trial::rehearse(of, by, {}, no_helper);
  BOOST_TEST(came.status == "refused");
  BOOST_TEST(came.path.empty());
}
