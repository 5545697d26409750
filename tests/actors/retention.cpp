#define BOOST_TEST_MODULE actors.retention
#include "actors/retention.hpp"

#include "actors/sweeper.hpp"
#include "tests/support/daemon_inside.hpp"

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;
using enum pawl::instance_status;

namespace {

constexpr auto ever = retention_rule::for_ever;

config::options::retention_options configured() {
  config::options::retention_options o;
  o.completed = 24h;
  o.namespaces = {"legal=forever", "scratch/completed=1h", "scratch=2h",
                  "scratch/faulted=3h"};
  return o;
}

/// A daemon whose sweeper does nothing by itself.
struct swept : test::daemon_inside {
  swept() {
    stop();
    chosen.retention.purge_every = std::chrono::hours{24 * 30};
    chosen.retention.tombstones = std::chrono::hours{24 * 365};
  }
  void begin() {
    start();
    define_flow("sets", "set: {x: 1}");
    define_flow("raises", "raise: {error: {type: 'https://e', status: 500}}");
    define_flow("waits", "wait: PT999H");
    define_flow("brief", "set: {x: 1}", "{retention: {completed: PT10M}}");
  }
  void define_flow(const std::string& name, const std::string& work,
                   const std::string& metadata = "{}") {
    define("document: {dsl: '1.0.3', namespace: default, name: " + name
           + ", version: '1.0.0', metadata: " + metadata + "}\ndo:\n- a: {"
           + work + "}\n");
  }
  void run(const std::string& flow, const std::string& id,
           const std::string& ends) {
    start_one({.workflow = {.ns = "default", .name = flow}, .id = id});
    BOOST_REQUIRE(reaches(id, ends));
  }
  sweep_report sweep() {
    sweeper one{inside->ctx(), false};
    return one.sweep();
  }
  errc code_of(const std::string& id) {
    return refused([&](const auto& door, auto to) {
             door.read({.which = {.id = id}}, to);
           })
      .what.code;
  }
  json::object preview(preview_retention what = {}) {
    return object_of(
      granted([&](const auto& door, auto to) { door.preview(what, to); }));
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(rules)

BOOST_AUTO_TEST_CASE(the_definition_goes_before_the_namespace_before_all) {
  const retention_rules rules{configured()};
  const retention_rule nothing;
  const retention_rule own{.completed = 5min, .faulted = {}, .cancelled = ever};
  struct {
    const char* ns;
    instance_status status;
    const retention_rule& definition;
    duration keep;
    kept_by said;
  } const table[] = {
    {"default", completed, nothing, 24h, kept_by::all},
    {"default", faulted, nothing, ever, kept_by::all},
    {"legal", completed, nothing, ever, kept_by::name_space},
    {"legal", completed, own, 5min, kept_by::definition},
    // The later entry has the last word.
    {"scratch", completed, nothing, 2h, kept_by::name_space},
    {"scratch", faulted, nothing, 3h, kept_by::name_space},
    {"scratch", faulted, own, 3h, kept_by::name_space},
    {"scratch", cancelled, own, ever, kept_by::definition},
  };
  for (const auto& row : table) {
    const auto by = rules.of(row.ns, row.status, row.definition);
    BOOST_TEST((by.keep == row.keep), row.ns);
    BOOST_TEST((by.said == row.said), row.ns);
  }
}

BOOST_AUTO_TEST_CASE(an_instance_is_over_to_the_millisecond) {
  storage::head h;
  h.status = completed;
  h.ended = from_unix_ms(1000);
  const keeping hour{1h, kept_by::all};
  BOOST_TEST(!is_over(h, hour, from_unix_ms(1000 + 3'599'999)));
  BOOST_TEST(is_over(h, hour, from_unix_ms(1000 + 3'600'000)));
  BOOST_TEST(!is_over(h, {}, timestamp::max()));
  BOOST_TEST(!is_over(h, hour, from_unix_ms(0))); // The clock was set back.
  h.status = suspended;
  BOOST_TEST(!is_over(h, hour, from_unix_ms(9'999'999)));
}

BOOST_AUTO_TEST_CASE(supposes_other_times) {
  retention_rules rules{configured()};
  rules.suppose({.completed = duration{}, .faulted = 7h, .cancelled = {}});
  BOOST_TEST((rules.for_all() == retention_rule{ever, 7h, ever}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(sweeps, swept)

BOOST_AUTO_TEST_CASE(purges_what_is_over_and_remembers_it) {
  chosen.retention.completed = 1h;
  chosen.retention.faulted = 2h;
  begin();
  for (int i = 0; i < 70; ++i)
    run("sets", "s" + std::to_string(i), "completed");
  run("raises", "f", "faulted");
  run("waits", "w", "waiting");
  run("brief", "b", "completed");
  BOOST_TEST(sweep().purged == 0U);
  clock::shift(11min);
  const auto first = sweep();
  BOOST_TEST(first.purged == 1U); // The brief one.
  BOOST_TEST(first.complete);
  BOOST_TEST(first.examined == 73U);
  BOOST_TEST((code_of("b") == errc::purged));
  clock::shift(1h);
  BOOST_TEST(sweep().purged == 70U);
  BOOST_TEST((code_of("s69") == errc::purged));
  BOOST_TEST((code_of("nobody") == errc::not_found));
  BOOST_TEST(text(get("f"), "status") == "faulted");
  clock::shift(1h);
  const auto last = sweep();
  BOOST_TEST(last.purged == 1U);
  BOOST_TEST(last.bytes > 0U);
  BOOST_TEST((code_of("f") == errc::purged));
  BOOST_TEST(text(get("w"), "status") == "waiting");
  const auto faults = storage::verify(*store).value();
  BOOST_TEST(faults.empty(), (faults.empty() ? "" : faults[0]));
  const auto told = inside->ctx().measured.text();
  BOOST_TEST(told.find("pawl_purged_instances_total 72") != std::string::npos);
  BOOST_TEST(told.find("pawl_retention_sweeps_total 4") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(keeps_everything_unless_told_otherwise) {
  begin();
  run("sets", "s", "completed");
  clock::shift(24h * 3650);
  BOOST_TEST(sweep().purged == 0U);
  BOOST_TEST(text(get("s"), "status") == "completed");
}

BOOST_AUTO_TEST_CASE(sweeps_by_itself_when_it_is_time) {
  chosen.retention.completed = 1h;
  chosen.retention.purge_every = 2h;
  begin();
  run("sets", "s", "completed");
  clock::shift(121min);
  BOOST_TEST(until([&] {
    return std::holds_alternative<refusal>(ask([&](const auto& door, auto to) {
      door.read({.which = {.id = "s"}}, to);
    }));
  }));
}

BOOST_AUTO_TEST_CASE(forgets_a_purged_id_in_time_or_when_it_is_taken) {
  chosen.retention.completed = 1h;
  chosen.retention.tombstones = std::chrono::hours{24};
  begin();
  run("sets", "s", "completed");
  clock::shift(2h);
  sweep();
  BOOST_TEST((code_of("s") == errc::purged));
  run("sets", "s", "completed"); // Allowed, as it always was.
  clock::shift(2h);
  sweep();
  clock::shift(25h);
  BOOST_TEST((code_of("s") == errc::not_found));
}

BOOST_AUTO_TEST_CASE(lets_old_records_of_the_audit_log_go_by_whole_days) {
  chosen.retention.audit = 24h;
  begin();
  const auto by = std::make_shared<access::mandate>(
    access::mandate{.who = "uid:0",
                    .action = "startInstance",
                    .sees = access::scope::all(),
                    .may = access::scope::all()});
  const auto start_by = [&](const std::string& id) {
    start_one(
      {.workflow = {.ns = "default", .name = "sets", .by = by}, .id = id});
    BOOST_REQUIRE(reaches(id, "completed"));
  };
  const auto actions = [&] {
    std::string out;
    const auto page = inside->ctx().store.read_audit({.oldest_first = true});
    for (const auto& one : page->items)
      out += one.what.action + ' ' + one.what.target + ';';
    return out;
  };
  start_by("a");
  start_by("b");
  sweep();
  BOOST_TEST(actions() == "startInstance a;startInstance b;");
  clock::shift(std::chrono::hours{48});
  start_by("c");
  sweep();
  sweep();
  BOOST_TEST(actions() == "startInstance c;pruneAudit 1-2;");
}

BOOST_AUTO_TEST_CASE(previews_by_policy_and_purges_nothing) {
  chosen.retention.completed = 1h;
  chosen.retention.namespaces = {"other=1h"};
  begin();
  for (int i = 0; i < 3; ++i)
    run("sets", "s" + std::to_string(i), "completed");
  run("brief", "b", "completed");
  run("raises", "f", "faulted");
  clock::shift(2h);
  auto seen = preview();
  BOOST_TEST(seen["complete"].as_bool());
  BOOST_TEST(seen["instances"].to_number<int>() == 4);
  BOOST_TEST(seen["examined"].to_number<int>() == 5);
  std::map<std::string, int> counted;
  for (const auto& one : seen["policies"].as_array()) {
    const auto& p = one.as_object();
    const auto name = p.at("name").is_null() ? "" : text(p, "name");
    counted[text(p, "source") + ' ' + name + ' ' + text(p, "status") + ' '
            + text(p, "keep")]
      = p.at("instances").to_number<int>();
  }
  const std::map<std::string, int> wanted{
    {"definition default/brief@1.0.0 completed PT10M", 1},
    {"namespace other completed PT1H", 0},
    {"namespace other faulted PT1H", 0},
    {"namespace other cancelled PT1H", 0},
    {"default  completed PT1H", 3},
    {"default  faulted forever", 0},
    {"default  cancelled forever", 0}};
  BOOST_TEST((counted == wanted));
  seen = preview({.completed = duration{}, .faulted = 1h, .cancelled = {}});
  BOOST_TEST(seen["instances"].to_number<int>() == 2); // `brief` and `f`.
  BOOST_TEST(text(get("s0"), "status") == "completed");
}

BOOST_AUTO_TEST_CASE(says_so_when_a_preview_is_cut) {
  chosen.retention.completed = 1h;
  begin();
  for (int i = 0; i < 6; ++i)
    run("sets", "s" + std::to_string(i), "completed");
  clock::shift(2h);
  auto& ctx = inside->ctx();
  const retention_rules rules{chosen.retention};
  auto heads = preview_of(*store, ctx.definitions, rules, clock::now(),
                          {.heads = 4, .rows = 100})
                 .value();
  BOOST_TEST(!heads["complete"].as_bool());
  BOOST_TEST(heads["instances"].to_number<int>() == 4);
  auto rows = preview_of(*store, ctx.definitions, rules, clock::now(),
                         {.heads = 100, .rows = 3})
                .value();
  BOOST_TEST(!rows["complete"].as_bool());
  BOOST_TEST(rows["instances"].to_number<int>() == 6);
}

BOOST_AUTO_TEST_SUITE_END()
