// The state table of the API, every cell that can be held still from outside,
// against a running daemon. (`pending` and `cancelling` pass too quickly; the
// machine's own table has them.)
#define BOOST_TEST_MODULE system.state_table
#include "tests/support/http_server.hpp"
#include "tests/system/daemon_fixture.hpp"

#include <boost/json/array.hpp>

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>

using namespace pawl;

namespace {

/// A target that answers only when it is let.
class slow_target {
public:
  ~slow_target() { release(); }
  void release() {
    const std::lock_guard hold{lock_};
    open_ = true;
    opened_.notify_all();
  }
  [[nodiscard]] std::string url() const { return server_.url("/"); }

private:
  std::string take() {
    std::unique_lock hold{lock_};
    opened_.wait(hold, [&] { return open_; });
    return test::http_server::answer(200, "{}");
  }
  std::mutex lock_;
  std::condition_variable opened_;
  bool open_ = false;
  test::http_server server_{
    [this](const test::http_server::request&) { return take(); }};
};

struct fixture : test::daemon_fixture {
  slow_target target;
  int next = 0;

  fixture() {
    define("call", "do: [{c: {call: http, with: {method: get, endpoint: '"
                     + target.url() + "'}}}]");
    define("wait", "do: [{w: {wait: PT1H}}]");
    define("done", "do: [{s: {set: {a: 1}}}]");
    define("fault", "do: [{r: {raise: {error: {type: 'https://pawl.test/e', "
                    "status: 400}}}}]");
  }

  // A fresh instance in the state `from`.
  std::string make(const std::string& from) {
    const auto id = from + std::to_string(++next);
    static const std::map<std::string, std::string> made_of{
      {"running", "call"},   {"waiting", "wait"},  {"suspending", "call"},
      {"suspended", "wait"}, {"faulted", "fault"}, {"completed", "done"},
      {"cancelled", "wait"}};
    BOOST_REQUIRE_EQUAL(start(made_of.at(from), id).status, 201);
    if (from.starts_with("suspend"))
      (void)post("/v1/instances/" + id + "/pause");
    if (from == "cancelled")
      (void)post("/v1/instances/" + id + "/cancel");
    BOOST_REQUIRE_MESSAGE(becomes(id, from), id << " is " << status(id));
    return id;
  }

  // Its row of the list.
  json::value listed(const std::string& id) {
    const auto page = parse_json(get("/v1/instances?limit=100").body).value();
    for (const auto& item : page.at("items").as_array())
      if (item.at("id").as_string() == id)
        return item;
    return nullptr;
  }

  test::http_answer ask(const std::string& id, const std::string& verb) {
    if (verb != "event")
      return post("/v1/instances/" + id + "/" + verb);
    return post("/v1/instances/" + id + "/events",
                R"({"specversion":"1.0","id":"1","source":"s","type":"t"})");
  }
};

enum class cell : std::uint8_t { granted, nothing_to_do, refused };

struct row {
  const char* from;
  std::array<cell, 8> cells; ///< As in `verbs`.
};

constexpr auto yes = cell::granted;
constexpr auto noop = cell::nothing_to_do;
constexpr auto no = cell::refused;

constexpr std::array<const char*, 8> verbs{
  "pause", "resume", "cancel", "retry", "event", "skip", "complete", "fail"};
constexpr std::array<row, 7> table{{
  {"running", {yes, noop, yes, no, yes, no, no, no}},
  {"waiting", {yes, noop, yes, no, yes, yes, yes, yes}},
  {"suspending", {noop, yes, yes, no, yes, no, no, no}},
  {"suspended", {noop, yes, yes, no, yes, yes, yes, yes}},
  {"faulted", {no, no, yes, yes, no, yes, no, no}},
  {"completed", {no, no, noop, no, no, no, no, no}},
  {"cancelled", {no, no, noop, no, no, no, no, no}},
}};

bool lists(const json::value& actions, const std::string& verb) {
  for (const auto& a : actions.as_array())
    if (a.at("name").as_string() == verb)
      return true;
  return false;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(state_table, fixture)

BOOST_AUTO_TEST_CASE(every_cell_answers_as_the_table_says) {
  for (const auto& r : table)
    for (std::size_t v = 0; v < verbs.size(); ++v) {
      const auto id = make(r.from);
      const auto before = instance(id);
      const auto answer = ask(id, verbs.at(v));
      const auto after = instance(id);
      BOOST_TEST_CONTEXT(verbs.at(v) << " of an instance that is " << r.from
                                     << ": " << answer.body) {
        switch (r.cells.at(v)) {
        case cell::granted:
          BOOST_TEST((answer.status == 200 || answer.status == 202));
          BOOST_TEST(after.at("sequence").as_int64()
                     > before.at("sequence").as_int64());
          break;
        case cell::nothing_to_do:
          // A 200 that writes nothing, or a 202 while it is still under way.
          BOOST_TEST((answer.status == 200 || answer.status == 202));
          BOOST_TEST(after.at("sequence").as_int64()
                     == before.at("sequence").as_int64());
          break;
        case cell::refused: {
          BOOST_REQUIRE_EQUAL(answer.status, 409);
          BOOST_TEST(answer.field("content-type")
                     == "application/problem+json");
          const auto problem = parse_json(answer.body).value();
          BOOST_TEST(problem.at("code").as_string() == "invalid-state");
          BOOST_TEST(problem.at("from").as_string() == r.from);
          BOOST_TEST(problem.at("allowed").is_array());
          BOOST_TEST(problem.at("allowedActions").is_array());
          BOOST_TEST(after.at("sequence").as_int64()
                     == before.at("sequence").as_int64());
        }
        }
      }
    }
}

BOOST_AUTO_TEST_CASE(allowed_actions_are_what_would_move_it) {
  for (const auto& r : table) {
    const auto id = make(r.from);
    const auto shown = instance(id);
    BOOST_TEST(listed(id).at("allowedActions") == shown.at("allowedActions"));
    for (std::size_t v = 0; v < verbs.size(); ++v)
      BOOST_TEST(lists(shown.at("allowedActions"), verbs.at(v))
                   == (r.cells.at(v) == cell::granted),
                 verbs.at(v) << " of an instance that is " << r.from);
  }
}

BOOST_AUTO_TEST_CASE(a_list_tells_which_events_are_awaited) {
  define("hear", "do: [{h: {listen: {to: {one: {with: {type: answered}}}}}}]");
  BOOST_REQUIRE_EQUAL(start("hear", "hear1").status, 201);
  BOOST_REQUIRE(becomes("hear1", "waiting"));
  const auto actions = listed("hear1").at("allowedActions");
  BOOST_TEST(actions == instance("hear1").at("allowedActions"));
  BOOST_TEST(actions.as_array().back().at("type").as_string() == "answered");
}

BOOST_AUTO_TEST_CASE(a_draining_pause_ends_when_the_call_is_answered) {
  const auto id = make("suspending");
  target.release();
  BOOST_TEST(becomes(id, "suspended"));
  BOOST_TEST(post("/v1/instances/" + id + "/resume").status == 200);
  BOOST_TEST(becomes(id, "completed"));
}

BOOST_AUTO_TEST_CASE(a_cancel_gives_the_call_up) {
  const auto id = make("running");
  const auto answer = post("/v1/instances/" + id + "/cancel");
  BOOST_TEST((answer.status == 200 || answer.status == 202));
  BOOST_TEST(becomes(id, "cancelled"));
}

BOOST_AUTO_TEST_SUITE_END()
